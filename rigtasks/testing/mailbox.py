"""A web server on loopback that takes webhooks and hands them over as they arrived."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

_ACCEPTED = 202


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook: event and guid, the value of `X-Hub-Signature-256`, its body byte by byte."""

    event: str
    guid: str
    signature: str | None
    body: bytes


@contextmanager
def mailbox() -> Iterator[tuple[str, "queue.Queue[Arrived]"]]:
    """Listen, and yield the address to send to and the queue of what came."""
    arrived: queue.Queue[Arrived] = queue.Queue()

    def keep(one: Arrived) -> int:
        arrived.put(one)
        return _ACCEPTED

    with listening(keep) as url:
        yield url, arrived


@contextmanager
def listening(receive: Callable[[Arrived], int]) -> Iterator[str]:
    """Listen, and yield the address to send to.

    Args:
        receive: takes what came and answers with an HTTP status; it runs in the server's threads.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receive(
                Arrived(
                    event=self.headers["X-GitHub-Event"],
                    guid=self.headers["X-GitHub-Delivery"],
                    signature=self.headers.get("X-Hub-Signature-256"),
                    body=body,
                )
            )
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
