"""A small web server around `git http-backend`, with tokens and faults to order."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rigtasks.workspace.git import Remote

READER, WRITER = "reader-token-4711", "writer-token-4712"
BRANCH = "feature/issue-5-round-prices"


class Fault(StrEnum):
    """What goes wrong with the next push."""

    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    DROP_AFTER = "drop_after"


@dataclass
class GitServer:
    """Where the server is, who may do what, and what it has seen."""

    url: str
    root: Path
    readers: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    fault: Fault | None = None
    down: bool = False
    requests: list[str] = field(default_factory=list)

    def repository(self, name: str) -> Path:
        return self.root / f"{name}.git"

    def take_fault(self) -> Fault | None:
        fault, self.fault = self.fault, None
        return fault

    def clone_url(self, name: str) -> str:
        return f"{self.url}/{name}.git"


class _Server(ThreadingHTTPServer):
    def __init__(self, state: GitServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self._body())

    def log_message(self, *_: object) -> None:
        self.server.state.requests.append(self.path)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().strip(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _serve(self, body: bytes) -> None:
        writes = "git-receive-pack" in self.path
        if self.server.state.down:
            return self._answer(503)
        if (refusal := self._refusal(writes=writes)) is not None:
            return self._answer(refusal)
        pushes = writes and self.command == "POST"
        fault = self.server.state.take_fault() if pushes else None
        if fault is Fault.ERROR_BEFORE:
            return self._answer(502)
        answer = self._backend(body)
        if fault is Fault.ERROR_AFTER:
            return self._answer(502)
        if fault is Fault.DROP_AFTER:
            self.connection.close()
            return None
        head, _, content = answer.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        headers = dict(lines)  # type: ignore[arg-type]
        return self._answer(int(headers.pop("Status", "200").split()[0]), content, headers)

    def _refusal(self, *, writes: bool) -> int | None:
        header = self.headers.get("Authorization", "")
        if not header:
            return 401
        token = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[2]
        if token not in self.server.state.readers | self.server.state.writers:
            return 401
        return 403 if writes and token not in self.server.state.writers else None

    def _backend(self, body: bytes) -> bytes:
        path, _, query = self.path.partition("?")
        variables = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.state.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "somebody",
            "REMOTE_ADDR": "127.0.0.1",
        }
        return subprocess.run(
            ["git", "http-backend"], input=body, env=variables, capture_output=True, check=False
        ).stdout

    def _answer(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(root: Path) -> Iterator[GitServer]:
    state = GitServer(url="", root=root)
    server = _Server(state)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> str:
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Dev",
        "GIT_AUTHOR_EMAIL": "dev@example.invalid",
        "GIT_COMMITTER_NAME": "Dev",
        "GIT_COMMITTER_EMAIL": "dev@example.invalid",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env=variables,
        input=stdin,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode(errors="replace").strip()


@dataclass(frozen=True)
class Shop:
    """The repository `octo/shop` on the server."""

    server: GitServer
    base_sha: str

    @property
    def bare(self) -> Path:
        return self.server.repository("octo/shop")

    def remote(self, token: str | None = WRITER) -> Remote:
        return Remote(url=self.server.clone_url("octo/shop"), token=token)

    def heads(self) -> dict[str, str]:
        lines = git(self.bare, "for-each-ref", "--format=%(refname:short) %(objectname)")
        return dict(line.split(" ") for line in lines.splitlines())  # type: ignore[misc]


def commit(directory: Path, files: dict[str, str], message: str = "Round prices") -> str:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", message)
    return git(directory, "rev-parse", "HEAD")


def bundle_of(directory: Path, *revisions: str) -> bytes:
    path = directory.parent / "work.bundle"
    git(directory, "bundle", "create", "-q", str(path), *revisions)
    return path.read_bytes()
