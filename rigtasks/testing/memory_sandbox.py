"""A sandbox without processes: it carries out plays, on a clock of its own that never waits."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from rigtasks.agent.process import Exit, Watcher
from rigtasks.agent.sandbox import Level, SandboxSpec
from rigtasks.agent.sandbox.spec import environment, start_directory
from rigtasks.errors import Permanent
from rigtasks.testing.plays import (
    AnyAct,
    End,
    Err,
    KeepInput,
    Out,
    Play,
    Repeat,
    Show,
    Wait,
    Write,
)

_PROGRAM = "play"
_TICK = 0.1
_ACTS = msgspec.json.Decoder(tuple[AnyAct, ...])


def play_argv(play: Play) -> tuple[str, ...]:
    """Return the command that a `MemorySandbox` takes for a play."""
    return (_PROGRAM, msgspec.json.encode(play).decode())


class MemorySandbox:
    """Carries out the commands of `play_argv` and no others; only their files are real."""

    def __init__(self) -> None:
        self.level = Level.NONE
        self._now = 0.0

    def clock(self) -> float:
        """Return the seconds that plays have waited so far."""
        return self._now

    def run(
        self, argv: tuple[str, ...], *, spec: SandboxSpec, stdin: bytes, watcher: Watcher
    ) -> Exit:
        """Carry a play out to its end, or until the watcher says why not.

        Raises:
            Permanent: the command is no play, or the spec does not fit.
        """
        if argv[:1] != (_PROGRAM,):
            raise Permanent(f"{argv[0]} could not be started: only plays can be, in memory")
        if spec.scratch is None:
            raise Permanent("isolation level none needs a scratch directory to use as HOME")
        began = self._now
        actor = _Actor(Path(start_directory(spec, self.level)), spec, stdin, watcher)
        code = 0
        for act in _flat(_ACTS.decode(argv[1])):
            if isinstance(act, End):
                code = act.code
                break
            for seconds in _steps(act):
                halted = watcher.halt(self._now - began)
                if halted is not None:
                    return Exit(code=None, halted=halted, seconds=self._now - began)
                self._now += seconds
            actor.perform(act)
        halted = watcher.halt(self._now - began)
        return Exit(code=code if halted is None else None, halted=halted, seconds=self._now - began)


class _Actor:
    def __init__(self, folder: Path, spec: SandboxSpec, stdin: bytes, watcher: Watcher) -> None:
        home = start_directory(msgspec.structs.replace(spec, cwd="."), Level.NONE)
        self._folder = folder
        self._env = environment(spec, home, home)
        self._stdin = stdin
        self._watcher = watcher

    def perform(self, act: AnyAct) -> None:
        match act:
            case Out(data=data):
                self._watcher.stdout(data)
            case Err(data=data):
                self._watcher.stderr(data)
            case Write(path=path, text=text):
                (self._folder / path).write_text(text)
            case KeepInput(path=path):
                (self._folder / path).write_bytes(self._stdin)
                self._stdin = b""
            case Show(variable=variable):
                self._watcher.stdout(f"{self._env.get(variable, '')}\n".encode())
            case _:
                pass


def _flat(play: Play) -> Iterator[AnyAct]:
    for act in play:
        if isinstance(act, Repeat):
            for _ in range(act.times):
                yield from _flat(act.acts)
        else:
            yield act


def _steps(act: AnyAct) -> Iterator[float]:
    """Yield the seconds between two looks of the watcher."""
    left = act.seconds if isinstance(act, Wait) else 0.0
    while left > _TICK:
        yield _TICK
        left -= _TICK
    yield left
