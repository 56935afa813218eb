"""Run one of the repository's own commands in the sandbox and keep the end of what it said."""

from collections.abc import Callable

import msgspec

from rigtasks.agent.lines import Tail
from rigtasks.agent.process import Exit, run_process
from rigtasks.agent.sandbox import Level, SandboxSpec, wrap

TIMED_OUT = "timeout"
STOPPED = "stopped"
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
    script: str, *, spec: SandboxSpec, level: Level, seconds: float, stop: Callable[[], bool]
) -> CommandResult:
    """Run a shell line of the repository's configuration with an empty standard input.

    Args:
        script: the line as it stands in `.rig-agent.yaml`; only ever run inside the sandbox.
        spec: what it may touch.
        level: the walls around it.
        seconds: when it is killed.
        stop: asked about ten times a second; true kills it.
    """
    follower = _Follower(seconds, stop)
    command = wrap(("/bin/sh", "-c", script), spec=spec, level=level)
    ended = run_process(command, stdin=b"", watcher=follower)
    return CommandResult(exit=ended, output=follower.tail.text())
