"""Note what bots do around issues, for the breaker that stops what answers itself."""

from rigtasks.conductor.context import Conductor
from rigtasks.eventstore.activity import BotAct
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.webhook_facts import (
    IssueCommentFact,
    IssueFact,
    PullRequestFact,
    Repository,
    WebhookFact,
)
from rigtasks.routing.facts import AccountType

_COMMENTED = frozenset({"created", "submitted"})
_LABELLED = frozenset({"labeled", "unlabeled"})
_ABOUT_COMMENTS = frozenset({"pull_request_review", "pull_request_review_comment"})


def note_bot(conductor: Conductor, delivery_id: str, fact: WebhookFact) -> None:
    """Note a comment or a label by a bot, or by an account the rig itself writes with."""
    kind = bots_part(fact)
    if kind is None or fact.sender is None:
        return
    if not isinstance(fact, IssueFact | IssueCommentFact | PullRequestFact):
        return
    if fact.sender.type == AccountType.USER and not _is_own(
        conductor, fact.repository, fact.sender.id
    ):
        return
    conductor.stores.activities.note(
        BotAct(
            delivery_id=delivery_id,
            repo_id=fact.repository.id,
            number=fact.number,
            kind=kind,
            actor=fact.sender.login,
        )
    )


def bots_part(fact: WebhookFact) -> str | None:
    """Return what the breaker would count of a delivery if a bot caused it; None for nothing.

    A comment that is edited in place, as the rig's own is, tells nobody and feeds nothing.
    """
    match fact:
        case IssueCommentFact(action="created"):
            return "comment"
        case PullRequestFact() if fact.event in _ABOUT_COMMENTS and fact.action in _COMMENTED:
            return "comment"
        case IssueFact() | PullRequestFact() if fact.action in _LABELLED:
            return "label"
        case _:
            return None


def _is_own(conductor: Conductor, repository: Repository, account: int) -> bool:
    """Say whether a person's account is one the rig acts with, as with personal tokens."""
    if conductor.app_ids:
        return False
    ref = RepositoryRef(id=repository.id, full_name=repository.full_name)
    return conductor.repository_api(Role.CONDUCTOR, ref).account().id == account
