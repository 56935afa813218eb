"""What intake can decide: six typed answers, each with its outcome in words."""

from enum import StrEnum

import msgspec

from rigtasks.routing.agent_config import AgentConfig
from rigtasks.routing.dependencies import Dependency
from rigtasks.routing.labels import Priority
from rigtasks.routing.stack import Queue, Stack
from rigtasks.routing.task_text import FrozenTask


class RefusalCode(StrEnum):
    """Why an issue is refused; the order is the order in which reasons are looked at."""

    RIG_INTERNAL = "rig_internal"
    ARCHIVED = "archived"
    IS_PULL_REQUEST = "is_pull_request"
    UNTRUSTED = "untrusted"
    ALREADY_CLOSED = "already_closed"
    EDITED_AFTER_LABEL = "edited_after_label"
    EMPTY_TASK = "empty_task"
    ALREADY_SOLVED = "already_solved"
    OPEN_PULL_REQUEST = "open_pull_request"
    CONFIG_INVALID = "config_invalid"
    TOOL_NOT_ALLOWED = "tool_not_allowed"
    NO_STACK = "no_stack"
    AMBIGUOUS_STACK = "ambiguous_stack"
    NO_ELIGIBLE_WORKER = "no_eligible_worker"


class WaitsFor(StrEnum):
    """What an approved issue waits for before it can be claimed."""

    PAUSE = "pause"
    PROVIDER = "provider"
    DEPENDENCY = "dependency"
    ELIGIBLE_WORKER = "no eligible worker"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where an issue goes and under which terms.

    `base_branch` is None for the repository's default branch; `config_blob_sha` is None where the
    repository has no file; `digest` is the frozen task's.
    """

    queue: Queue
    stack: Stack
    priority: Priority
    base_branch: str | None
    config: AgentConfig
    config_blob_sha: str | None
    digest: str
    dependencies: tuple[Dependency, ...]
    large_pr_ok: bool


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Why a person is asked before an agent starts; the label set again by one is the answer.

    `labelled_by_person` says whether a person set the label in force.
    """

    sentence: str
    labelled_by_person: bool


class Admit(msgspec.Struct, frozen=True, kw_only=True, tag="admit"):
    """The issue is approved and claimable in this generation of its stream.

    With a `question` nobody may claim it until a person has answered.
    """

    route: Route
    task: FrozenTask
    generation: int
    question: Question | None = None

    @property
    def outcome(self) -> str:
        """Say what happened to the delivery."""
        return f"routed to {self.route.queue}"


class Hold(msgspec.Struct, frozen=True, kw_only=True, tag="hold"):
    """The issue is approved and waits; `sentence` says for what and who can end it."""

    waits_for: WaitsFor
    sentence: str
    route: Route
    task: FrozenTask
    generation: int
    question: Question | None = None

    @property
    def outcome(self) -> str:
        """Say what happened to the delivery."""
        return f"held: {self.sentence}"


class Adopt(msgspec.Struct, frozen=True, kw_only=True, tag="adopt"):
    """The rig's own open pull request for this issue is taken up again."""

    pull_request: int
    route: Route
    task: FrozenTask
    generation: int

    @property
    def outcome(self) -> str:
        """Say what happened to the delivery."""
        return f"adopted: pull request #{self.pull_request} is already open for this issue"


class Refuse(msgspec.Struct, frozen=True, kw_only=True, tag="refuse"):
    """The issue is not taken; `sentence` says why and what to do.

    `visible` tells whether a comment on the issue must say so; an archived repository takes none.
    """

    code: RefusalCode
    sentence: str
    visible: bool = True

    @property
    def outcome(self) -> str:
        """Say what happened to the delivery."""
        return f"refused: {self.sentence}"


class Ignore(msgspec.Struct, frozen=True, kw_only=True, tag="ignore"):
    """There is nothing to do; `reason` goes to the ledger only."""

    reason: str

    @property
    def outcome(self) -> str:
        """Say what happened to the delivery."""
        return f"ignored: {self.reason}"


class Supersede(msgspec.Struct, frozen=True, kw_only=True, tag="supersede"):
    """The label was taken off and set again on another text: work on the old one ends first."""

    generation: int

    @property
    def outcome(self) -> str:
        """Say what happened to the delivery."""
        return "cancelled: the text was changed and the label set again"


IntakeDecision = Admit | Hold | Adopt | Refuse | Supersede | Ignore
