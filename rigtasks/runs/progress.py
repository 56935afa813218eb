"""What a run shows of itself: the moment of the last sign, whatever of it gave one."""

import time
from collections.abc import Callable

from rigtasks.agent.process import Exit, Watcher
from rigtasks.agent.sandbox import Level, SandboxSpec
from rigtasks.agent.walls import Sandbox


class Progress:
    """Remembers when anything of a run was heard last.

    Args:
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._heard_at = monotonic()

    @property
    def silent_seconds(self) -> float:
        """Return how long nothing was heard; asked from the keeper's thread."""
        return self._monotonic() - self._heard_at

    def heard(self) -> None:
        """Note that something was heard now."""
        self._heard_at = self._monotonic()


class HeardSandbox:
    """A `Sandbox` whose every command shows progress by starting, by writing and by ending.

    Args:
        sandbox: what runs the commands.
        progress: where that is noted.
    """

    def __init__(self, sandbox: Sandbox, progress: Progress) -> None:
        self._sandbox = sandbox
        self._progress = progress

    @property
    def level(self) -> Level:
        """Return how strong its walls are."""
        return self._sandbox.level

    def clock(self) -> float:
        """Return its time in seconds."""
        return self._sandbox.clock()

    def run(
        self, argv: tuple[str, ...], *, spec: SandboxSpec, stdin: bytes, watcher: Watcher
    ) -> Exit:
        """Run a command to its end, and note what it writes as progress."""
        self._progress.heard()
        heard = _Heard(watcher, self._progress)
        try:
            return self._sandbox.run(argv, spec=spec, stdin=stdin, watcher=heard)
        finally:
            self._progress.heard()


class _Heard:
    """Passes on what a command writes, and notes that it does."""

    def __init__(self, watcher: Watcher, progress: Progress) -> None:
        self._watcher = watcher
        self._progress = progress

    def stdout(self, data: bytes) -> None:
        self._progress.heard()
        self._watcher.stdout(data)

    def stderr(self, data: bytes) -> None:
        self._progress.heard()
        self._watcher.stderr(data)

    def halt(self, elapsed: float) -> str | None:
        return self._watcher.halt(elapsed)
