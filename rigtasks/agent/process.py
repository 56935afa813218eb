"""Run one sandboxed command to its end: bounded reading, a reason to stop, no survivor."""

import os
import selectors
import subprocess
import time
from collections.abc import Callable
from typing import IO, Protocol

import msgspec

from rigtasks.agent.sandbox import Watch, WrappedCommand
from rigtasks.agent.sandbox.tree import kill_tree
from rigtasks.errors import Permanent

_CHUNK = 1 << 16
_TICK = 0.1
#: How long output may still arrive after the command itself is gone.
_DRAIN = 1.0


class Watcher(Protocol):
    """What looks at a command while it runs."""

    def stdout(self, data: bytes) -> None:
        """Take the next bytes of standard output."""

    def stderr(self, data: bytes) -> None:
        """Take the next bytes of standard error."""

    def halt(self, elapsed: float) -> str | None:
        """Say why the command must be killed now, or None; asked about ten times a second."""


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended.

    Args:
        code: its exit status; None when a signal ended it or it was halted.
        signal: the signal that ended it on its own account.
        halted: the watcher's reason when it was killed, or what it took too much of.
        seconds: from the start to the end.
        spawn_seconds: from the call to the running process.
    """

    code: int | None
    signal: int | None = None
    halted: str | None = None
    seconds: float = 0.0
    spawn_seconds: float = 0.0


def run_process(command: WrappedCommand, *, stdin: bytes, watcher: Watcher) -> Exit:
    """Start a command in a session of its own, feed it, and end all that it started.

    Must be called from a thread that outlives the command. Whatever the watcher raises ends the
    command and is passed on.

    Raises:
        Permanent: the program of the command cannot be started.
    """
    began = time.monotonic()
    try:
        process = subprocess.Popen(  # noqa: S603 - running unread commands in walls is the job
            command.argv,
            env=command.env,
            cwd=command.cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as failure:
        raise Permanent(f"{command.argv[0]} could not be started: {failure}") from failure
    spawned = time.monotonic()
    try:
        halted = _pump(process, stdin, watcher, Watch(process.pid, command.bounds))
    finally:
        kill_tree(process, command.mark)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    status = process.returncode
    return Exit(
        code=status if halted is None and status >= 0 else None,
        signal=-status if halted is None and status < 0 else None,
        halted=halted,
        seconds=time.monotonic() - began,
        spawn_seconds=spawned - began,
    )


def _pump(
    process: subprocess.Popen[bytes], stdin: bytes, watcher: Watcher, watch: Watch
) -> str | None:
    """Move bytes until both outputs are closed and the command is gone, or it must be halted."""
    began = time.monotonic()
    gone_at: float | None = None
    with selectors.DefaultSelector() as selector:
        for pipe, sink in ((process.stdout, watcher.stdout), (process.stderr, watcher.stderr)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, _Drain(pipe, sink, selector))
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            feed = _Feed(process.stdin, stdin, selector)
            selector.register(process.stdin, selectors.EVENT_WRITE, feed)
        while True:
            now = time.monotonic()
            reason = watcher.halt(now - began) or watch.excess(now)
            if reason is not None:
                return reason
            if process.poll() is not None:
                gone_at = now if gone_at is None else gone_at
            open_pipes = len(selector.get_map())
            if gone_at is not None and (open_pipes == 0 or now - gone_at > _DRAIN):
                return None
            for key, _ in selector.select(_TICK if open_pipes else _TICK / 10):
                key.data.move()


class _Drain:
    """Takes bytes from one output of the command."""

    def __init__(
        self, pipe: IO[bytes], sink: Callable[[bytes], None], selector: selectors.BaseSelector
    ) -> None:
        self._pipe = pipe
        self._sink = sink
        self._selector = selector

    def move(self) -> None:
        data = os.read(self._pipe.fileno(), _CHUNK)
        if data:
            self._sink(data)
        else:
            self._selector.unregister(self._pipe)


class _Feed:
    """Gives the command its input, and closes it at the end or when nobody reads it."""

    def __init__(self, pipe: IO[bytes], data: bytes, selector: selectors.BaseSelector) -> None:
        self._pipe = pipe
        self._pending = memoryview(data)
        self._selector = selector

    def move(self) -> None:
        try:
            written = os.write(self._pipe.fileno(), self._pending[:_CHUNK])
        except BrokenPipeError:
            written = len(self._pending)
        self._pending = self._pending[written:]
        if not self._pending:
            self._selector.unregister(self._pipe)
            self._pipe.close()
