"""Answer on loopback what GitHub answered when `@octokit/fixtures` was recorded."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.serving import WSGIRequestHandler, make_server

from rigtasks.testing.material import RecordedExchange
from rigtasks.testing.rest_schemas import operation_of

API = "https://api.github.com"
_WEIGHED = {"content-length", "connection", "content-encoding", "transfer-encoding"}


def operation_name(exchange: RecordedExchange) -> str:
    """Name a call as GitHub's document does, by its address where it is gone from there."""
    method, path = exchange.method.upper(), exchange.path.partition("?")[0]
    operation = operation_of(method, path)
    return f"{method} {path}" if operation is None else operation.key


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing."""


class Replay:
    """Plays a scenario once: of the exchanges for an address, each call gets the next one."""

    def __init__(self, exchanges: Iterable[RecordedExchange]) -> None:
        self.left = [each for each in exchanges if each.scope.startswith(API)]
        self.url = ""

    def here(self, text: str) -> str:
        """Put this server where GitHub's address is."""
        return text.replace(API, self.url)

    def body(self, exchange: RecordedExchange) -> bytes:
        """Return the body of an answer as it is sent."""
        response = exchange.response
        return self.here(response if isinstance(response, str) else json.dumps(response)).encode()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        sent = environ["wsgi.input"].read(size)
        found = self._next(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"])
        if found is None:
            start("501 Not Recorded", [("Content-Type", "application/json")])
            return [b'{"message": "Not recorded"}']
        if found.body and json.loads(sent) != found.body:
            start("400 Bad Request", [("Content-Type", "application/json")])
            return [json.dumps({"message": f"recorded with {found.body}"}).encode()]
        self.left.remove(found)
        headers = [
            (name, self.here(str(value)))
            for name, value in found.headers.items()
            if name not in _WEIGHED
        ]
        start(f"{found.status} Recorded", headers)
        return [self.body(found)] if found.response != "" else []

    def _next(self, method: str, path: str, query: str) -> RecordedExchange | None:
        asked = set(parse_qsl(query))
        for each in self.left:
            recorded, _, wanted = each.path.partition("?")
            same = (each.method.upper(), recorded) == (method, path)
            if same and set(parse_qsl(wanted)) <= asked:
                return each
        return None


@contextmanager
def replayed(exchanges: Iterable[RecordedExchange]) -> Iterator[Replay]:
    replay = Replay(exchanges)
    server = make_server("127.0.0.1", 0, replay, threaded=True, request_handler=_Quiet)
    replay.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield replay
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
