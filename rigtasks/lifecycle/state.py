"""The state of one issue, folded from its stream."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from rigtasks.lifecycle.events.base import Blocker, FindingNote
from rigtasks.lifecycle.events.intake import Comment, IssueLimits
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.routing.agent_config import AgentConfig


class Lane(StrEnum):
    """Where an issue stands on its way."""

    QUEUED = "queued"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    READY_TO_MERGE = "ready_to_merge"
    IN_DEPLOY = "in_deploy"
    DEPLOYED = "deployed"
    FAILED = "failed"
    DONE = "done"
    CANCELLED = "cancelled"


class Overlay(StrEnum):
    """What interrupts a lane without leaving it."""

    STUCK = "stuck"
    ESCALATED = "escalated"


class Stage(StrEnum):
    """The kind of work a claim is for."""

    IMPLEMENT = "implement"
    REVIEW = "review"


class FeedbackKind(StrEnum):
    """Why the issue went back to its branch."""

    REVIEW = "review"
    CI = "ci"
    CONFLICT = "conflict"
    TESTS = "tests"


#: The lanes that nothing leaves; a relabelled issue starts a new generation of its stream.
TERMINAL = frozenset({Lane.DONE, Lane.CANCELLED})
#: The lanes whose next work is an implementation.
_TO_IMPLEMENT = (Lane.QUEUED, Lane.CHANGES_REQUESTED)


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What the next run on the same branch has to answer."""

    kind: FeedbackKind
    head_sha: str | None
    text: str
    findings: tuple[FindingNote, ...] = ()


class ActiveRun(msgspec.Struct, frozen=True, kw_only=True):
    """The run that holds the issue now, with the calls of its agent that were begun."""

    run_id: UUID
    epoch: int
    stage: Stage
    agent: str
    holder: str
    started_at: datetime
    start_sha: str | None = None
    calls: int = 0
    call_micro_usd: int | None = None

    @property
    def cost_so_far(self) -> int | None:
        """Return what the begun calls cost when nobody reports it; None where nobody knows."""
        if self.calls == 0:
            return 0
        return None if self.call_micro_usd is None else self.calls * self.call_micro_usd


class PendingPublish(msgspec.Struct, frozen=True, kw_only=True):
    """Commits that wait for the conductor to push them: they passed the tests, or are unfinished.

    `start_sha` is the head of the branch they were made on, None where they begin it.
    """

    run_id: UUID
    epoch: int
    artifact_id: UUID
    base_sha: str
    head_sha: str
    start_sha: str | None = None
    unfinished: bool = False


class UnfinishedWork(msgspec.Struct, frozen=True, kw_only=True):
    """What interrupted runs left at the head of the branch: nothing to review, nothing to merge.

    `since_sha` is the commit the first of them began at. What others push onto it is part of it:
    a merge of the base or a bot's fix finishes nothing. Once somebody closes the pull request it
    is `abandoned`: it is still no finished work, but the next run begins anew.
    """

    head_sha: str
    since_sha: str
    abandoned: bool = False


