"""Whatever a command of a run does is a sign of progress; being asked whether to stop is none."""

from pathlib import Path

import pytest

from rigtasks.agent.process import Exit, Watcher
from rigtasks.agent.sandbox import Bounds, Level, SandboxSpec
from rigtasks.runs.progress import HeardSandbox, Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Quiet:
    """A watcher that remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def stdout(self, data: bytes) -> None:
        self.given.append(data)

    def stderr(self, data: bytes) -> None:
        self.given.append(data)

    def halt(self, elapsed: float) -> str | None:
        return "enough" if elapsed > 1 else None


class Slow:
    """A sandbox whose command takes its time; the test says after which sign it looks."""

    level = Level.NONE

    def __init__(self, clock: Clock, progress: Progress, sign: str) -> None:
        self._clock = clock
        self._progress = progress
        self._sign = sign
        self.silent: list[float] = []

    def clock(self) -> float:
        return self._clock.now

    def run(
        self, argv: tuple[str, ...], *, spec: SandboxSpec, stdin: bytes, watcher: Watcher
    ) -> Exit:
        del argv, spec, stdin
        self._clock.now += 40.0
        self.silent.append(self._progress.silent_seconds)
        match self._sign:
            case "stdout":
                watcher.stdout(b"a line")
            case "stderr":
                watcher.stderr(b"a warning")
            case _:
                assert watcher.halt(2.0) == "enough"
        self.silent.append(self._progress.silent_seconds)
        self._clock.now += 60.0
        self.silent.append(self._progress.silent_seconds)
        return Exit(code=0)


@pytest.mark.parametrize(
    ("sign", "silent"),
    [
        ("stdout", [40.0, 0.0, 60.0]),
        ("stderr", [40.0, 0.0, 60.0]),
        ("asked to stop", [40.0, 40.0, 100.0]),
    ],
)
def test_what_a_command_writes_is_progress(tmp_path: Path, sign: str, silent: list[float]) -> None:
    clock = Clock()
    progress = Progress(clock)
    clock.now += 500.0
    assert progress.silent_seconds == 500.0
    below, watcher = Slow(clock, progress, sign), Quiet()
    sandbox = HeardSandbox(below, progress)
    spec = SandboxSpec(
        workdir=tmp_path,
        scratch=tmp_path,
        bounds=Bounds(memory_bytes=4 << 30, processes=64),
        mark="m",
    )

    ended = sandbox.run(("true",), spec=spec, stdin=b"", watcher=watcher)

    assert ended.code == 0
    assert below.silent == silent
    assert progress.silent_seconds == 0.0
    assert watcher.given == {"stdout": [b"a line"], "stderr": [b"a warning"]}.get(sign, [])
    assert (sandbox.level, sandbox.clock()) == (Level.NONE, clock.now)
