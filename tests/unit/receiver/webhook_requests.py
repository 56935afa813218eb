"""Requests as a WSGI server would hand them over, and a store that remembers."""

import hashlib
import hmac
import io
import json
from collections.abc import Sequence
from typing import Any

from rigtasks.github.signature import SignatureVerifier
from webhook_receiver.intake.delivery import Incoming
from webhook_receiver.intake.desk import Desk, Received
from webhook_receiver.intake.endpoint import CANONICAL_PATH, WebhookEndpoint
from webhook_receiver.intake.group_commit import GroupCommit
from webhook_receiver.intake.ledger import Answer

SECRET = "current-secret"
PREVIOUS = "previous-secret"
DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
ISSUE = {
    "action": "labeled",
    "label": {"name": "agent-ready"},
    "repository": {"id": 7, "full_name": "octo/price-api"},
    "issue": {"number": 5, "title": "Prices", "updated_at": "2026-11-01T10:00:00Z"},
    "sender": {"id": 3, "login": "mona"},
}


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def environ(body: bytes | None = None, **changes: Any) -> dict[str, Any]:
    """Build a request that is right in every respect; a change to None takes a key out."""
    sent = json.dumps(ISSUE).encode() if body is None else body
    right = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": CANONICAL_PATH,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(sent)),
        "HTTP_X_GITHUB_EVENT": "issues",
        "HTTP_X_GITHUB_DELIVERY": DELIVERY,
        "HTTP_X_GITHUB_HOOK_ID": "11",
        "HTTP_X_HUB_SIGNATURE_256": sign(sent),
        "wsgi.input": io.BytesIO(sent),
    }
    return {key: value for key, value in (right | changes).items() if value is not None}


class MemoryStore:
    """Stores in a list, or fails as it is told."""

    def __init__(self) -> None:
        self.stored: list[Incoming] = []
        self.failure: Exception | None = None

    def accept(self, batch: Sequence[Incoming]) -> list[Answer | Exception]:
        if self.failure is not None:
            raise self.failure
        self.stored += batch
        return [Answer.ACCEPTED for _ in batch]


class Answered:
    """One answer of the endpoint."""

    def __init__(self, endpoint: WebhookEndpoint, request: dict[str, Any]) -> None:
        self.body = json.loads(b"".join(endpoint(request, self._start)))

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status = int(status.split(maxsplit=1)[0])
        self.headers = dict(headers)

    @property
    def outcome(self) -> tuple[int, str]:
        return self.status, self.body["code"]


def make_endpoint(store: MemoryStore) -> WebhookEndpoint:
    desk = Desk(SignatureVerifier((SECRET, PREVIOUS)), store.accept)
    commits: GroupCommit[Received, Answer] = GroupCommit(desk.accept)
    return WebhookEndpoint(commits.submit)
