"""The words for liveness, money, safety and operators."""

from rigtasks.lifecycle.events import liveness
from rigtasks.local.demo.line import Tone, line, short
from rigtasks.local.demo.wording.told import Lines, Told, WordsByType

_MICRO = 1_000_000


def dollars(micro_usd: int) -> str:
    """Return an amount of money in dollars and cents."""
    return f"${micro_usd / _MICRO:.2f}"


def _lease_expired(event: liveness.LeaseExpired, _: Told) -> Lines:
    return (line(Tone.BAD, "lease ran out", f"held by {event.holder}"),)


def _stuck(event: liveness.AgentStuck, _: Told) -> Lines:
    return (line(Tone.PERSON, f"agent silent for {event.silent_seconds:.0f} s"),)


def _escalated(event: liveness.Escalated, _: Told) -> Lines:
    return (line(Tone.PERSON, f"{event.who_must_act} must act", event.reason),)


def _acknowledged(event: liveness.EscalationAcknowledged, _: Told) -> Lines:
    return (line(Tone.STEP, f"{event.by} looks after it"),)


def _repaired(event: liveness.StateRepaired, _: Told) -> Lines:
    return (line(Tone.STEP, "caught up with GitHub", event.what),)


def _timed_out(event: liveness.EnvelopeTimedOut, _: Told) -> Lines:
    return (line(Tone.BAD, f"{event.what} took longer than {event.seconds:.0f} s"),)


def _budget_warning(event: liveness.BudgetWarning, _: Told) -> Lines:
    return (line(Tone.WAIT, f"the {event.scope} budget is nearly used", _spent(event)),)


def _budget_exceeded(event: liveness.BudgetExceeded, _: Told) -> Lines:
    return (line(Tone.PERSON, f"the {event.scope} budget is used up", _spent(event)),)


def _spent(event: liveness.BudgetWarning | liveness.BudgetExceeded) -> str:
    return f"{dollars(event.spent_micro_usd)} of {dollars(event.cap_micro_usd)}"


def _guard(event: liveness.GuardBlocked, _: Told) -> Lines:
    return (line(Tone.BAD, f"guard stopped the agent ({event.rule})", event.detail),)


def _tamper(event: liveness.TamperDetected, _: Told) -> Lines:
    return (line(Tone.PERSON, "the change weakens what protects it", *event.reasons),)


def _paused(event: liveness.OperatorPaused, _: Told) -> Lines:
    return (line(Tone.WAIT, f"{event.scope} paused by {event.by}", event.reason),)


def _resumed(event: liveness.OperatorResumed, _: Told) -> Lines:
    return (line(Tone.STEP, f"{event.scope} resumed by {event.by}"),)


def _retried(event: liveness.OperatorRetried, _: Told) -> Lines:
    return (line(Tone.STEP, f"sent back to work by {event.by}", event.reason),)


def _rerouted(event: liveness.OperatorRerouted, _: Told) -> Lines:
    return (line(Tone.STEP, f"moved to {event.queue} by {event.by}", event.reason),)


def _gate_approved(event: liveness.OperatorGateApproved, _: Told) -> Lines:
    at = f"at {short(event.head_sha)}"
    return (line(Tone.GOOD, f"cleared by {event.by}", event.reason, at),)


def _budget_raised(event: liveness.OperatorBudgetRaised, _: Told) -> Lines:
    words = f"budget raised to {dollars(event.cap_micro_usd)} by {event.by}"
    return (line(Tone.STEP, words, event.reason),)


def _note(event: liveness.OperatorNote, _: Told) -> Lines:
    return (line(Tone.STEP, f"note from {event.by}", event.text),)


def _break_glass(event: liveness.BreakGlassMerge, _: Told) -> Lines:
    words = f"PR #{event.pr} merged past the gate by {event.by}"
    return (line(Tone.PERSON, words, event.reason, f"as {short(event.merge_sha)}"),)


WORDS: WordsByType = {
    liveness.LeaseExpired: _lease_expired,
    liveness.AgentStuck: _stuck,
    liveness.Escalated: _escalated,
    liveness.EscalationAcknowledged: _acknowledged,
    liveness.StateRepaired: _repaired,
    liveness.EnvelopeTimedOut: _timed_out,
    liveness.BudgetWarning: _budget_warning,
    liveness.BudgetExceeded: _budget_exceeded,
    liveness.GuardBlocked: _guard,
    liveness.TamperDetected: _tamper,
    liveness.OperatorPaused: _paused,
    liveness.OperatorResumed: _resumed,
    liveness.OperatorRetried: _retried,
    liveness.OperatorRerouted: _rerouted,
    liveness.OperatorGateApproved: _gate_approved,
    liveness.OperatorBudgetRaised: _budget_raised,
    liveness.OperatorNote: _note,
    liveness.BreakGlassMerge: _break_glass,
}
