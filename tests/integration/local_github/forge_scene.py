"""A world around the sandbox GitHub: a webhook receiver, App tokens and a working copy."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl

import jwt

from rigtasks.local.github import SandboxGitHub
from rigtasks.local.github.seeding import Api, Person, Seeder
from rigtasks.testing.known_differences import unknown
from rigtasks.testing.real_git import real_git
from rigtasks.testing.webhook_schemas import judged

MakeScene = Callable[..., "Scene"]

SECRET = "a secret of the tests"
FORM = "application/x-www-form-urlencoded"
CI = """
name: CI
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Tests
        run: python test_price.py
"""
SHOP = {
    "price.py": "def price(x):\n    return int(x)\n",
    "test_price.py": "from price import price\nassert price(1.6) == 2, price(1.6)\n",
    "README.md": "# Shop\n",
    ".github/workflows/ci.yml": CI,
}
FIXED = "def price(x):\n    return round(x)\n"


@dataclass
class Heard:
    """One webhook as it arrived."""

    event: str
    delivery: str
    signature: str
    body: bytes
    form: bool = False

    @property
    def payload(self) -> dict[str, Any]:
        if not self.form:
            return dict(json.loads(self.body))
        ((name, text),) = parse_qsl(self.body.decode(), strict_parsing=True)
        assert name == "payload"
        return dict(json.loads(text))

    @property
    def name(self) -> str:
        action = self.payload.get("action")
        return f"{self.event}.{action}" if action else self.event

    def signed_with(self, secret: str) -> bool:
        digest = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(self.signature, f"sha256={digest}")


class Receiver:
    """An HTTP server that keeps every webhook and answers with the status it is told.

    At its end no webhook may have differed from GitHub's own schemas.
    """

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.forms: list[Heard] = []
        self._differences: list[str] = []
        self.answers = 202
        self.open = threading.Event()
        self.open.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard = Heard(
                    event=self.headers["X-GitHub-Event"],
                    delivery=self.headers["X-GitHub-Delivery"],
                    signature=self.headers["X-Hub-Signature-256"],
                    body=body,
                    form=self.headers["Content-Type"] == FORM,
                )
                receiver.differs(*judged(heard.event, heard.payload))
                (receiver.forms if heard.form else receiver.heard).append(heard)
                receiver.open.wait(30)
                self.send_response(receiver.answers)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def names(self) -> list[str]:
        return [heard.name for heard in self.heard]

    def of(self, name: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.name == name]

    def differs(self, *how: str) -> None:
        """Keep where a webhook differs from its schema, also when what was heard is cleared."""
        self._differences += how

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if differences := unknown(set(self._differences)):
            raise AssertionError("; ".join(differences))


def until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait until something becomes true and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def app_jwt(app: dict[str, Any], *, issued: float = -60, expires: float = 540, **more: Any) -> str:
    now = int(time.time())
    claims = {
        "iat": now + int(issued),
        "exp": now + int(expires),
        "iss": str(app["app_id"]),
        **more,
    }
    return jwt.encode(claims, _key(Path(app["private_key_path"]).read_text()), algorithm="RS256")


@cache
def _key(pem: str) -> Any:
    """Return a private key, checked once: that takes longer than a call."""
    return jwt.get_algorithm_by_name("RS256").prepare_key(pem)


@dataclass
class Scene:
    """One sandbox with a repository, two people and the tokens of the three Apps."""

    sandbox: SandboxGitHub
    seeder: Seeder
    receiver: Receiver
    folder: Path
    repo: str
    owner: Person
    opened: list[Api] = field(default_factory=list)

    def api(self, token: str) -> Api:
        api = Api(self.sandbox.url, token)
        self.opened.append(api)
        return api

    def as_app(self, role: str, **claims: float) -> Api:
        """Act as an App itself, with its JWT; `claims` say when it was issued and expires."""
        return self.api(app_jwt(self.seeder.apps()[role], **claims))

    def installed(self, role: str, **narrowed: Any) -> Api:
        """Act with a fresh installation token of an App."""
        app = self.as_app(role)
        installation = app.call("GET", f"/repos/{self.repo}/installation")["id"]
        made = app.call("POST", f"/app/installations/{installation}/access_tokens", narrowed)
        return self.api(made["token"])

    def clone(self, token: str, name: str = "work") -> "WorkingCopy":
        return WorkingCopy(self.folder / name, f"{self.sandbox.url}/{self.repo}.git", token)

    def branch_with(self, api: Api, branch: str, files: dict[str, str]) -> "WorkingCopy":
        """Push a branch off main with one commit of these files."""
        copy = self.clone(api.token, branch.replace("/", "-"))
        copy.commit(files, "fix: change something")
        copy.push(branch)
        return copy

    def call(self, api: Api, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return api.call(method, f"/repos/{self.repo}{path}", body, **query)

    def settled(self) -> None:
        """Wait until webhooks and CI have nothing left to do."""
        until(lambda: all(self.seeder.activity().values()))

    def mergeable(self, api: Api, number: int) -> dict[str, Any]:
        """Return the pull request once its merge check is done."""

        def checked() -> Any:
            pull = self.call(api, "GET", f"/pulls/{number}")
            return pull if pull["mergeable"] is not None else None

        return dict(until(checked))


class WorkingCopy:
    """A clone on disk, used with the real git and one token."""

    def __init__(self, path: Path, address: str, token: str) -> None:
        self.path = path
        self._token = token
        run_git(path.parent, "clone", "--quiet", address, str(path), token=token)

    def git(self, *arguments: str, check: bool = True) -> str:
        return run_git(self.path, *arguments, token=self._token, check=check)

    def commit(self, files: dict[str, str], message: str) -> str:
        for name, text in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def push(self, branch: str, *flags: str, check: bool = True) -> str:
        return self.git("push", *flags, "origin", f"HEAD:refs/heads/{branch}", check=check)


def run_git(folder: Path, *arguments: str, token: str | None = None, check: bool = True) -> str:
    email = "200101+dev-e[bot]@users.noreply.github.com"
    done = real_git(folder, *arguments, name="dev-e[bot]", email=email, token=token)
    if check and done.returncode:
        raise AssertionError(f"git {arguments} failed: {done.stderr}")
    return done.stdout + done.stderr
