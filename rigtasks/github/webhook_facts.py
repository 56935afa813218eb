"""What a webhook delivery says, reduced to the values the rig acts on.

A delivery is a hint: it names the issue, pull request, commit or repository to look at again.
Attribute names are GitHub's own.
"""

import hashlib
from typing import Final, assert_never

import msgspec

_LONGEST_KEY: Final = 300
_KEPT_OF_LONG_KEY: Final = 100


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """The repository a delivery is about; `id` stays, `full_name` changes with a rename."""

    id: int
    full_name: str
    default_branch: str | None = None


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The account behind an action; deleted accounts appear as no actor at all."""

    id: int
    login: str
    type: str


class _About(msgspec.Struct, frozen=True, kw_only=True):
    """What every fact carries.

    Args:
        occurrence: tells two happenings on the same object apart (`updated_at`, SHA, label).
    """

    event: str
    action: str | None
    sender: Actor | None
    installation_id: int | None
    occurrence: str


class IssueFact(_About, frozen=True, kw_only=True, tag="issue"):
    """Something happened to an issue; `label` is the label added or removed, if one was."""

    repository: Repository
    number: int
    title: str
    body: str | None
    state: str
    labels: tuple[str, ...]
    label: str | None
    updated_at: str | None


class IssueCommentFact(_About, frozen=True, kw_only=True, tag="issue_comment"):
    """A comment on an issue, or on a pull request when `is_pull_request`."""

    repository: Repository
    number: int
    is_pull_request: bool
    comment_id: int


class PullRequestFact(_About, frozen=True, kw_only=True, tag="pull_request"):
    """A pull request, its review or one of its threads changed."""

    repository: Repository
    number: int
    head_sha: str
    head_ref: str
    base_ref: str
    state: str
    merged: bool
    label: str | None = None


class HeadFact(_About, frozen=True, kw_only=True, tag="head"):
    """A check, status or merge group changed at a commit.

    Args:
        pull_requests: numbers in this repository that GitHub names; often empty, always for
            forks: then look for pull requests by `head_sha`.
        check: the name of a check run; None for all else.
    """

    repository: Repository
    head_sha: str
    pull_requests: tuple[int, ...]
    check: str | None = None


class PushFact(_About, frozen=True, kw_only=True, tag="push"):
    """A ref moved from `before` to `after`; all zeros stand for no commit."""

    repository: Repository
    ref: str
    before: str
    after: str
    deleted: bool


class RepositoryFact(_About, frozen=True, kw_only=True, tag="repository"):
    """A repository was renamed, transferred, archived and the like.

    `former_name` is the full name that it had until then, where this changed it.
    """

    repository: Repository
    former_name: str | None = None


class InstallationFact(_About, frozen=True, kw_only=True, tag="installation"):
    """The App was installed, suspended or given other repositories."""

    repositories: tuple[Repository, ...] = ()


class PingFact(_About, frozen=True, kw_only=True, tag="ping"):
    """GitHub tried the hook out."""

    hook_id: int | None = None


class Unrelated(_About, frozen=True, kw_only=True, tag="unrelated"):
    """A delivery the rig has no use for; `outcome` says so in words for the ledger."""

    outcome: str
    repository: Repository | None = None


WebhookFact = (
    IssueFact
    | IssueCommentFact
    | PullRequestFact
    | HeadFact
    | PushFact
    | RepositoryFact
    | InstallationFact
    | PingFact
    | Unrelated
)


def repositories_of(fact: WebhookFact) -> tuple[Repository, ...]:
    """Return the repositories that a delivery names."""
    match fact:
        case InstallationFact():
            return fact.repositories
        case PingFact():
            return ()
        case Unrelated():
            return () if fact.repository is None else (fact.repository,)
        case _:
            return (fact.repository,)


def semantic_key(fact: WebhookFact) -> str | None:
    """Return the key two deliveries share when they report the same happening.

    A hook on the repository and one on the organisation report everything twice under different
    delivery ids. GitHub's times have whole seconds: a label added, removed and added again
    within one second yields a repeated key, which is harmless because facts are re-read.

    Returns:
        The key, or None where a delivery means nothing to the rig and needs no comparison.
    """
    match fact:
        case Unrelated() | PingFact():
            return None
        case InstallationFact():
            about = f"installation:{fact.installation_id}"
        case IssueFact() | IssueCommentFact() | PullRequestFact():
            about = f"{fact.repository.id}#{fact.number}"
        case HeadFact():
            about = f"{fact.repository.id}@{fact.head_sha}"
        case PushFact():
            about = f"{fact.repository.id}:{fact.ref}"
        case RepositoryFact():
            about = str(fact.repository.id)
        case _:
            assert_never(fact)
    return _indexable("|".join((fact.event, fact.action or "-", about, fact.occurrence)))


def _indexable(key: str) -> str:
    """Make a key fit for an index of Postgres: no NUL, and a digest in place of a long end.

    A happening of a thousand repositories, or a label of a hundred kilobytes, has such a key.
    """
    storable = key.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if len(storable) <= _LONGEST_KEY:
        return storable
    digest = hashlib.sha256(storable.encode()).hexdigest()
    return f"{storable[:_KEPT_OF_LONG_KEY]}|sha256:{digest}"
