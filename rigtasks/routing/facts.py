"""What intake must know about an issue before it decides; all of it read from GitHub and the store.

A source that could not be read is not a fact: whoever gathers these raises a retryable error
instead of filling in a guess.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from rigtasks.routing.dependencies import Dependency
from rigtasks.routing.internal import InternalRepositories, RepositoryRef
from rigtasks.routing.offers import Offers
from rigtasks.routing.stack import Queue
from rigtasks.routing.task_text import IssueComment
from rigtasks.routing.tools import DEFAULT_TOOLS, ToolList


class Permission(StrEnum):
    """A person's role in a repository, as `GET /collaborators/{user}/permission` names it."""

    ADMIN = "admin"
    MAINTAIN = "maintain"
    WRITE = "write"
    TRIAGE = "triage"
    READ = "read"
    NONE = "none"

    @property
    def may_write(self) -> bool:
        """Tell whether this role may push to the repository."""
        return self in {Permission.ADMIN, Permission.MAINTAIN, Permission.WRITE}


class AccountType(StrEnum):
    """GitHub's `type` of an account."""

    USER = "User"
    BOT = "Bot"
    ORGANIZATION = "Organization"
    MANNEQUIN = "Mannequin"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account by its immutable id, with its permission at decision time."""

    id: int
    login: str
    type: AccountType
    permission: Permission


class RepositoryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The repository; `ancestors` are GitHub's `parent` and `source` of a fork."""

    ref: RepositoryRef
    ancestors: tuple[RepositoryRef, ...] = ()
    archived: bool = False


class IssueFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The issue as read for the label event; `labelled_at` is UTC."""

    number: int
    is_open: bool
    is_pull_request: bool
    title: str
    body: str | None
    labels: tuple[str, ...]
    labelled_at: datetime
    labelled_by: Account | None
    comments: tuple[IssueComment, ...] = ()
    edited_after_label: bool = False


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """The repository's `.rig-agent.yaml` at its base branch.

    `problem` is set instead of `content` where the file exists but is no readable file, such as a
    symlink or one that is too large for GitHub to return.
    """

    blob_sha: str
    content: bytes = b""
    problem: str = ""


class PullRequestRef(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request that closes the issue; `ours` means opened by the rig's author identity."""

    number: int
    author: str
    ours: bool = False


class DependencyState(StrEnum):
    """How far a dependency is."""

    DONE = "done"
    OPEN = "open"
    UNREADABLE = "unreadable"


class DependencyFact(msgspec.Struct, frozen=True, kw_only=True):
    """A dependency with its state; UNREADABLE when the rig has no access to it."""

    dependency: Dependency
    state: DependencyState


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A stop switch in force: its scope in words (`the rig`, `this repository`) and the reason."""

    scope: str
    reason: str
    by: str


class StreamStanding(StrEnum):
    """How the issue's newest stream stands towards a new approval."""

    LIVE = "live"
    HELD = "held"
    UNAPPROVED = "unapproved"
    FINISHED = "finished"


class StreamFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The newest generation of the issue's stream.

    LIVE is under way; HELD is approved but waits for something that intake looks at again;
    UNAPPROVED was refused and may be approved in the same generation; FINISHED is done or
    cancelled, so that an approval opens the next generation. `labelled_at` is the label it was
    approved by, `digest` the text; `begun` says that work on that text was begun.
    """

    generation: int
    standing: StreamStanding
    state: str
    labelled_at: datetime | None = None
    digest: str = ""
    begun: bool = True

    def is_labelled_again(self, labelled_at: datetime) -> bool:
        """Say whether the label was taken off and set anew since the approval."""
        return self.labelled_at is not None and labelled_at > self.labelled_at


class IntakeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one intake decision looks at."""

    repository: RepositoryFacts
    issue: IssueFacts
    config_file: ConfigFile | None = None
    tree: tuple[str, ...] = ()
    tree_truncated: bool = False
    merged_pull_requests: tuple[PullRequestRef, ...] = ()
    open_pull_requests: tuple[PullRequestRef, ...] = ()
    dependencies: tuple[DependencyFact, ...] = ()
    pauses: tuple[Pause, ...] = ()
    queues_without_worker: frozenset[Queue] = frozenset()
    stream: StreamFacts | None = None


class IntakePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The rig's settings for intake.

    `queues` are those this rig serves, scaled to zero or not; `trusted_accounts` are ids that may
    label without write permission, and the only bots that may. `owners` are the accounts, in lower
    case, whose repositories the rig works for; empty for all that its identity can reach. `tools`
    are those that repositories may have installed, `offers` the agents they may choose among.
    """

    internal: InternalRepositories
    queues: frozenset[Queue]
    trusted_accounts: frozenset[int] = frozenset()
    owners: frozenset[str] = frozenset()
    tools: ToolList = DEFAULT_TOOLS
    offers: Offers = Offers(provider="command", models={})

    def works_for(self, repository: RepositoryRef) -> bool:
        """Tell whether the repository is one of those the rig works for."""
        return not self.owners or repository.full_name.partition("/")[0].lower() in self.owners
