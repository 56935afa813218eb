"""The receiver as it is run: granian in a process of its own, spoken to over sockets."""

import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg2
import requests

from rigtasks.local.ports import LOOPBACK, any_free_port

SECRET = "current-secret"
PREVIOUS = "previous-secret"
PATH = "/api/v1/webhooks/github"
WAIT = 20.0
#: A machine that is busy with whole rigs takes its time.
START_SECONDS = 90.0


def issue_payload(number: int = 5, **changes: Any) -> dict[str, Any]:
    return {
        "action": "labeled",
        "label": {"name": "agent-ready"},
        "repository": {"id": 7, "full_name": "octo/price-api"},
        "issue": {"number": number, "title": "Prices", "updated_at": "2026-11-01T10:00:00Z"},
        "sender": {"id": 3, "login": "mona"},
        **changes,
    }


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def request_head(length: int | None, *lines: str, **headers: str) -> bytes:
    """Write the head of a delivery by hand; `lines` come behind the headers that are right."""
    given = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": str(uuid.uuid4()),
    }
    if length is not None:
        given["Content-Length"] = str(length)
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    written = [f"POST {PATH} HTTP/1.1", "Host: localhost", "Connection: close"]
    written += [f"{name}: {value}" for name, value in given.items()]
    return "\r\n".join([*written, *lines, "", ""]).encode("latin-1")


def rows(database_url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(database_url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


@dataclass(kw_only=True)
class Receiver:
    """A running receiver and its database."""

    port: int
    database_url: str
    process: "subprocess.Popen[bytes]"
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(f"http://{LOOPBACK}:{self.port}{path}", timeout=WAIT, **options)

    def post(self, body: bytes, **headers: str | bytes | None) -> requests.Response:
        """Deliver a body, signed unless a header says otherwise; None takes a header out."""
        given = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "issues",
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-Hub-Signature-256": sign(body),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in given.items() if value is not None}
        url = f"http://{LOOPBACK}:{self.port}{PATH}"
        return self.session.post(url, data=body, headers=sent, timeout=WAIT)

    def deliver(self, payload: Any, **headers: str | bytes | None) -> requests.Response:
        return self.post(json.dumps(payload).encode(), **headers)

    def again(self) -> "Receiver":
        """Return the same receiver with connections of its own, for another thread."""
        return replace(self, session=requests.Session())

    def raw(self, request: bytes, *, end: bool = False) -> tuple[int, dict[str, Any]]:
        """Send bytes as they are and return the status and the JSON of the answer, if it is any."""
        with socket.create_connection((LOOPBACK, self.port), timeout=WAIT) as connection:
            connection.sendall(request)
            if end:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65_536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        is_json = b"json" in head.lower()
        return int(head.split(b" ", 2)[1]), json.loads(body) if is_json else {}

    def stored(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return rows(self.database_url, statement, *parameters)

    def worker_pids(self) -> list[int]:
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as children:  # noqa: PTH123 - no such method on Linux' files
            return [int(pid) for pid in children.read().split()]

    def kill(self) -> None:
        """End the server and its workers as a power cut would."""
        for pid in (self.process.pid, *self.worker_pids()):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(WAIT)


def command(port: int) -> tuple[str, ...]:
    options = ("--interface", "wsgi", "--host", LOOPBACK, "--port", str(port), "--no-ws")
    return (sys.executable, "-m", "granian", *options, "webhook_receiver.wsgi:app")


@contextmanager
def serve(database_url: str, **settings: str) -> Iterator[Receiver]:
    port = any_free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "RIG_WEBHOOK_SECRET": SECRET,
        "RIG_WEBHOOK_SECRET_PREVIOUS": PREVIOUS,
        **settings,
    }
    process = subprocess.Popen(command(port), env=environment, stdout=subprocess.DEVNULL)
    receiver = Receiver(port=port, database_url=database_url, process=process)
    try:
        _wait(receiver)
        yield receiver
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                receiver.kill()
                raise
        receiver.session.close()


def _wait(receiver: Receiver) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert receiver.process.poll() is None, "the receiver ended at its start"
        try:
            if receiver.get("/healthz").ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("the receiver did not start")
