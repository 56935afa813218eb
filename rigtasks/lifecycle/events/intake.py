"""Events of intake: approved, refused, held, assigned, ended."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from rigtasks.lifecycle.events.base import Event
from rigtasks.routing.agent_config import AgentConfig


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment that belongs to the approved text: author and sanitised body."""

    author: str
    body: str


class IssueLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The caps an issue was approved under; they travel with it so that decisions replay."""

    max_attempts: int = 3
    max_review_loops: int = 3
    max_lost_runs: int = 5
    max_cost_micro_usd: int = 5_000_000


class IssueApproved(Event, frozen=True, kw_only=True):
    """A person with write permission labelled the issue; this text is what will run.

    `labelled_at` is GitHub's own time of the label, by which one that is set again is told.
    """

    type: ClassVar[str] = "ISSUE_APPROVED"

    ref: str
    repo_id: int
    repo: str
    number: int
    generation: int
    title: str
    body: str
    comments: tuple[Comment, ...] = ()
    task_digest: str
    approved_by_id: int
    approved_by: str
    labelled_at: datetime | None = None
    permission: str
    stack: str
    queue: str
    priority: int
    base_branch: str
    config: AgentConfig
    config_sha: str | None
    depends_on: tuple[str, ...] = ()
    limits: IssueLimits = IssueLimits()


class IssueRefused(Event, frozen=True, kw_only=True):
    """The issue will not be worked on; the sentence says what to do about it.

    `visible` tells whether the issue itself can carry the refusal.
    """

    type: ClassVar[str] = "ISSUE_REFUSED"

    ref: str
    repo_id: int
    repo: str
    number: int
    generation: int
    title: str
    code: str
    sentence: str
    who_must_act: str
    visible: bool = True


class IssueHeld(Event, frozen=True, kw_only=True):
    """An approved issue waits for something that is named.

    `blocking` keeps it from being claimed until intake has looked again; otherwise it only tells
    people, and the claim decides.
    """

    type: ClassVar[str] = "ISSUE_HELD"

    waits_for: str
    sentence: str
    blocking: bool


class IssueAssigned(Event, frozen=True, kw_only=True):
    """A worker claimed the issue for implementation; written by the claim itself."""

    type: ClassVar[str] = "ISSUE_ASSIGNED"

    run_id: UUID
    epoch: int
    agent: str
    holder: str
    queue: str


class IssueUnassigned(Event, frozen=True, kw_only=True):
    """The claim was taken back without a result, or what became of its commits.

    `unfinished_sha` is the head of the branch where the unfinished work of the run is on it.
    """

    type: ClassVar[str] = "ISSUE_UNASSIGNED"
    schema_version: ClassVar[int] = 2

    run_id: UUID
    epoch: int
    reason: str
    unfinished_sha: str | None = None


class IssueCancelled(Event, frozen=True, kw_only=True):
    """A person withdrew the issue: label removed, issue closed, or an operator."""

    type: ClassVar[str] = "ISSUE_CANCELLED"

    reason: str
    by: str


class IssueDone(Event, frozen=True, kw_only=True):
    """The issue's change is on the base branch and verified there."""

    type: ClassVar[str] = "ISSUE_DONE"

    merge_sha: str
    pr: int


class IssueOrphaned(Event, frozen=True, kw_only=True):
    """Nothing has moved the issue for longer than the orphan time."""

    type: ClassVar[str] = "ISSUE_ORPHANED"

    idle_seconds: float


class IssueNeedsHuman(Event, frozen=True, kw_only=True):
    """The rig cannot go on by itself; a named person must act."""

    type: ClassVar[str] = "ISSUE_NEEDS_HUMAN"

    reason: str
    who_must_act: str


class MilestoneComplete(Event, frozen=True, kw_only=True):
    """Every issue of a milestone is done."""

    type: ClassVar[str] = "MILESTONE_COMPLETE"
    stream_kind: ClassVar[str] = "rig"

    repo: str
    milestone: str
