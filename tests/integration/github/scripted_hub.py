"""A web server that answers each call from a script and remembers what it was asked."""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rigtasks.github.api import Api
from rigtasks.github.client import UNHURRIED, GitHub, GitHubSettings
from rigtasks.github.identities import (
    AppCredentials,
    PersonalToken,
    RepositoryRef,
    Role,
)

SHOP = RepositoryRef(id=7, full_name="octo/shop")
HEAD, BASE = "a" * 40, "b" * 40
TOKEN = "ghp_personal0123456789"

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
).decode()


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer.

    Args:
        body: JSON unless it is bytes.
        delay: seconds before the answer starts.
        hang_up: close the connection instead of answering.
        endless: never stop sending.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang_up: bool = False
    endless: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One call that arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any


class Hub:
    """What to answer to `METHOD /path`: the next of several replies, the last one for ever."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self._replies: dict[str, deque[Reply]] = defaultdict(deque)

    def on(self, call: str, *replies: Reply) -> None:
        self._replies[call] = deque(replies)

    def calls(self, call: str) -> list[Asked]:
        return [each for each in self.asked if f"{each.method} {each.path}" == call]

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        planned = self._replies.get(f"{asked.method} {asked.path}")
        if not planned:
            return Reply(status=404, body={"message": "Not Found"})
        return planned.popleft() if len(planned) > 1 else planned[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(
            method=self.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=json.loads(raw) if raw else None,
        )
        reply = self.server.hub.reply(asked)
        time.sleep(reply.delay)
        if reply.hang_up:
            self.close_connection = True
            return
        if reply.endless:
            self._send_without_end()
            return
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0" if reply.status == 304 else str(len(body)))
        self.end_headers()
        if reply.status != 304:
            with suppress(BrokenPipeError, ConnectionResetError):  # the client had enough
                self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the server's names

    def _send_without_end(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            while True:
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.02)

    def log_message(self, *_: object) -> None:
        """Keep quiet: `asked` has it all."""


@contextmanager
def listening() -> Iterator[Hub]:
    hub = Hub()
    server = _Server(hub)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def personal(hub: Hub, *, timeout: float = 5.0, role: Role = Role.CONDUCTOR) -> Api:
    """Return an identity with a personal token, whose account has id 1."""
    hub.on("GET /user", Reply(body={"id": 1, "login": "rig", "type": "User"}))
    settings = GitHubSettings(
        api_url=hub.url,
        credentials={each: PersonalToken(token=TOKEN) for each in Role},
        pace=UNHURRIED,
        timeout=timeout,
        time_scale=0.0,
    )
    return GitHub(settings).api(role, SHOP)


def app_github(hub: Hub) -> GitHub:
    """Return identities that are Apps, with time running a thousand times faster in pauses."""
    credentials = AppCredentials(app_id="42", private_key=PRIVATE_PEM)
    return GitHub(
        GitHubSettings(
            api_url=hub.url,
            credentials=dict.fromkeys(Role, credentials),
            pace=UNHURRIED,
            timeout=5.0,
            time_scale=0.001,
        )
    )


def pull(**changes: Any) -> dict[str, Any]:
    """Return a pull request as REST shows it."""
    repository = {"id": SHOP.id, "full_name": SHOP.full_name}
    return {
        "id": 900,
        "number": 6,
        "html_url": "https://example.invalid/octo/shop/pull/6",
        "state": "open",
        "title": "Round prices",
        "body": "Closes #5",
        "draft": False,
        "user": {"id": 1, "login": "rig", "type": "User"},
        "head": {"ref": "feature/issue-5-prices", "sha": HEAD, "repo": repository},
        "base": {"ref": "main", "sha": BASE, "repo": repository},
        "merged": False,
        "merged_at": None,
        "merge_commit_sha": None,
        "mergeable": True,
        "mergeable_state": "clean",
        "updated_at": "2026-11-01T10:00:00Z",
        **changes,
    }


def comment(number: int, body: str, user: int = 1) -> dict[str, Any]:
    """Return a comment as REST shows it."""
    time = "2026-11-01T10:00:00Z"
    return {
        "id": number,
        "body": body,
        "user": {"id": user, "login": "rig", "type": "Bot"},
        "html_url": "",
        "created_at": time,
        "updated_at": time,
    }
