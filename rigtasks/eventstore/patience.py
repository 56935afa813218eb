"""Wait for Postgres no longer than it may take: what hangs below the server's own timeouts.

A server gives a statement up by itself, but not one whose commit waits for a dead disk, and nothing
can be heard of one behind a network that swallows packets. libpq then waits for ever. One thread
per process looks at what is under way and shuts the connection of whatever takes too long: libpq
sees a broken connection, and whether a write took effect is unknown, as after any break.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2.extensions

_LOOK_SECONDS = 1.0


class _Watch:
    """What is under way in one process, by the moment at which no answer will come any more."""

    def __init__(self) -> None:
        self._waiting: dict[object, tuple[float, psycopg2.extensions.connection]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, raw: psycopg2.extensions.connection, seconds: float) -> object:
        if self._thread is None:
            self._start()
        call = object()
        self._waiting[call] = (time.monotonic() + seconds, raw)
        return call

    def end(self, call: object) -> None:
        with self._lock:  # not while its connection is being shut: the number may be another's next
            del self._waiting[call]

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="patience", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            with self._lock:
                for until, raw in list(self._waiting.values()):
                    if until < now and not raw.closed:
                        _shut(raw)


_watch = _Watch()


def _forget() -> None:
    """Begin anew in a forked process: it has none of its parent's threads."""
    global _watch  # noqa: PLW0603 - one watch per process
    _watch = _Watch()


os.register_at_fork(after_in_child=_forget)


@contextmanager
def patiently(raw: psycopg2.extensions.connection, seconds: float) -> Iterator[None]:
    """Break a connection that leaves its caller waiting for longer than this.

    Raises:
        psycopg2.OperationalError: from whatever waited on the connection.
    """
    watch = _watch
    call = watch.begin(raw, seconds)
    try:
        yield
    finally:
        watch.end(call)


def _shut(raw: psycopg2.extensions.connection) -> None:
    """Shut the socket below a connection; whoever waits for it finds it broken."""
    with socket.socket(fileno=os.dup(raw.fileno())) as below:
        try:
            below.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it broke by itself just now
