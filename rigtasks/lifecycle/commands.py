"""What the outside may ask of an issue. A command is data; `decide` answers with events."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from rigtasks.gate.certificate import MergeCertificate
from rigtasks.lifecycle.events.base import Blocker, CheckNote, FindingNote, Step, Usage
from rigtasks.lifecycle.events.intake import IssueApproved, IssueRefused
from rigtasks.lifecycle.events.work import Unfinished
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.routing.decisions import Question
from rigtasks.routing.internal import InternalRepositories


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """The base of every command."""


class AdoptPullRequest(Command, frozen=True, kw_only=True):
    """The rig's own pull request for this issue is open already."""

    pr: int
    url: str
    branch: str
    head_sha: str
    base_branch: str
    author_id: int


class Hold(Command, frozen=True, kw_only=True):
    """Admission waits for something that is named; a blocking hold keeps workers away."""

    waits_for: str
    sentence: str
    blocking: bool


class Admit(Command, frozen=True, kw_only=True):
    """Intake admitted the issue with this approval; the deny-list is looked at once more.

    `hold` is what the issue waits for: it is stored together with the approval, so that nobody can
    claim the issue in between. So is `question`, which a person answers by setting the label again.
    """

    approved: IssueApproved
    internal: InternalRepositories = InternalRepositories()
    hold: Hold | None = None
    question: Question | None = None


class Refuse(Command, frozen=True, kw_only=True):
    """Intake refused the issue."""

    refused: IssueRefused


class Cancel(Command, frozen=True, kw_only=True):
    """A person withdrew the issue."""

    reason: str
    by: str


class StartWork(Command, frozen=True, kw_only=True):
    """The holder of the claim begins, on this branch from this commit.

    `head_sha` is the head of the pull request that the work continues from, None without one.
    `config` and its blob are the repository's file on the base branch at this moment.
    """

    run_id: UUID
    epoch: int
    base_sha: str
    head_sha: str | None
    branch: str
    isolation: str
    config: AgentConfig
    config_sha: str | None


class StartCli(Command, frozen=True, kw_only=True):
    """The holder starts the agent process.

    `call_micro_usd` is what one call of it costs, None where that is not known beforehand.
    """

    run_id: UUID
    epoch: int
    provider: str
    model: str | None
    isolation: str
    call_micro_usd: int | None


class ReportProgress(Command, frozen=True, kw_only=True):
    """The holder goes on after something went back to its agent."""

    run_id: UUID
    epoch: int
    kind: str
    message: str


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """An implementation whose tests are green, stored as a bundle."""

    artifact_id: UUID
    base_sha: str
    head_sha: str
    command: str
    files_changed: int
    lines_changed: int


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A run without an accepted result; `retry_seconds` overrides the class's own time."""

    failure: FailureClass
    reason: str
    retry_seconds: float | None = None
    test_command: str = ""
    output_tail: str = ""


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict about one head, stored as an artifact."""

    artifact_id: UUID
    head_sha: str


class FinishRun(Command, frozen=True, kw_only=True):
    """The holder ended its run with this result."""

    run_id: UUID
    epoch: int
    ending: str
    seconds: float
    usage: Usage
    steps: tuple[Step, ...]
    result: Accepted | Failed | Reviewed


class ReleaseRun(Command, frozen=True, kw_only=True):
    """The holder gives the claim back in order, and says what its agent consumed.

    `unfinished` is the work it hands over; `not_kept` is why there is none where it had begun.
    """

    run_id: UUID
    epoch: int
    reason: str
    usage: Usage
    unfinished: Unfinished | None = None
    not_kept: str = ""


class ExpireLease(Command, frozen=True, kw_only=True):
    """The database's clock says that the lease of this claim ran out."""

    run_id: UUID
    epoch: int


class IntendPush(Command, frozen=True, kw_only=True):
    """The conductor is about to push a run's commits."""

    run_id: UUID
    epoch: int
    branch: str
    old_sha: str | None
    new_sha: str


class KeepUnfinished(Command, frozen=True, kw_only=True):
    """The unfinished work of an interrupted run is at the head of the issue's branch."""

    run_id: UUID
    epoch: int
    head_sha: str


class DropCommits(Command, frozen=True, kw_only=True):
    """A run's commits no longer fit their branch, or unfinished ones may not be on it."""

    run_id: UUID
    epoch: int
    reason: str


