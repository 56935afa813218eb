"""Keep-alive clients that send signed 20 kB deliveries as fast as they are answered.

Run as a process of its own: `python -m bench.intake_load PORT SECONDS CLIENTS SECRET`. Every
delivery has its own id and its own happening; what differs stands at the end of the body, so that
signing costs one short hash update and the load process stays cheap.
"""

import hashlib
import hmac
import json
import random
import selectors
import socket
import sys
import time
import uuid
from dataclasses import dataclass, field

HOST = "127.0.0.1"
BODY_SIZE = 20_000
RECEIVE_SIZE = 65_536
ACCEPTED = b"HTTP/1.1 202"
_WORDS = 400
_ACCOUNT_LINKS = (
    *("avatar", "followers", "following", "gists", "starred", "subscriptions", "organizations"),
    *("repos", "events", "received_events", "html", "gravatar"),
)
_REPOSITORY_LINKS = (
    *("html", "forks", "keys", "collaborators", "teams", "hooks", "issue_events", "events"),
    *("assignees", "branches", "tags", "blobs", "git_tags", "git_refs", "trees", "statuses"),
    *("languages", "stargazers", "contributors", "subscribers", "subscription", "commits"),
    *("git_commits", "comments", "issue_comment", "contents", "compare", "merges", "archive"),
    *("downloads", "issues", "pulls", "milestones", "notifications", "labels", "releases"),
    *("deployments", "git", "ssh", "clone", "svn", "mirror"),
)


def _account(name: str, number: int) -> dict[str, object]:
    base = f"https://api.github.com/users/{name}"
    links = {f"{each}_url": f"{base}/{each}" for each in _ACCOUNT_LINKS}
    return {"login": name, "id": number, "type": "User", "site_admin": False, **links}


def _repository() -> dict[str, object]:
    base = "https://api.github.com/repos/octo/price-api"
    links = {f"{each}_url": f"{base}/{each}{{/{each}}}" for each in _REPOSITORY_LINKS}
    facts = {"id": 7, "full_name": "octo/price-api", "default_branch": "main", "private": True}
    return {**facts, "owner": _account("octo", 1), **links}


def payload_start() -> bytes:
    """Return a `pull_request` payload without its last fields, shaped and sized like real ones.

    Deliveries of 20 kB are those of pull requests: the repository is in them three times.
    """
    dice = random.Random(7471)  # noqa: S311 - made-up text
    repository, author = _repository(), _account("mona", 3)
    pull_request = {
        "title": "Round prices to the nearest cent",
        "state": "open",
        "user": author,
        "head": {"ref": "feature/issue-5-prices", "sha": "a" * 40, "repo": repository},
        "base": {"ref": "main", "sha": "b" * 40, "repo": repository},
    }
    document = {"action": "synchronize", "repository": repository, "sender": author}
    room = BODY_SIZE - len(json.dumps({**document, "pull_request": pull_request})) - 80
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(dice.choices(letters, k=dice.randint(2, 9))) for _ in range(_WORDS)]
    pull_request["body"] = " ".join(dice.choices(words, k=room))[:room]
    return json.dumps({**document, "pull_request": pull_request})[:-2].encode()


class Deliveries:
    """Makes signed requests, each a happening of its own."""

    def __init__(self, secret: str) -> None:
        self._start = payload_start()
        self._signed = hmac.new(secret.encode(), self._start, hashlib.sha256)
        self._first = random.SystemRandom().randrange(1_000_000_000)
        self._count = 0

    def next(self) -> list[bytes]:
        """Return the parts of one request."""
        self._count += 1
        number = self._first + self._count
        end = b', "number": %d, "updated_at": "2026-11-21T07:00:00Z"}}' % number
        signature = self._signed.copy()
        signature.update(end)
        head = (
            "POST /api/v1/webhooks/github HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/json\r\nUser-Agent: GitHub-Hookshot/bench\r\n"
            f"X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: {uuid.uuid4()}\r\n"
            "X-GitHub-Hook-ID: 1\r\n"
            f"X-Hub-Signature-256: sha256={signature.hexdigest()}\r\n"
            f"Content-Length: {len(self._start) + len(end)}\r\n\r\n"
        )
        return [head.encode(), self._start, end]


@dataclass(kw_only=True)
class Measured:
    """Answers and how long each took, in seconds."""

    accepted: int = 0
    refused: int = 0
    latencies: list[float] = field(default_factory=list)


class Client:
    """One keep-alive connection with one request under way."""

    def __init__(self, port: int, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._sent_at = 0.0
        self._answer = b""
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    def send(self) -> None:
        """Send the next delivery."""
        parts = self._deliveries.next()
        self._sent_at = time.perf_counter()
        size = sum(map(len, parts))
        if self.socket.sendmsg(parts) != size:
            raise RuntimeError("the send buffer is too small for one delivery")

    def receive(self, measured: Measured) -> bool:
        """Take in what came; return whether the answer is complete."""
        self._answer += self.socket.recv(RECEIVE_SIZE)
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return False
        measured.latencies.append(time.perf_counter() - self._sent_at)
        if head.startswith(ACCEPTED):
            measured.accepted += 1
        else:
            measured.refused += 1
        self._answer = b""
        return True


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise RuntimeError("the answer has no length")


def measure(port: int, seconds: float, clients: int, secret: str) -> tuple[Measured, float]:
    """Send for some seconds from so many clients; return what was measured and for how long."""
    measured, deliveries = Measured(), Deliveries(secret)
    with selectors.DefaultSelector() as ready:
        for _ in range(clients):
            client = Client(port, deliveries)
            ready.register(client.socket, selectors.EVENT_READ, client)
            client.send()
        started, waiting = time.perf_counter(), clients
        while waiting:
            for key, _ in ready.select():
                client = key.data
                if not client.receive(measured):
                    continue
                if time.perf_counter() - started < seconds:
                    client.send()
                else:
                    waiting -= 1
                    ready.unregister(client.socket)
                    client.socket.close()
        return measured, time.perf_counter() - started


def main() -> None:
    """Print one JSON object with the figures."""
    port, seconds, clients, secret = sys.argv[1:5]
    measured, took = measure(int(port), float(seconds), int(clients), secret)
    figures = {
        "accepted": measured.accepted,
        "refused": measured.refused,
        "seconds": took,
        "latencies_ms": [each * 1000 for each in measured.latencies],
    }
    print(json.dumps(figures))  # noqa: T201 - the answer to the process that started this one


if __name__ == "__main__":
    main()
