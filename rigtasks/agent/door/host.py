"""Listen on a socket of the file system, and pass what a sandbox asks on to the model."""

import http.client
import socketserver
import ssl
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec

from rigtasks.agent.door.upstream import Upstream

_INSIDE = Path(__file__).with_name("inside.py")
_LARGEST_REQUEST = 64 << 20
_CHUNK = 1 << 16
#: Longer than a model thinks; the agent's own timers end a call that is silent.
_PATIENCE = 900.0
#: The door decides about these; the sandbox's own keys and cookies go nowhere.
_NOT_PASSED_ON = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-api-key",
    }
)
_NOT_GIVEN_BACK = frozenset(
    {"connection", "content-length", "keep-alive", "set-cookie", "trailer", "transfer-encoding"}
)


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """An open door: the socket on the host, and the program that leads to it from inside."""

    socket: Path

    @property
    def read_only(self) -> tuple[Path, ...]:
        """Return what a sandbox must be shown."""
        return (self.socket, _INSIDE)

    def through(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Return a command whose `{model_url}` leads to this door."""
        return (sys.executable, "-I", "-S", str(_INSIDE), str(self.socket), *argv)


@contextmanager
def model_door(upstream: Upstream) -> Iterator[Door]:
    """Keep the way to a model open; nobody but this user can reach its socket."""
    with tempfile.TemporaryDirectory(prefix="rig-model-") as folder:
        path = Path(folder) / "model.sock"
        server = _Server(str(path), _handler(upstream))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield Door(socket=path)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the command inside was told, or is gone."""


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(_Passing):
        to = upstream

    return Handler


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    to: Upstream

    def do_POST(self) -> None:
        """Pass a request on, or say why not."""
        self.close_connection = True
        path, _, _ = self.path.partition("?")
        body = self._body()  # read it even if it goes nowhere: the client hears nothing before
        if body is None:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request has no fitting length")
            return
        if path not in self.to.paths:
            self._refuse(HTTPStatus.NOT_FOUND, f"the rig passes on no requests to {path}")
            return
        connection = self._connection()
        try:
            connection.request("POST", self._target(), body=body, headers=self._headers())
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as failure:
            kind = type(failure).__name__
            self._refuse(HTTPStatus.BAD_GATEWAY, f"the model's API was not reached: {kind}")
        else:
            self._give_back(answer)
        finally:
            connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Log nothing: requests hold a repository's text."""

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST_REQUEST:
            return None
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(64).partition(b";")[0].strip(), 16)
            except ValueError:
                return None
            if size < 0 or len(body) + size > _LARGEST_REQUEST:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(64)
            if size == 0:
                return bytes(body)

    def _connection(self) -> http.client.HTTPConnection:
        address = self.to.address
        host = address.hostname or ""
        if address.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, address.port, timeout=_PATIENCE, context=context
            )
        return http.client.HTTPConnection(host, address.port, timeout=_PATIENCE)

    def _target(self) -> str:
        return self.to.address.path + self.path

    def _headers(self) -> dict[str, str]:
        own = {name.lower(): value for name, value in self.headers.items()}
        passed = {name: value for name, value in own.items() if name not in _NOT_PASSED_ON}
        return passed | self.to.headers

    def _give_back(self, answer: http.client.HTTPResponse) -> None:
        """Pass the answer back as it comes; the end of the connection is its end."""
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_GIVEN_BACK:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while data := answer.read1(_CHUNK):
            self.wfile.write(data)
            self.wfile.flush()

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        error = {"type": "error", "error": {"type": "rig_door", "message": why}}
        body = msgspec.json.encode(error)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
