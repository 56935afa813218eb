"""What escalations and operators do to the state."""

from msgspec.structs import replace

from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import acceptance, intake, liveness
from rigtasks.lifecycle.evolve.runs import resumed_lane
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import (
    IssueState,
    Lane,
    OperatorClearance,
    Overlay,
)

_MINUTE = 60.0


def escalated(
    state: IssueState, event: liveness.Escalated | intake.IssueNeedsHuman, stored: RecordedEvent
) -> IssueState:
    """Lay the call for a person over the lane."""
    return replace(
        state,
        overlay=Overlay.ESCALATED,
        reason=event.reason,
        who_must_act=event.who_must_act,
        calls=state.calls + 1 if state.overlay is not None else 1,
        called_at=stored.recorded_at,
        acknowledged=False,
    )


def orphaned(state: IssueState, _event: intake.IssueOrphaned, _: RecordedEvent) -> IssueState:
    """Note that nothing moves the issue."""
    return replace(state, orphaned=True)


def stuck(state: IssueState, event: liveness.AgentStuck, stored: RecordedEvent) -> IssueState:
    """Take the issue from a silent agent; a person has to find out why it was silent."""
    return replace(
        state,
        overlay=Overlay.STUCK,
        run=None,
        lane=resumed_lane(state),
        reason=f"its agent showed no progress for {event.silent_seconds / _MINUTE:.0f} min",
        who_must_act="an operator of the rig",
        calls=1,
        called_at=stored.recorded_at,
        acknowledged=False,
    )


def timed_out(state: IssueState, event: liveness.EnvelopeTimedOut, _: RecordedEvent) -> IssueState:
    """Note what took too long."""
    return replace(state, timed_out=event.what)


def reminded_of_gate(
    state: IssueState, event: acceptance.HumanGateReminder, stored: RecordedEvent
) -> IssueState:
    """Note when the person at the gate was reminded."""
    return replace(
        state,
        gate_reminders=event.count,
        gate_reminded_sha=event.head_sha,
        gate_reminded_at=stored.recorded_at,
    )


def acknowledged(
    state: IssueState, event: liveness.EscalationAcknowledged, _: RecordedEvent
) -> IssueState:
    """Note who took the escalation."""
    return replace(state, who_must_act=event.by, acknowledged=True)


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
        abstentions=0,
        interruptions=0,
        returns=0,
        cost_waived_runs=state.cost_unknown_runs,
        who_must_act=None,
        failure=None,
        refusal_code=None,
        reason="",
    )


def rerouted(state: IssueState, event: liveness.OperatorRerouted, _: RecordedEvent) -> IssueState:
    """Move the issue to another queue."""
    return replace(state, queue=event.queue)


def budget_raised(
    state: IssueState, event: liveness.OperatorBudgetRaised, _: RecordedEvent
) -> IssueState:
    """Raise the cap; a cost nobody knows is let pass.

    An issue that stopped for want of money goes on where it stopped, its counters as they were.
    """
    raised = replace(
        state,
        limits=replace(state.limits, max_cost_micro_usd=event.cap_micro_usd),
        cost_waived_runs=state.cost_unknown_runs,
    )
    if state.lane is not Lane.FAILED or state.failure is not FailureClass.BUDGET:
        return raised
    return replace(
        raised,
        lane=Lane.QUEUED if state.pr is None else Lane.CHANGES_REQUESTED,
        failure=None,
        reason="",
        who_must_act=None,
        retry_at=None,
    )


def gate_approved(
    state: IssueState, event: liveness.OperatorGateApproved, recorded: RecordedEvent
) -> IssueState:
    """Note that an operator looked."""
    clearance = OperatorClearance(head_sha=event.head_sha, by=event.by, at=recorded.recorded_at)
    return replace(state, operator_clearance=clearance)
