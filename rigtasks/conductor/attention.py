"""What a delivery makes the conductor look at. Deliveries are hints; GitHub is read again."""

from enum import StrEnum

import msgspec

from rigtasks.gate.rules.ci import GATE_CHECK
from rigtasks.gate.rules.labels import stops_work
from rigtasks.github.webhook_facts import (
    HeadFact,
    IssueCommentFact,
    IssueFact,
    PingFact,
    PullRequestFact,
    PushFact,
    Repository,
    Unrelated,
    WebhookFact,
)
from rigtasks.routing.labels import explain_not_ready, read_labels

_GONE = frozenset({"deleted", "transferred"})
_ENDINGS = _GONE | {"closed"}
#: What GitHub tells of the check run that shows the gate whenever the rig itself has written it.
_SHOWN = frozenset({"created", "completed"})


class Matter(StrEnum):
    """What has to be looked at."""

    INTAKE = "intake"
    WITHDRAWAL = "withdrawal"
    PULL_REQUEST = "pull_request"
    HEAD = "head"
    SOLVED = "solved"
    STOP_LABEL = "stop_label"
    NOTHING = "nothing"


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at in one repository.

    Args:
        matter: which kind of look.
        repo_id: the repository, 0 for nothing.
        repo: its name in the delivery.
        number: of the issue or pull request.
        head_sha: the commit, for checks whose pull request GitHub does not name.
        by: who caused it.
        reason: why an issue may have been withdrawn.
        is_gone: whether GitHub says that the issue is not in its repository any more.
        outcome: in words, where there is nothing to look at.
    """

    matter: Matter
    repo_id: int = 0
    repo: str = ""
    number: int = 0
    head_sha: str = ""
    by: str = ""
    reason: str = ""
    is_gone: bool = False
    outcome: str = ""


def attention(fact: WebhookFact, label: str) -> tuple[Attention, ...]:
    """Return what to look at after a delivery.

    Args:
        fact: the parsed delivery.
        label: the label that authorises work.
    """
    match fact:
        case IssueFact():
            return (_issue(fact, label),)
        case PullRequestFact():
            return (_at(fact.repository, fact.number),)
        case HeadFact():
            return _head(fact)
        case IssueCommentFact() if fact.is_pull_request:
            return (_at(fact.repository, fact.number),)
        case _:
            return (_nothing(_no_matter(fact)),)


def _no_matter(fact: WebhookFact) -> str:
    """Say in words why there is nothing to look at."""
    match fact:
        case IssueCommentFact():
            return "ignored: comments after the label need a new approval"
        case PushFact():
            return "noted: pushes are seen through their pull requests"
        case PingFact():
            return "noted: GitHub can reach the rig"
        case Unrelated():
            return fact.outcome
        case _:
            return f"noted: {fact.event} {fact.action or ''}".rstrip()


def _issue(fact: IssueFact, label: str) -> Attention:
    here = Attention(
        matter=Matter.INTAKE,
        repo_id=fact.repository.id,
        repo=fact.repository.full_name,
        number=fact.number,
        by=fact.sender.login if fact.sender else "a deleted account",
    )
    ready = label in fact.labels
    if fact.action in _ENDINGS:
        here = msgspec.structs.replace(here, is_gone=fact.action in _GONE)
        return _withdrawn(here, f"the issue was {fact.action}")
    if fact.action == "unlabeled" and fact.label == label:
        return _withdrawn(here, f"the label {label} was removed")
    if fact.label is not None and stops_work((fact.label,)):
        return msgspec.structs.replace(here, matter=Matter.STOP_LABEL)
    if fact.action == "edited" and ready:
        return _nothing("ignored: a changed text needs the label again")
    if not ready:
        return _nothing(f"ignored: {explain_not_ready(read_labels(fact.labels))}")
    return here


def _withdrawn(here: Attention, reason: str) -> Attention:
    return msgspec.structs.replace(here, matter=Matter.WITHDRAWAL, reason=reason)


def _at(repository: Repository, number: int) -> Attention:
    return Attention(
        matter=Matter.PULL_REQUEST,
        repo_id=repository.id,
        repo=repository.full_name,
        number=number,
    )


def _head(fact: HeadFact) -> tuple[Attention, ...]:
    """Look at what has this head; the check run that only shows the gate tells it nothing."""
    repository = fact.repository
    if fact.check == GATE_CHECK and fact.action in _SHOWN:
        return (_nothing("noted: the rig's own check run shows the gate, and is none of it"),)
    if fact.pull_requests:
        return tuple(_at(repository, number) for number in fact.pull_requests)
    return (
        Attention(
            matter=Matter.HEAD,
            repo_id=repository.id,
            repo=repository.full_name,
            head_sha=fact.head_sha,
        ),
    )


def _nothing(outcome: str) -> Attention:
    return Attention(matter=Matter.NOTHING, outcome=outcome)
