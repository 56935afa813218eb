"""Events of liveness, money, safety, memory and operators."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from rigtasks.lifecycle.events.base import Event, Usage


class Heartbeat(Event, frozen=True, kw_only=True):
    """An agent is alive; kept in a table of its own, never in an issue's stream."""

    type: ClassVar[str] = "HEARTBEAT"
    stream_kind: ClassVar[str] = "agent"

    agent: str
    holder: str
    run_id: UUID | None = None
    version: str
    config_hash: str


class LeaseExpired(Event, frozen=True, kw_only=True):
    """The lease of this claim ran out by the database's clock."""

    type: ClassVar[str] = "LEASE_EXPIRED"

    run_id: UUID
    epoch: int
    holder: str


class AgentStuck(Event, frozen=True, kw_only=True):
    """A live agent showed no progress for longer than allowed."""

    type: ClassVar[str] = "AGENT_STUCK"

    run_id: UUID
    silent_seconds: float


class AgentQuotaReported(Event, frozen=True, kw_only=True):
    """A provider told how much of its quota is left or when it resets."""

    type: ClassVar[str] = "AGENT_QUOTA_REPORTED"
    stream_kind: ClassVar[str] = "agent"

    agent: str
    provider: str
    remaining_percent: float | None
    resets_in_seconds: float | None


class Escalated(Event, frozen=True, kw_only=True):
    """A person was told that the issue needs them."""

    type: ClassVar[str] = "ESCALATED"

    reason: str
    who_must_act: str


class EscalationAcknowledged(Event, frozen=True, kw_only=True):
    """A person took the escalation."""

    type: ClassVar[str] = "ESCALATION_ACKNOWLEDGED"

    by: str


class StateRepaired(Event, frozen=True, kw_only=True):
    """The reconciler found GitHub ahead of the rig and says what it changed."""

    type: ClassVar[str] = "STATE_REPAIRED"

    what: str


class EnvelopeTimedOut(Event, frozen=True, kw_only=True):
    """A part of the way took longer than its timer allows."""

    type: ClassVar[str] = "ENVELOPE_TIMED_OUT"

    what: str
    seconds: float


class TokenUsage(Event, frozen=True, kw_only=True):
    """Tokens and cost of a run, as settled."""

    type: ClassVar[str] = "TOKEN_USAGE"

    run_id: UUID
    agent: str
    usage: Usage


class BudgetWarning(Event, frozen=True, kw_only=True):
    """A budget is nearly used."""

    type: ClassVar[str] = "BUDGET_WARNING"

    scope: str
    spent_micro_usd: int
    cap_micro_usd: int


class BudgetExceeded(Event, frozen=True, kw_only=True):
    """A budget is used up; the work is saved."""

    type: ClassVar[str] = "BUDGET_EXCEEDED"

    scope: str
    spent_micro_usd: int
    cap_micro_usd: int
    reason: str = ""


class GuardBlocked(Event, frozen=True, kw_only=True):
    """The guard stopped something the agent tried."""

    type: ClassVar[str] = "GUARD_BLOCKED"

    run_id: UUID
    rule: str
    detail: str


class TamperDetected(Event, frozen=True, kw_only=True):
    """A change weakens tests, CI or the rig's own rules."""

    type: ClassVar[str] = "TAMPER_DETECTED"

    run_id: UUID
    head_sha: str
    reasons: tuple[str, ...]


class MemoryWrite(Event, frozen=True, kw_only=True):
    """A memory was written."""

    type: ClassVar[str] = "MEMORY_WRITE"
    stream_kind: ClassVar[str] = "memory"

    memory_id: UUID
    run_id: UUID | None
    title: str


class MemoryRead(Event, frozen=True, kw_only=True):
    """Memories were read by a run."""

    type: ClassVar[str] = "MEMORY_READ"
    stream_kind: ClassVar[str] = "memory"

    run_id: UUID | None
    memory_ids: tuple[UUID, ...]


class MemoryHitUsed(Event, frozen=True, kw_only=True):
    """A run said that a memory helped."""

    type: ClassVar[str] = "MEMORY_HIT_USED"
    stream_kind: ClassVar[str] = "memory"

    memory_id: UUID
    run_id: UUID | None


class OperatorPaused(Event, frozen=True, kw_only=True):
    """An operator stopped a scope: the rig, a repository, an issue or a provider.

    `until` is when it goes on by itself; None means that an operator has to resume it.
    """

    type: ClassVar[str] = "OPERATOR_PAUSED"
    stream_kind: ClassVar[str] = "rig"

    scope: str
    reason: str
    by: str
    until: datetime | None = None


class OperatorResumed(Event, frozen=True, kw_only=True):
    """An operator lifted a stop."""

    type: ClassVar[str] = "OPERATOR_RESUMED"
    stream_kind: ClassVar[str] = "rig"

    scope: str
    by: str


class OperatorRetried(Event, frozen=True, kw_only=True):
    """An operator sent a stopped issue back to the queue."""

    type: ClassVar[str] = "OPERATOR_RETRIED"

    reason: str
    by: str


class OperatorRerouted(Event, frozen=True, kw_only=True):
    """An operator moved the issue to another queue."""

    type: ClassVar[str] = "OPERATOR_REROUTED"

    queue: str
    reason: str
    by: str


class OperatorGateApproved(Event, frozen=True, kw_only=True):
    """An operator cleared the human gate for a head."""

    type: ClassVar[str] = "OPERATOR_GATE_APPROVED"

    head_sha: str
    reason: str
    by: str


class OperatorBudgetRaised(Event, frozen=True, kw_only=True):
    """An operator raised the issue's budget."""

    type: ClassVar[str] = "OPERATOR_BUDGET_RAISED"

    cap_micro_usd: int
    reason: str
    by: str


class OperatorNote(Event, frozen=True, kw_only=True):
    """An operator left a note for the agent's next turn."""

    type: ClassVar[str] = "OPERATOR_NOTE"

    text: str
    by: str


class BreakGlassMerge(Event, frozen=True, kw_only=True):
    """An administrator merged past the gate, with a reason, on the record."""

    type: ClassVar[str] = "BREAK_GLASS_MERGE"

    pr: int
    head_sha: str
    merge_sha: str
    reason: str
    by: str
