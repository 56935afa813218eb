"""One server for both languages: Anthropic's Messages and OpenAI's Responses, as streams."""

import json
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from rigtasks.testing.models import messages, responses
from rigtasks.testing.models.script import Fail, Hang, Request, Script, Step

_LANGUAGES = {"/v1/messages": messages, "/v1/responses": responses}


class ModelServer:
    """Answers by a script on a free port of loopback; use it as a context manager.

    Args:
        script: what the model does.
    """

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self._script = script
        self._closed = threading.Event()
        self._server = _Listening(("127.0.0.1", 0), _Answering)
        self._server.model = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self) -> str:
        """Return the address without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, request: Request) -> Step:
        """Return the script's next step, after it was noted who asked."""
        self.requests.append(request)
        return self._script(request)

    def wait_closed(self) -> None:
        """Wait until the server is closed."""
        self._closed.wait()


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    model: ModelServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that were killed leave in the middle."""


class _Answering(BaseHTTPRequestHandler):
    server: _Listening

    def do_POST(self) -> None:
        """Answer one request in the language of its path."""
        path = self.path.partition("?")[0]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        language = _LANGUAGES.get(path)
        if language is None:
            self._send(404, "application/json", [b"{}"])
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = language.read(body, headers)
        step = self.server.model.answer(request)
        match step:
            case Hang():
                self.server.model.wait_closed()
            case Fail():
                self._send(step.status, "application/json", [step.body.encode()])
            case _:
                self._send(200, "text/event-stream", language.stream(step, request, body))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Log nothing; `requests` has it all."""

    def _send(self, status: int, kind: str, pieces: Iterable[bytes]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
