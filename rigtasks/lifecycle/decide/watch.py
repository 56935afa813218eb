"""Decisions about what watchers found: each is said once, whoever finds it how often."""

from rigtasks.lifecycle.commands import (
    Acknowledge,
    NoteLate,
    OpenBreaker,
    RecordBaseCi,
    RemindOfCall,
    RemindOfGate,
    ReportSilence,
)
from rigtasks.lifecycle.events.acceptance import CiFailed, CiPassed, HumanGateReminder
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.intake import IssueNeedsHuman
from rigtasks.lifecycle.events.liveness import (
    AgentStuck,
    EnvelopeTimedOut,
    Escalated,
    EscalationAcknowledged,
)
from rigtasks.lifecycle.state import IssueState

#: Who closes a breaker.
BREAKER_NEEDS = "an operator of the rig: stop what feeds it, then rig issue resume"


def report_silence(command: ReportSilence, state: IssueState | None) -> tuple[Event, ...]:
    """Take the issue from an agent that is alive and shows nothing."""
    if state is None or state.run is None or state.epoch != command.epoch:
        return ()
    if state.run.run_id != command.run_id:
        return ()
    return (AgentStuck(run_id=command.run_id, silent_seconds=command.silent_seconds),)


def note_late(command: NoteLate, state: IssueState | None) -> tuple[Event, ...]:
    """Say what takes too long, once for each head."""
    if state is None or state.terminal or state.overlay is not None or state.run is not None:
        return ()
    if state.head_sha != command.head_sha or state.timed_out == command.what:
        return ()
    return (EnvelopeTimedOut(what=command.what, seconds=command.seconds),)


def remind_of_gate(command: RemindOfGate, state: IssueState | None) -> tuple[Event, ...]:
    """Remind the person at the human gate; the same reminder twice says nothing."""
    if state is None or state.terminal or state.head_sha != command.head_sha:
        return ()
    told = state.gate_reminders if state.gate_reminded_sha == command.head_sha else 0
    if state.gate_cleared_sha == command.head_sha or command.count != told + 1:
        return ()
    return (HumanGateReminder(head_sha=command.head_sha, count=command.count),)


def remind_of_call(command: RemindOfCall, state: IssueState | None) -> tuple[Event, ...]:
    """Tell a called person again, unless somebody did or it was answered."""
    if state is None or state.terminal or state.overlay is None or state.acknowledged:
        return ()
    if state.calls != command.calls or state.who_must_act is None:
        return ()
    return (Escalated(reason=state.reason, who_must_act=state.who_must_act),)


def open_breaker(command: OpenBreaker, state: IssueState | None) -> tuple[Event, ...]:
    """Hand an issue that feeds itself to a person; one that waits for a person has one."""
    if state is None or state.terminal or state.overlay is not None:
        return ()
    return (IssueNeedsHuman(reason=command.reason, who_must_act=BREAKER_NEEDS),)


def record_base_ci(command: RecordBaseCi, state: IssueState | None) -> tuple[Event, ...]:
    """Record what the merge made of the base branch, once."""
    if state is None or state.merge_sha != command.merge_sha or state.ci_sha == state.merge_sha:
        return ()
    if command.green:
        return (CiPassed(head_sha=command.merge_sha, checks=command.checks),)
    return (CiFailed(head_sha=command.merge_sha, checks=command.checks),)


def acknowledge(command: Acknowledge, state: IssueState | None) -> tuple[Event, ...]:
    """Note who takes an escalation; the first one has it."""
    if state is None or state.terminal or state.overlay is None or state.acknowledged:
        return ()
    return (EscalationAcknowledged(by=command.by),)
