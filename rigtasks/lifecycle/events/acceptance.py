"""Events of CI, review, the human gate and the merge."""

from typing import ClassVar
from uuid import UUID

from rigtasks.gate.certificate import MergeCertificate
from rigtasks.lifecycle.events.base import Blocker, CheckNote, Event, FindingNote


class CiPassed(Event, frozen=True, kw_only=True):
    """Every required check was green at this head."""

    type: ClassVar[str] = "CI_PASSED"

    head_sha: str
    checks: tuple[CheckNote, ...]


class CiFailed(Event, frozen=True, kw_only=True):
    """At least one required check was red at this head."""

    type: ClassVar[str] = "CI_FAILED"

    head_sha: str
    checks: tuple[CheckNote, ...]


class ReviewAssigned(Event, frozen=True, kw_only=True):
    """A reviewer claimed the pull request at this head; written by the claim itself."""

    type: ClassVar[str] = "REVIEW_ASSIGNED"

    run_id: UUID
    epoch: int
    agent: str
    holder: str
    queue: str


class ReviewPassed(Event, frozen=True, kw_only=True):
    """GitHub shows an approval by an allowed reviewer at this head."""

    type: ClassVar[str] = "REVIEW_PASSED"

    review_id: int
    head_sha: str
    reviewer_id: int
    reviewer: str


class ReviewDisputed(Event, frozen=True, kw_only=True):
    """GitHub shows that a reviewer asked for changes at this head."""

    type: ClassVar[str] = "REVIEW_DISPUTED"

    review_id: int
    head_sha: str
    reviewer_id: int
    reviewer: str
    summary: str
    findings: tuple[FindingNote, ...] = ()


class ReviewAbstained(Event, frozen=True, kw_only=True):
    """The reviewer gave no verdict; the review is dispatched again, then escalated."""

    type: ClassVar[str] = "REVIEW_ABSTAINED"

    run_id: UUID
    reason: str


class ReviewLoopExceeded(Event, frozen=True, kw_only=True):
    """The cap of review rounds is reached."""

    type: ClassVar[str] = "REVIEW_LOOP_EXCEEDED"

    loops: int


class HumanGateTriggered(Event, frozen=True, kw_only=True):
    """A person has to look at this head before it may merge."""

    type: ClassVar[str] = "HUMAN_GATE_TRIGGERED"

    head_sha: str
    reasons: tuple[str, ...]


class HumanGateReminder(Event, frozen=True, kw_only=True):
    """The person was reminded."""

    type: ClassVar[str] = "HUMAN_GATE_REMINDER"

    head_sha: str
    count: int


class HumanGateCleared(Event, frozen=True, kw_only=True):
    """A person with write permission approved this head."""

    type: ClassVar[str] = "HUMAN_GATE_CLEARED"

    head_sha: str
    by_id: int
    by: str


class MergeGateWaiting(Event, frozen=True, kw_only=True):
    """The gate was asked and these rules did not hold at this head."""

    type: ClassVar[str] = "MERGE_GATE_WAITING"

    head_sha: str
    blockers: tuple[Blocker, ...]


class MergeConflict(Event, frozen=True, kw_only=True):
    """The branch does not merge as it is: it conflicts with its base, or must contain it first."""

    type: ClassVar[str] = "MERGE_CONFLICT"

    head_sha: str
    base_sha: str


class Merged(Event, frozen=True, kw_only=True):
    """The rig merged this head, verified on the base branch, with its certificate."""

    type: ClassVar[str] = "MERGED"

    pr: int
    head_sha: str
    merge_sha: str
    certificate: MergeCertificate


class MergeOutsideRig(Event, frozen=True, kw_only=True):
    """Somebody else merged the pull request."""

    type: ClassVar[str] = "MERGE_OUTSIDE_RIG"

    pr: int
    head_sha: str
    merge_sha: str
    by: str


class DeployedStaging(Event, frozen=True, kw_only=True):
    """The change runs on staging."""

    type: ClassVar[str] = "DEPLOYED_STAGING"

    merge_sha: str
    url: str


class SmokePassed(Event, frozen=True, kw_only=True):
    """The smoke test of a deployment passed."""

    type: ClassVar[str] = "SMOKE_PASSED"

    merge_sha: str


class SmokeFailed(Event, frozen=True, kw_only=True):
    """The smoke test of a deployment failed."""

    type: ClassVar[str] = "SMOKE_FAILED"

    merge_sha: str
    detail: str


class E2ePassed(Event, frozen=True, kw_only=True):
    """The end-to-end test of a deployment passed."""

    type: ClassVar[str] = "E2E_PASSED"

    merge_sha: str


class E2eFailed(Event, frozen=True, kw_only=True):
    """The end-to-end test of a deployment failed."""

    type: ClassVar[str] = "E2E_FAILED"

    merge_sha: str
    detail: str


class DeployedProduction(Event, frozen=True, kw_only=True):
    """The change runs in production."""

    type: ClassVar[str] = "DEPLOYED_PRODUCTION"

    merge_sha: str
    url: str


class Verified(Event, frozen=True, kw_only=True):
    """The change was seen working in production."""

    type: ClassVar[str] = "VERIFIED"

    merge_sha: str
    by: str
