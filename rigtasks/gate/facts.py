"""What the merge gate judges: one frozen value, read for one pull request at one head.

Every fact that a push can outdate carries the SHA it was read for, so a rule compares SHAs and
never trusts a flag. What could not be read is named in `unknown_sources`; it is never left out.
Field names are GitHub's own where GitHub has one.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from rigtasks.gate.human_gates import Clearance, HumanGateReason, LabelGrant, TamperReport


class Source(StrEnum):
    """A place facts are read from, each of which can fail on its own."""

    PULL_REQUEST = "pull_request"
    ISSUE = "issue"
    CHECKS = "checks"
    PROTECTION = "protection"
    REVIEWS = "reviews"
    COMMITS = "commits"
    FILES = "files"
    THREADS = "threads"
    CODEOWNERS = "codeowners"
    LABEL_EVENTS = "label_events"
    TAMPER = "tamper"
    HUMAN_GATES = "human_gates"
    CONFIG = "config"
    SWITCHES = "switches"
    BUDGET = "budget"


class CheckKind(StrEnum):
    """The two ways GitHub reports CI; a name used by both must be green in both."""

    CHECK_RUN = "check_run"
    STATUS = "status"


class RequiredBy(StrEnum):
    """Who demands a check; only branch protection can make other checks optional."""

    PROTECTION = "protection"
    REPOSITORY = "repository"
    RIG = "rig"


class ReviewState(StrEnum):
    """GitHub's states of a submitted review."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"
    PENDING = "PENDING"


class MergeMode(StrEnum):
    """Who carries out a merge in this repository."""

    RIG = "rig"
    GITHUB_AUTO = "github-auto"
    MERGE_QUEUE = "merge-queue"
    NEVER = "never"


class PauseScope(StrEnum):
    """How far a stop switch reaches."""

    RIG = "rig"
    REPO = "repo"
    ISSUE = "issue"
    PROVIDER = "provider"


class StopSource(StrEnum):
    """Who set a stop switch, and with that what lifts it; always a person."""

    PERSON = "person"
    LABEL = "label"
    BREAKER = "breaker"


class BudgetState(StrEnum):
    """Where the spending of the issue stands against its caps."""

    WITHIN = "within"
    WRAP_UP = "wrap_up"
    EXCEEDED = "exceeded"


class IssueRef(msgspec.Struct, frozen=True, kw_only=True):
    """One issue by the full name of its repository and its number."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    def same_as(self, other: "IssueRef") -> bool:
        """Compare as GitHub does: repository names ignore case."""
        return (
            self.number == other.number
            and self.repository.casefold() == other.repository.casefold()
        )


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The pull request as GitHub shows it now.

    `head_repository_id` is None when the fork is gone; `mergeable` is None while GitHub computes.
    """

    number: int
    url: str
    state: str
    merged: bool
    draft: bool
    author_id: int
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repository_id: int | None
    body: str
    labels: tuple[str, ...]
    mergeable: bool | None
    mergeable_state: str


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """The issue the pull request is for; `digest` is that of the text as it was approved.

    `ready_label` is the label that authorises the work, and with it the merge.
    """

    ref: IssueRef
    state: str
    labels: tuple[str, ...]
    ready_label: str
    digest: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What the pull request changes at `head_sha`.

    `paths` holds both names of a rename. `truncated` says that GitHub did not list everything.
    """

    head_sha: str
    files: int
    lines: int
    paths: tuple[str, ...]
    truncated: bool = False


class Committer(msgspec.Struct, frozen=True, kw_only=True):
    """One identity of the range: who wrote, committed or pushed. No id: GitHub knows no account."""

    role: str
    account_id: int | None
    name: str


class CommitRange(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who had a hand in the commits up to `head_sha`."""

    head_sha: str
    identities: tuple[Committer, ...]

    @property
    def account_ids(self) -> frozenset[int]:
        """Return the ids of those accounts that GitHub knows."""
        return frozenset(one.account_id for one in self.identities if one.account_id is not None)


class RequiredCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check that must be green; `app_id` None accepts any app but the author agents'."""

    name: str
    app_id: int | None = None
    required_by: RequiredBy = RequiredBy.PROTECTION


class ObservedCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One check run or commit status, in GitHub's words (`status`, `conclusion`).

    A commit status in state `pending` has status `in_progress` and no conclusion; its other
    states are conclusions. `id` grows with time within a kind.
    """

    id: int
    name: str
    kind: CheckKind
    app_id: int | None
    app_slug: str
    head_sha: str
    status: str
    conclusion: str | None
    url: str | None = None


class CheckSuite(msgspec.Struct, frozen=True, kw_only=True):
    """What one App, or one workflow of Actions, has to report; `runs` counts its newest ones."""

    id: int
    app_id: int | None
    app_slug: str
    head_sha: str
    status: str | None
    conclusion: str | None
    runs: int
    created_at: datetime


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One submitted review. `can_write` is None where the reviewer's permission was not asked."""

    id: int
    reviewer_id: int
    reviewer: str
    state: ReviewState
    commit_id: str
    submitted_at: datetime
    can_write: bool | None = None
    dismissed_by_id: int | None = None
    url: str | None = None


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """One review thread; an outdated one still wants an answer."""

    id: str
    path: str
    opened_by_id: int | None
    resolved: bool
    resolved_by_id: int | None = None
    outdated: bool = False
    url: str | None = None


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a team named in CODEOWNERS; None where they could not be read."""

    slug: str
    member_ids: tuple[int, ...] | None


class Codeowners(msgspec.Struct, frozen=True, kw_only=True):
    """The CODEOWNERS file of the base branch."""

    path: str
    text: str
    teams: tuple[Team, ...] = ()


class SizeBounds(msgspec.Struct, frozen=True, kw_only=True):
    """The largest change that merges without `large-pr-ok`, and who set that label."""

    max_files: int = 20
    max_lines: int = 500
    large_pr_ok: LabelGrant | None = None


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Blob SHAs of `.rig-agent.yaml`: at the claim, on the base now, last re-approved one.

    None means that the file is absent there; `reapproved` None means that nobody re-approved.
    """

    at_claim: str | None
    on_base: str | None
    reapproved: str | None = None


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """One stop switch that is set now; the reason says until when, where somebody said so."""

    scope: PauseScope
    target: str
    by: str
    reason: str
    at: datetime
    source: StopSource = StopSource.PERSON


class UnknownSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that could not be read, and why."""

    source: Source
    why: str


class RigAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """Who the rig's own accounts are, by account id, and its apps by app id.

    `reviewer_ids` are the review agents' accounts, `people_ids` people with write permission; the
    approval of both counts as a review, and only that of people where a person is asked for. An
    account that the rig acts with is never a person, whatever type GitHub shows.
    `conductor_app_id` owns the gate's own check run, which the gate does not wait for.
    """

    author_ids: frozenset[int]
    reviewer_ids: frozenset[int]
    people_ids: frozenset[int] = frozenset()
    conductor_ids: frozenset[int] = frozenset()
    author_app_ids: frozenset[int] = frozenset()
    conductor_app_id: int | None = None

    @property
    def agent_ids(self) -> frozenset[int]:
        """Return the accounts that the rig itself acts with."""
        return self.author_ids | self.reviewer_ids | self.conductor_ids

    @property
    def approver_ids(self) -> frozenset[int]:
        """Return the accounts whose approval counts as a review."""
        return self.reviewer_ids | self.people_ids


class GateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a verdict depends on, read at `read_at`.

    `skippable_checks` comes from the operator's settings, never from the repository.
    `pin_issue` is set for pin pull requests only: the chore issue they close instead.
    """

    repository_id: int
    repository: str
    default_branch: str
    pull_request: PullRequest
    issue: Issue
    change: Change
    commits: CommitRange
    accounts: RigAccounts
    required_checks: tuple[RequiredCheck, ...]
    checks: tuple[ObservedCheck, ...]
    reviews: tuple[Review, ...]
    threads: tuple[Thread, ...]
    allowed_bases: tuple[str, ...]
    tamper: TamperReport | None
    config: Config
    budget: BudgetState
    read_at: datetime
    merge_mode: MergeMode = MergeMode.RIG
    suites: tuple[CheckSuite, ...] = ()
    skippable_checks: frozenset[str] = frozenset()
    block_labels: tuple[str, ...] = ()
    closing_references: tuple[IssueRef, ...] = ()
    pin_issue: IssueRef | None = None
    codeowners: Codeowners | None = None
    human_gates: tuple[HumanGateReason, ...] = ()
    clearances: tuple[Clearance, ...] = ()
    size: SizeBounds = SizeBounds()
    pauses: tuple[Pause, ...] = ()
    unknown_sources: tuple[UnknownSource, ...] = ()

    @property
    def head_sha(self) -> str:
        """Return the only commit this value may lead to a merge of."""
        return self.pull_request.head_sha

    @property
    def involved_ids(self) -> frozenset[int]:
        """Return who may not approve: authors, committers, pushers, author agents, the opener."""
        return self.commits.account_ids | self.accounts.author_ids | {self.pull_request.author_id}
