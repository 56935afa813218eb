import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from rigtasks.agent.process import Exit
from rigtasks.agent.sandbox import Level, SandboxSpec, find_toolchain
from rigtasks.agent.walls import Sandbox, Walls
from rigtasks.testing.memory_sandbox import MemorySandbox, play_argv
from rigtasks.testing.plays import Play, as_shell

#: What killing may take until nothing of a command is left.
SECONDS_TO_END = 2.0


@dataclass
class Eyes:
    """A watcher that keeps what it sees and stops the command when it is told to."""

    stop_when: Callable[["Eyes"], bool] = lambda _: False
    out: bytes = b""
    err: bytes = b""
    looks: list[float] = field(default_factory=list)
    halted_at: float = 0.0

    def stdout(self, data: bytes) -> None:
        self.out += data

    def stderr(self, data: bytes) -> None:
        self.err += data

    def halt(self, elapsed: float) -> str | None:
        self.looks.append(elapsed)
        if not self.stop_when(self):
            return None
        self.halted_at = time.monotonic()
        return "seen enough"


@dataclass(frozen=True)
class Yard:
    """One kind of sandbox with a folder to work in, and short ways to use it."""

    sandbox: Sandbox
    spec: SandboxSpec
    argv: Callable[[Play], tuple[str, ...]]

    def run(
        self, *play: object, eyes: Eyes | None = None, stdin: bytes = b"", **changes: object
    ) -> tuple[Exit, Eyes]:
        """Run a play, or one shell line where the sandbox is real."""
        argv = ("/bin/sh", "-c", play[0]) if isinstance(play[0], str) else self.argv(play)  # type: ignore[arg-type]
        watcher = eyes or Eyes()
        spec = msgspec.structs.replace(self.spec, **changes)
        ended = self.sandbox.run(argv, spec=spec, stdin=stdin, watcher=watcher)
        return ended, watcher


class Life:
    """Knows whether anything lives that holds a file of the working copy open for writing."""

    def __init__(self, yard: Yard) -> None:
        path = yard.spec.workdir / "life"
        os.mkfifo(path)
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def close(self) -> None:
        os.close(self._end)

    def is_over(self, *, within: float = 0.0) -> bool:
        """Say whether the last of them has ended; the kernel closes files before a process dies."""
        deadline = time.monotonic() + within
        while True:
            left = max(0.0, deadline - time.monotonic())
            readable, _, _ = select.select([self._end], [], [], left)
            if readable and not os.read(self._end, 1):
                return True
            if not left:
                return False


def memory_yard(folder: Path) -> Yard:
    return Yard(sandbox=MemorySandbox(), spec=_spec(folder), argv=play_argv)


def real_yard(level: Level, folder: Path) -> Yard:
    return Yard(
        sandbox=Walls(level=level),
        spec=_spec(folder),
        argv=lambda play: ("/bin/sh", "-c", as_shell(play)),
    )


def _spec(folder: Path) -> SandboxSpec:
    for name in ("work", "home"):
        (folder / name).mkdir()
    tools = find_toolchain()
    return SandboxSpec(
        workdir=folder / "work",
        scratch=folder / "home",
        read_only=tools.read_only,
        env={"PATH": tools.path},
        mark=str(folder),
    )
