"""What escalations and operators do to the state."""

from msgspec.structs import replace

from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import intake, liveness
from rigtasks.lifecycle.evolve.runs import resumed_lane
from rigtasks.lifecycle.state import (
    IssueState,
    Lane,
    OperatorClearance,
    Overlay,
)


def escalated(
    state: IssueState, event: liveness.Escalated | intake.IssueNeedsHuman, _: RecordedEvent
) -> IssueState:
    """Lay the call for a person over the lane."""
    return replace(
        state, overlay=Overlay.ESCALATED, reason=event.reason, who_must_act=event.who_must_act
    )


def orphaned(state: IssueState, _event: intake.IssueOrphaned, _: RecordedEvent) -> IssueState:
    """Note that nothing moves the issue."""
    return replace(state, orphaned=True)


def stuck(state: IssueState, _event: liveness.AgentStuck, _: RecordedEvent) -> IssueState:
    """Take the issue from a silent agent."""
    return replace(state, overlay=Overlay.STUCK, run=None, lane=resumed_lane(state))


def acknowledged(
    state: IssueState, event: liveness.EscalationAcknowledged, _: RecordedEvent
) -> IssueState:
    """Note who took the escalation."""
    return replace(state, who_must_act=event.by)


def retried(state: IssueState, _event: liveness.OperatorRetried, _: RecordedEvent) -> IssueState:
    """Send the issue back on its way with fresh counters; a cost nobody knows is let pass.

    A hold that blocks stays: intake alone lifts it, once what the issue waits for has come.
    """
    lane = Lane.CHANGES_REQUESTED if state.pr is not None else Lane.QUEUED
    held = state.hold_blocks
    return replace(
        state,
        lane=lane if state.lane is Lane.FAILED else state.lane,
        overlay=None,
        hold=state.hold if held else None,
        hold_sentence=state.hold_sentence if held else "",
        retry_at=None,
        attempts=0,
        lost_runs=0,
        review_loops=0,
        conflicts=0,
        abstentions=0,
        interruptions=0,
        cost_waived_runs=state.cost_unknown_runs,
        who_must_act=None,
        refusal_code=None,
        reason="",
    )


def rerouted(state: IssueState, event: liveness.OperatorRerouted, _: RecordedEvent) -> IssueState:
    """Move the issue to another queue."""
    return replace(state, queue=event.queue)


def budget_raised(
    state: IssueState, event: liveness.OperatorBudgetRaised, _: RecordedEvent
) -> IssueState:
    """Raise the cap; a cost nobody knows is let pass."""
    return replace(
        state,
        limits=replace(state.limits, max_cost_micro_usd=event.cap_micro_usd),
        cost_waived_runs=state.cost_unknown_runs,
    )


def gate_approved(
    state: IssueState, event: liveness.OperatorGateApproved, recorded: RecordedEvent
) -> IssueState:
    """Note that an operator looked."""
    clearance = OperatorClearance(head_sha=event.head_sha, by=event.by, at=recorded.recorded_at)
    return replace(state, operator_clearance=clearance)
