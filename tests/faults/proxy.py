"""A TCP proxy that behaves badly on demand: late, silent, cut, reset, or deaf to one answer."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

from rigtasks.local.ports import LOOPBACK

_CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)


class Loss(StrEnum):
    """What becomes of a connection whose answer was lost."""

    RESET = "reset"
    SILENCE = "silence"


class Proxy:
    """Passes connections on to one port, each way in a thread of its own.

    Args:
        upstream: the port behind it.
        behind: the address of that port.
        host: the address it listens on.
        port: where it listens; 0 is any free port.
    """

    def __init__(
        self, upstream: int, *, behind: str = LOOPBACK, host: str = LOOPBACK, port: int = 0
    ) -> None:
        self.upstream = (behind, upstream)
        self.injected = 0
        self._server = socket.create_server((host, port))
        self.port: int = self._server.getsockname()[1]
        self._links: set[_Link] = set()
        self._lock = threading.Lock()
        self._open = threading.Event()
        self._open.set()
        self.latency = 0.0
        self._refusing = False
        self._deaf: dict[bytes, int] = {}
        self._loss = Loss.RESET
        self._most_bytes: int | None = None
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._open.set()
        for link in self._all():
            link.reset()

    def reset(self) -> int:
        """Answer every open connection with a reset, as a firewall that forgot does."""
        links = self._all()
        for link in links:
            link.reset()
        self.injected += len(links)
        return len(links)

    def half_close(self) -> int:
        """Tell every client that nothing more will come, and still take what it sends."""
        links = self._all()
        for link in links:
            link.half_close()
        self.injected += len(links)
        return len(links)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Reset whatever is open and whoever comes, meanwhile."""
        self._refusing = True
        self.reset()
        try:
            yield
        finally:
            self._refusing = False

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Pass nothing on meanwhile and say nothing about it; afterwards what was held goes on."""
        self._open.clear()
        self.injected += 1
        try:
            yield
        finally:
            self._open.set()

    @contextmanager
    def late(self, seconds: float) -> Iterator[None]:
        """Hold each piece of data back for some seconds, meanwhile."""
        self.latency = seconds
        self.injected += 1
        try:
            yield
        finally:
            self.latency = 0.0

    @contextmanager
    def deaf(self, to: Mapping[bytes, int], loss: Loss) -> Iterator[None]:
        """Deliver the first so many requests that contain one of these words, lose the answers."""
        self._deaf, self._loss = dict(to), loss
        try:
            yield
        finally:
            self._deaf = {}

    @contextmanager
    def cutting_after(self, answered: int) -> Iterator[None]:
        """Reset each connection once so many bytes were answered on it, meanwhile."""
        self._most_bytes = answered
        try:
            yield
        finally:
            self._most_bytes = None

    def loses_answer_to(self, request: bytes) -> Loss | None:
        """Say what becomes of the connection of this request; None when it is not struck."""
        with self._lock:
            meant = (words for words, left in self._deaf.items() if left and words in request)
            words = next(meant, None)
            if words is None:
                return None
            self._deaf[words] -= 1
            self.injected += 1
            return self._loss

    def is_spent(self, answered: int) -> bool:
        """Say whether a connection has answered as much as it may."""
        spent = self._most_bytes is not None and answered > self._most_bytes
        if spent:
            self.injected += 1
        return spent

    def hold(self) -> None:
        """Return when data may go on."""
        self._open.wait()
        if self.latency:
            time.sleep(self.latency)

    def forget(self, link: "_Link") -> None:
        """Drop a connection that ended."""
        with self._lock:
            self._links.discard(link)

    def _all(self) -> "list[_Link]":
        with self._lock:
            return list(self._links)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self._refusing:
                _reset(client)
                continue
            try:
                server = socket.create_connection(self.upstream, timeout=5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            link = _Link(self, client, server)
            with self._lock:
                self._links.add(link)
            link.start()


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._loss: Loss | None = None
        self._answered = 0
        self._ended = threading.Semaphore(1)

    def start(self) -> None:
        for name, pump in (("up", self._up), ("down", self._down)):
            threading.Thread(target=self._run, args=(pump,), name=name, daemon=True).start()

    def _run(self, pump: Callable[[], None]) -> None:
        try:
            pump()
        except OSError:
            if self._loss is not Loss.SILENCE:
                self.reset()
        if not self._ended.acquire(blocking=False):  # both ways have ended
            for end in (self._client, self._server):
                end.close()
            self._proxy.forget(self)

    def reset(self) -> None:
        for end in (self._client, self._server):
            _reset(end)
        self._proxy.forget(self)

    def half_close(self) -> None:
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)

    def _up(self) -> None:
        while data := self._client.recv(_CHUNK):
            self._proxy.hold()
            self._loss = self._loss or self._proxy.loses_answer_to(data)
            self._server.sendall(data)
        self._server.shutdown(socket.SHUT_WR)

    def _down(self) -> None:
        while data := self._server.recv(_CHUNK):
            self._proxy.hold()
            if self._loss is Loss.SILENCE:
                continue
            self._answered += len(data)
            if self._loss is Loss.RESET or self._proxy.is_spent(self._answered):
                self.reset()
                return
            self._client.sendall(data)
        if self._loss is None:
            self._client.shutdown(socket.SHUT_WR)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RD)  # wakes the thread that reads here
    with suppress(OSError):
        end.close()
