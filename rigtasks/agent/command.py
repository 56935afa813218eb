"""Run one of the repository's own commands in the sandbox and keep the end of what it said."""

from collections.abc import Callable

import msgspec

from rigtasks.agent.lines import Tail
from rigtasks.agent.process import Exit
from rigtasks.agent.sandbox import SandboxSpec
from rigtasks.agent.walls import Sandbox

TIMED_OUT = "timeout"
STOPPED = "stopped"
TOO_LARGE = "too large"
_TAIL = 64 * 1024
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did: its exit and the last 64 kB of both outputs together."""

    exit: Exit
    output: str

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with status 0."""
        return self.exit.code == 0

    @property
    def stopped(self) -> bool:
        """Whether it was killed because the run itself has to stop."""
        return self.exit.halted == STOPPED

    @property
    def missing(self) -> bool:
        """Whether the shell could not find or start what it was told to run."""
        return self.exit.code in {_NOT_FOUND, _NOT_EXECUTABLE}

    def describe(self) -> str:
        """Say in a few words how it ended."""
        if self.exit.halted is not None:
            return f"was killed ({self.exit.halted}) after {self.exit.seconds:.0f} s"
        if self.exit.signal is not None:
            return f"was ended by signal {self.exit.signal}"
        return f"exited with {self.exit.code}"


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """What a command wrote to standard output, whole, and the end of its standard error."""

    exit: Exit
    data: bytes
    errors: str

    @property
    def stopped(self) -> bool:
        """Whether it was killed because the run itself has to stop."""
        return self.exit.halted == STOPPED


class _Collector:
    def __init__(self, seconds: float, stop: Callable[[], bool], max_bytes: int) -> None:
        self.data = bytearray()
        self.errors = Tail(_TAIL)
        self._seconds = seconds
        self._stop = stop
        self._max_bytes = max_bytes

    def stdout(self, data: bytes) -> None:
        self.data += data

    def stderr(self, data: bytes) -> None:
        self.errors.feed(data)

    def halt(self, elapsed: float) -> str | None:
        if self._stop():
            return STOPPED
        if len(self.data) > self._max_bytes:
            return TOO_LARGE
        return TIMED_OUT if elapsed > self._seconds else None


class _Follower:
    def __init__(self, seconds: float, stop: Callable[[], bool]) -> None:
        self.tail = Tail(_TAIL)
        self._seconds = seconds
        self._stop = stop

    def stdout(self, data: bytes) -> None:
        self.tail.feed(data)

    def stderr(self, data: bytes) -> None:
        self.tail.feed(data)

    def halt(self, elapsed: float) -> str | None:
        if self._stop():
            return STOPPED
        return TIMED_OUT if elapsed > self._seconds else None


def run_shell(
    script: str, *, spec: SandboxSpec, sandbox: Sandbox, seconds: float, stop: Callable[[], bool]
) -> CommandResult:
    """Run a shell line of the repository's configuration with an empty standard input.

    Args:
        script: the line as it stands in `.rig-agent.yaml`; only ever run inside the sandbox.
        spec: what it may touch.
        sandbox: what runs it.
        seconds: when it is killed.
        stop: asked about ten times a second; true kills it.
    """
    argv = ("/bin/sh", "-c", script)
    return run_words(argv, spec=spec, sandbox=sandbox, seconds=seconds, stop=stop)


def run_words(
    argv: tuple[str, ...],
    *,
    spec: SandboxSpec,
    sandbox: Sandbox,
    seconds: float,
    stop: Callable[[], bool],
) -> CommandResult:
    """Run a command given by its words, which no shell reads, with an empty standard input."""
    follower = _Follower(seconds, stop)
    ended = sandbox.run(argv, spec=spec, stdin=b"", watcher=follower)
    return CommandResult(exit=ended, output=follower.tail.text())


def capture(
    argv: tuple[str, ...],
    *,
    stdin: bytes,
    spec: SandboxSpec,
    sandbox: Sandbox,
    seconds: float,
    max_bytes: int,
    stop: Callable[[], bool],
) -> Captured:
    """Run a command of the rig's own in the sandbox and take what it writes, up to a bound."""
    collector = _Collector(seconds, stop, max_bytes)
    ended = sandbox.run(argv, spec=spec, stdin=stdin, watcher=collector)
    if ended.halted is None and len(collector.data) > max_bytes:
        ended = msgspec.structs.replace(ended, code=None, halted=TOO_LARGE)
    return Captured(exit=ended, data=bytes(collector.data), errors=collector.errors.text())