class PendingReview(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict that waits for the conductor to post it."""

    run_id: UUID
    epoch: int
    artifact_id: UUID
    head_sha: str


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The pull request of the issue, as the stream knows it."""

    number: int
    url: str
    author_id: int


class OperatorClearance(msgspec.Struct, frozen=True, kw_only=True):
    """The human gate as an operator cleared it, for one head.

    Unlike a review, which counts only while it stands on GitHub, nothing takes it back.
    """

    head_sha: str
    by: str
    at: datetime


class IssueState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a decision about one issue may depend on.

    `hold` tells people what an approved issue waits for; only a blocking one keeps it from being
    claimed, until intake has looked again.
    `failure` is why a failed issue stopped, None where it was refused.
    `interruptions` are the runs in a row that something around them ended.
    `returns` are the times that a conflict or a closed pull request brought finished work back.
    `cost_waived_runs` are the runs of unknown cost that an operator let pass.
    `config_sha` is the file the work was begun under; `reapproved_config_sha` the one that a person
    approved since by setting the label again.
    `orphaned` holds until anything else happens.
    `provider` is whose agent worked on it last.
    `timed_out` is what took too long last, so that it is said once for a head.
    `unfinished` is what interrupted runs left, until finished work follows.
    `calls` are how often a person was called for what interrupts the lane now.
    Built only by `evolve`. Facts of acceptance are keyed by head: `ci_sha`, `review_sha` and
    `gate_cleared_sha` say for which commit they hold, so a push makes all of them stale at once.
    """

    ref: str
    repo_id: int
    repo: str
    number: int
    generation: int
    title: str
    lane: Lane
    entered_at: datetime
    updated_at: datetime
    overlay: Overlay | None = None
    approved_at: datetime | None = None
    labelled_at: datetime | None = None
    body: str = ""
    comments: tuple[Comment, ...] = ()
    task_digest: str = ""
    approved_by: str = ""
    stack: str = ""
    queue: str = ""
    priority: int = 2
    base_branch: str = ""
    config: AgentConfig | None = None
    config_sha: str | None = None
    reapproved_config_sha: str | None = None
    depends_on: tuple[str, ...] = ()
    limits: IssueLimits = IssueLimits()
    hold: str | None = None
    hold_sentence: str = ""
    hold_blocks: bool = False
    reason: str = ""
    failure: FailureClass | None = None
    refusal_code: str | None = None
    refusal_visible: bool = True
    who_must_act: str | None = None
    epoch: int = 0
    provider: str | None = None
    run: ActiveRun | None = None
    publish: PendingPublish | None = None
    verdict: PendingReview | None = None
    retry_at: datetime | None = None
    attempts: int = 0
    lost_runs: int = 0
    review_loops: int = 0
    abstentions: int = 0
    interruptions: int = 0
    returns: int = 0
    runs: int = 0
    feedback: Feedback | None = None
    branch: str | None = None
    base_sha: str | None = None
    head_sha: str | None = None
    push_intent_sha: str | None = None
    unfinished: UnfinishedWork | None = None
    pr: PullRequest | None = None
    ci_sha: str | None = None
    ci_green: bool | None = None
    review_sha: str | None = None
    review_id: int | None = None
    last_dispute_id: int = 0
    gate_reasons: tuple[str, ...] = ()
    gate_sha: str | None = None
    gate_cleared_sha: str | None = None
    operator_clearance: OperatorClearance | None = None
    blockers: tuple[Blocker, ...] = ()
    blockers_sha: str | None = None
    merge_sha: str | None = None
    orphaned: bool = False
    timed_out: str = ""
    gate_reminders: int = 0
    gate_reminded_sha: str | None = None
    gate_reminded_at: datetime | None = None
    calls: int = 0
    called_at: datetime | None = None
    acknowledged: bool = False
    cost_micro_usd: int = 0
    cost_unknown_runs: int = 0
    cost_waived_runs: int = 0
    tokens: int = 0

    @property
    def stream(self) -> str:
        """Return the key of its stream."""
        return stream_name(self.repo_id, self.number, self.generation)

    @property
    def shown(self) -> str:
        """Return the state a person sees: the overlay where there is one, else the lane."""
        return str(self.overlay or self.lane)

    @property
    def terminal(self) -> bool:
        """Say whether nothing but notes may follow."""
        return self.lane in TERMINAL

    @property
    def spent_micro_usd(self) -> int | None:
        """Return what the runs have cost; None where nobody knows and no operator let it pass."""
        return self.cost_micro_usd if self.cost_unknown_runs <= self.cost_waived_runs else None

    @property
    def waits_for_person(self) -> bool:
        """Say whether nothing moves the issue on but a person."""
        return self.overlay is not None or self.lane is Lane.FAILED

    @property
    def wanted_stage(self) -> Stage | None:
        """Return the stage a worker may claim now, times and admission aside."""
        if self.overlay is not None or self.run is not None or self.hold_blocks:
            return None
        if self.publish is not None:
            return None
        if self.lane in _TO_IMPLEMENT:
            return Stage.IMPLEMENT
        reviewed = self.verdict is not None or self.review_sha == self.head_sha
        if self.lane is Lane.IN_REVIEW and self.pr is not None and not reviewed:
            return Stage.REVIEW
        return None

    @property
    def wanted_queue(self) -> str | None:
        """Return the queue whose workers may claim the issue now."""
        match self.wanted_stage:
            case Stage.IMPLEMENT:
                return self.queue
            case Stage.REVIEW:
                return "review-e"
            case None:
                return None


def stream_name(repo_id: int, number: int, generation: int) -> str:
    """Return the key of an issue's stream; it survives renames and transfers of the name."""
    return f"issue:{repo_id}:{number}:{generation}"
