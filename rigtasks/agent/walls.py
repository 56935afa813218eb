"""What runs the commands of a run: the seam between what the rig wants and real processes."""

import time
from typing import Protocol

import msgspec

from rigtasks.agent.process import Exit, Watcher, run_process
from rigtasks.agent.sandbox import Level, SandboxSpec, wrap


class Sandbox(Protocol):
    """Runs one command after the other, and leaves nothing of any."""

    @property
    def level(self) -> Level:
        """Return how strong its walls are."""

    def clock(self) -> float:
        """Return its time in seconds; only differences mean something."""

    def run(
        self, argv: tuple[str, ...], *, spec: SandboxSpec, stdin: bytes, watcher: Watcher
    ) -> Exit:
        """Run a command to its end, or kill it; all that it started ends with it.

        Nothing of a command that was killed is left when this returns. What a command left behind
        that ended by itself is being killed then, and gone within two seconds. The watcher is
        given what the command writes, in order; whatever it raises ends the command and is passed
        on.

        Raises:
            Permanent: the spec does not fit, or what the level needs is missing.
        """


class Walls(msgspec.Struct, frozen=True, kw_only=True):
    """Real processes behind the walls of a level."""

    level: Level

    def clock(self) -> float:
        """Return the machine's monotonic time."""
        return time.monotonic()

    def run(
        self, argv: tuple[str, ...], *, spec: SandboxSpec, stdin: bytes, watcher: Watcher
    ) -> Exit:
        """Start the command and watch it; call it from a thread that outlives the command."""
        command = wrap(argv, spec=spec, level=self.level)
        return run_process(command, stdin=stdin, watcher=watcher)
