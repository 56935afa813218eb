"""Events of the work itself: runs, tests, pushes, pull requests."""

from typing import ClassVar
from uuid import UUID

import msgspec

from rigtasks.lifecycle.events.base import Event, Step, Usage
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.routing.agent_config import AgentConfig


class WorkStarted(Event, frozen=True, kw_only=True):
    """The worker that holds the claim began, under the repository's file as it is on the base."""

    type: ClassVar[str] = "WORK_STARTED"

    run_id: UUID
    epoch: int
    base_sha: str
    isolation: str
    config: AgentConfig
    config_sha: str | None
    head_sha: str | None = None


class BranchCreated(Event, frozen=True, kw_only=True):
    """The branch of the issue exists in the checkout; the name is final."""

    type: ClassVar[str] = "BRANCH_CREATED"

    run_id: UUID
    branch: str
    base_sha: str


class CliStarted(Event, frozen=True, kw_only=True):
    """The agent process was started.

    `call_micro_usd` is what one call costs, None where that is not known beforehand.
    """

    type: ClassVar[str] = "CLI_STARTED"

    run_id: UUID
    provider: str
    model: str | None = None
    isolation: str
    call_micro_usd: int | None = None


class CliProgress(Event, frozen=True, kw_only=True):
    """A run goes on; `kind` is what went back to the agent (tests, build, conflict) or `note`."""

    type: ClassVar[str] = "CLI_PROGRESS"

    run_id: UUID
    kind: str
    message: str


class CliCompleted(Event, frozen=True, kw_only=True):
    """The agent's part of a run ended; a review run names the artifact with its verdict."""

    type: ClassVar[str] = "CLI_COMPLETED"

    run_id: UUID
    epoch: int
    stage: str
    ending: str
    seconds: float
    usage: Usage
    steps: tuple[Step, ...] = ()
    artifact_id: UUID | None = None
    head_sha: str | None = None


class TestsPassed(Event, frozen=True, kw_only=True):
    """The repository's own commands were green on these commits, which wait to be published."""

    type: ClassVar[str] = "TESTS_PASSED"

    run_id: UUID
    epoch: int
    base_sha: str
    head_sha: str
    artifact_id: UUID
    command: str
    files_changed: int
    lines_changed: int


class TestsFailed(Event, frozen=True, kw_only=True):
    """The repository's own commands were red when the run ended."""

    type: ClassVar[str] = "TESTS_FAILED"

    run_id: UUID
    epoch: int
    command: str
    output_tail: str


class PushIntent(Event, frozen=True, kw_only=True):
    """The conductor is about to move the branch from the old to the new commit."""

    type: ClassVar[str] = "PUSH_INTENT"

    run_id: UUID
    epoch: int
    branch: str
    old_sha: str | None
    new_sha: str


class Unfinished(msgspec.Struct, frozen=True, kw_only=True):
    """One commit with what an interrupted run had changed so far, stored as a bundle."""

    artifact_id: UUID
    base_sha: str
    head_sha: str


class RunReleased(Event, frozen=True, kw_only=True):
    """The holder gave the claim back in order; `retry_seconds` count from the event's own time.

    Nobody may claim the issue before `unfinished` is on its branch, or an `ISSUE_UNASSIGNED` says
    why it is not. `not_kept` is why a run that had begun handed nothing over.
    """

    type: ClassVar[str] = "RUN_RELEASED"
    schema_version: ClassVar[int] = 2

    run_id: UUID
    epoch: int
    reason: str
    retry_seconds: float = 0.0
    unfinished: Unfinished | None = None
    not_kept: str = ""


class RunFailed(Event, frozen=True, kw_only=True):
    """A run ended without an accepted result.

    `retry_seconds` counts from the event's own time; None means that a person must act.
    """

    type: ClassVar[str] = "RUN_FAILED"

    run_id: UUID
    epoch: int
    stage: str
    failure: FailureClass
    reason: str
    retry_seconds: float | None
    output_tail: str = ""


class RunLost(Event, frozen=True, kw_only=True):
    """A run's holder vanished and its lease expired."""

    type: ClassVar[str] = "RUN_LOST"

    run_id: UUID
    epoch: int
    stage: str


class IssueFailed(Event, frozen=True, kw_only=True):
    """The issue stopped; a named person can act and retry."""

    type: ClassVar[str] = "ISSUE_FAILED"

    failure: FailureClass
    reason: str
    who_must_act: str


class PrCreated(Event, frozen=True, kw_only=True):
    """The pull request of the issue exists on GitHub."""

    type: ClassVar[str] = "PR_CREATED"

    pr: int
    url: str
    branch: str
    head_sha: str
    base_branch: str
    author_id: int
    adopted: bool = False


class PrUpdated(Event, frozen=True, kw_only=True):
    """The head of the pull request moved."""

    type: ClassVar[str] = "PR_UPDATED"

    pr: int
    head_sha: str
    by_rig: bool


class PrClosed(Event, frozen=True, kw_only=True):
    """The pull request was closed without being merged."""

    type: ClassVar[str] = "PR_CLOSED"

    pr: int
    by: str
