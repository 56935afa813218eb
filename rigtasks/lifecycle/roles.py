"""Which role may write which event. A worker can never write an approval or a merge."""

from rigtasks.errors import Permanent
from rigtasks.lifecycle.envelope import ActorKind
from rigtasks.lifecycle.events import EVENT_TYPES
from rigtasks.lifecycle.events.base import Event


class RoleViolation(Permanent):
    """A role tried to write an event that is not its to write."""


_RUN_REPORTS = frozenset(
    {
        "WORK_STARTED", "BRANCH_CREATED", "CLI_STARTED", "CLI_PROGRESS", "CLI_COMPLETED",
        "TESTS_PASSED", "TESTS_FAILED", "RUN_RELEASED", "RUN_FAILED", "ISSUE_FAILED",
        "TOKEN_USAGE", "BUDGET_WARNING", "BUDGET_EXCEEDED", "GUARD_BLOCKED", "HEARTBEAT",
        "AGENT_QUOTA_REPORTED", "ESCALATED", "MEMORY_WRITE", "MEMORY_READ", "MEMORY_HIT_USED",
    }
)  # fmt: skip
_CLAIMS = frozenset({"ISSUE_ASSIGNED", "REVIEW_ASSIGNED"})
_OPERATOR = frozenset(name for name in EVENT_TYPES if name.startswith("OPERATOR_")) | {
    "BREAK_GLASS_MERGE", "ESCALATION_ACKNOWLEDGED", "ISSUE_CANCELLED", "HUMAN_GATE_CLEARED",
    "TOKEN_USAGE",
}  # fmt: skip
_CLOCK = frozenset(
    {
        "LEASE_EXPIRED", "RUN_LOST", "TOKEN_USAGE", "AGENT_STUCK", "ESCALATED", "ISSUE_ORPHANED",
        "ISSUE_NEEDS_HUMAN", "ENVELOPE_TIMED_OUT", "HUMAN_GATE_REMINDER", "STATE_REPAIRED",
    }
)  # fmt: skip

MAY_WRITE: dict[ActorKind, frozenset[str]] = {
    ActorKind.CONDUCTOR: frozenset(EVENT_TYPES) - _RUN_REPORTS - _CLAIMS - _OPERATOR
    | {"RUN_FAILED", "ISSUE_FAILED", "ISSUE_CANCELLED", "HUMAN_GATE_CLEARED", "ESCALATED"}
    | {"TOKEN_USAGE"},
    ActorKind.WORKER: _RUN_REPORTS | {"ISSUE_ASSIGNED"},
    ActorKind.REVIEWER: _RUN_REPORTS | {"REVIEW_ASSIGNED"},
    ActorKind.GITHUB: frozenset(),
    ActorKind.OPERATOR: _OPERATOR,
    ActorKind.CLOCK: _CLOCK,
}


def check(actor: ActorKind, event: Event) -> None:
    """Let the event pass if the role may write it.

    Raises:
        RoleViolation: it may not.
    """
    if event.type not in MAY_WRITE[actor]:
        raise RoleViolation(f"{actor} may not write {event.type}")