class RefusePublish(Command, frozen=True, kw_only=True):
    """The policy on the diff, or GitHub, refused a run's commits."""

    run_id: UUID
    epoch: int
    failure: FailureClass
    reason: str
    retry_seconds: float | None = None


class RecordPullRequest(Command, frozen=True, kw_only=True):
    """The pull request exists, with a run's commits at its head."""

    run_id: UUID
    epoch: int
    pr: int
    url: str
    branch: str
    head_sha: str
    base_branch: str
    author_id: int
    adopted: bool
    gate_reasons: tuple[str, ...] = ()


class AbstainReview(Command, frozen=True, kw_only=True):
    """A stored verdict could not be posted as approval or request for changes."""

    run_id: UUID
    reason: str


class CiStatus(StrEnum):
    """What the checks at a head amount to."""

    GREEN = "green"
    RED = "red"
    PENDING = "pending"
    UNKNOWN = "unknown"


class ReviewSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A review as GitHub shows it.

    `allowed` says that the reviewer counts for the gate (never an author of the range); `human`
    that a person with write permission gave it.
    """

    id: int
    reviewer_id: int
    reviewer: str
    state: str
    commit_id: str
    allowed: bool
    human: bool
    summary: str = ""
    findings: tuple[FindingNote, ...] = ()


class ObservePullRequest(Command, frozen=True, kw_only=True):
    """What GitHub says of the pull request now.

    A merge is told here only where the rig kept no verdict for the head: without one it was
    somebody else's, whatever account it was made with. `behind` says that the repository wants the
    base merged into the branch first, although nothing conflicts.
    """

    pr: int
    open: bool
    merged: bool
    merged_by: str
    merge_sha: str | None
    closed_by: str
    head_sha: str
    base_sha: str
    conflict: bool
    behind: bool
    ci: CiStatus
    checks: tuple[CheckNote, ...]
    reviews: tuple[ReviewSeen, ...]


class RecordGate(Command, frozen=True, kw_only=True):
    """The gate was evaluated at this head and did not pass."""

    head_sha: str
    blockers: tuple[Blocker, ...]


class RecordMerge(Command, frozen=True, kw_only=True):
    """The head was merged by the conductor and found on the base branch."""

    pr: int
    head_sha: str
    merge_sha: str
    certificate: MergeCertificate


class Escalate(Command, frozen=True, kw_only=True):
    """A person has to act; the lane stays where it is."""

    reason: str
    who_must_act: str


class NoteIdle(Command, frozen=True, kw_only=True):
    """Nothing has moved the issue for longer than the orphan time.

    `last_change` is when it was last moved, as the caller saw it: a change since then has the last
    word.
    """

    last_change: datetime
    idle_seconds: float


class ReportSilence(Command, frozen=True, kw_only=True):
    """The lease of a run is alive, but its agent has shown nothing for too long."""

    run_id: UUID
    epoch: int
    silent_seconds: float


class NoteLate(Command, frozen=True, kw_only=True):
    """A part of the way takes longer than its timer allows, at this head."""

    what: str
    head_sha: str
    seconds: float


class RemindOfGate(Command, frozen=True, kw_only=True):
    """The person at the human gate of this head is to be reminded, for the `count`th time."""

    head_sha: str
    count: int


class RemindOfCall(Command, frozen=True, kw_only=True):
    """A called person who has not answered is to be told again; `calls` were made before."""

    calls: int


class OpenBreaker(Command, frozen=True, kw_only=True):
    """Something around the issue answers itself; only a person lets it go on."""

    reason: str


class RecordBaseCi(Command, frozen=True, kw_only=True):
    """What the checks at the rig's own merge commit amount to, once they do."""

    merge_sha: str
    green: bool
    checks: tuple[CheckNote, ...]


class Acknowledge(Command, frozen=True, kw_only=True):
    """An operator takes an escalation."""

    by: str


class Retry(Command, frozen=True, kw_only=True):
    """An operator sends a stopped issue back on its way."""

    reason: str
    by: str


class RaiseBudget(Command, frozen=True, kw_only=True):
    """An operator lets an issue cost more, in micro-dollars altogether."""

    cap_micro_usd: int
    reason: str
    by: str


class ApproveGate(Command, frozen=True, kw_only=True):
    """An operator clears the human gate for this head."""

    head_sha: str
    reason: str
    by: str


class Repair(Command, frozen=True, kw_only=True):
    """The reconciler gives a command that news from GitHub should have led to.

    If it leads to anything, GitHub was ahead of the rig, and that is recorded with it. `found` says
    in words what was seen.
    """

    command: Command
    found: str
