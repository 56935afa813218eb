"""A web server on loopback that takes webhooks and hands them over as they arrived."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

_ACCEPTED = 202


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook: its event, the value of `X-Hub-Signature-256`, and its body byte by byte."""

    event: str
    signature: str | None
    body: bytes


@contextmanager
def mailbox() -> Iterator[tuple[str, "queue.Queue[Arrived]"]]:
    """Listen, and yield the address to send to and the queue of what came."""
    arrived: queue.Queue[Arrived] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.put(
                Arrived(
                    event=self.headers["X-GitHub-Event"],
                    signature=self.headers.get("X-Hub-Signature-256"),
                    body=body,
                )
            )
            self.send_response(_ACCEPTED)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", arrived
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
