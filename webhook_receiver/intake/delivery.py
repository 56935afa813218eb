"""Turn a verified request into the row of the ledger: pure, one value in, one value out."""

from typing import assert_never

import msgspec

from rigtasks.errors import Rejected
from rigtasks.eventstore.deliveries import DeliveryStatus
from rigtasks.eventstore.payloads import packed
from rigtasks.github.payloads import parse_delivery
from rigtasks.github.webhook_facts import (
    HeadFact,
    InstallationFact,
    IssueCommentFact,
    IssueFact,
    PingFact,
    PullRequestFact,
    PushFact,
    Repository,
    RepositoryFact,
    Unrelated,
    WebhookFact,
    semantic_key,
)
from webhook_receiver.intake.request import GitHubHeaders

_UNREADABLE = frozenset({"payload-shape", "repository-missing"})
_LONGEST_OUTCOME = 300
_ANY_EVENT = ""
"""No event has this name, so a body is only read as an object."""


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery on its way into the ledger.

    `payload` is packed as it is stored: this happens in the request's own thread, not in the
    one that writes for all. `outcome` is set where nothing is left to be done.
    """

    delivery_id: str
    event: str
    headers: dict[str, str]
    payload: bytes
    status: DeliveryStatus
    hook: str | None = None
    action: str | None = None
    repo_id: int | None = None
    repo: str | None = None
    number: int | None = None
    semantic_key: str | None = None
    outcome: str | None = None


class _Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the body says, for the columns people search by."""

    status: DeliveryStatus
    outcome: str | None = None
    action: str | None = None
    repository: Repository | None = None
    number: int | None = None
    semantic_key: str | None = None


def incoming(headers: GitHubHeaders, body: bytes) -> Incoming:
    """Read a verified delivery.

    A JSON object shaped unlike anything GitHub documents is kept in quarantine: it was signed,
    so somebody has to look at it.

    Raises:
        Rejected: `invalid-json`, `not-an-object` or `too-deep`.
    """
    reading = _read(headers.event, body)
    repository = reading.repository
    return Incoming(
        delivery_id=headers.delivery,
        event=headers.event,
        headers=headers.kept,
        payload=packed(body),
        hook=headers.hook,
        status=reading.status,
        outcome=reading.outcome,
        action=reading.action,
        repo_id=None if repository is None else repository.id,
        repo=None if repository is None else repository.full_name,
        number=reading.number,
        semantic_key=reading.semantic_key,
    )


def _read(event: str, body: bytes) -> _Reading:
    try:
        fact = parse_delivery(event, body)
    except Rejected as refusal:
        if refusal.code not in _UNREADABLE:
            raise
        _require_json_object(body)
        words = f"quarantined: {refusal}"[:_LONGEST_OUTCOME]
        return _Reading(status=DeliveryStatus.QUARANTINED, outcome=words)
    repository, number = _subject(fact)
    outcome = _nothing_to_do(fact)
    return _Reading(
        status=DeliveryStatus.PENDING if outcome is None else DeliveryStatus.IGNORED,
        outcome=outcome,
        action=fact.action,
        repository=repository,
        number=number,
        semantic_key=semantic_key(fact),
    )


def _require_json_object(body: bytes) -> None:
    """Refuse what is broken further on than the field that was shaped wrongly."""
    parse_delivery(_ANY_EVENT, body)


def _subject(fact: WebhookFact) -> tuple[Repository | None, int | None]:
    match fact:
        case IssueFact() | IssueCommentFact() | PullRequestFact():
            return fact.repository, fact.number
        case HeadFact():
            only = fact.pull_requests[0] if len(fact.pull_requests) == 1 else None
            return fact.repository, only
        case PushFact() | RepositoryFact() | Unrelated():
            return fact.repository, None
        case InstallationFact() | PingFact():
            return None, None
        case _:
            assert_never(fact)


def _nothing_to_do(fact: WebhookFact) -> str | None:
    match fact:
        case Unrelated():
            return fact.outcome
        case PingFact():
            return "answered: GitHub tried the webhook out"
        case _:
            return None
