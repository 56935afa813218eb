"""What takes too long, and what a person has to be reminded of. Pure: state and time in."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from rigtasks.gate.result import Gate
from rigtasks.lifecycle.commands import NoteLate, RemindOfCall, RemindOfGate
from rigtasks.lifecycle.state import IssueState, Lane, Stage


class Late(StrEnum):
    """The parts of the way that have a timer of their own."""

    REVIEW = "nobody took the review of"
    MERGE = "not merged although approved at"


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long watchers wait, in seconds, already scaled.

    Args:
        silent: for a sign of progress of a run whose lease is alive.
        review: for somebody to take a review.
        merge: for the merge of an approved pull request.
        person: for a person at the human gate or behind an escalation; each pause between two
            reminders is twice as long as the one before.
        longest: the pause that reminders end with.
    """

    silent: float = 1800.0
    review: float = 1200.0
    merge: float = 900.0
    person: float = 1800.0
    longest: float = 86_400.0


def overdue(state: IssueState, now: datetime, patience: Patience) -> NoteLate | None:
    """Return the command that says what takes too long, None where nothing does.

    A pull request that waits for a person at the human gate is not late: its person is reminded.
    """
    if state.overlay is not None or state.pr is None or state.head_sha is None:
        return None
    waited = (now - state.entered_at).total_seconds()
    if state.wanted_stage is Stage.REVIEW:
        limit, what = patience.review, Late.REVIEW
    elif state.lane is Lane.READY_TO_MERGE and not waits_at_human_gate(state):
        limit, what = patience.merge, Late.MERGE
    else:
        return None
    if waited < limit:
        return None
    return NoteLate(what=f"{what} {state.head_sha}", head_sha=state.head_sha, seconds=waited)


def waits_at_human_gate(state: IssueState) -> bool:
    """Say whether a person has to look at this head before anything moves on."""
    if state.head_sha is None or state.gate_cleared_sha == state.head_sha:
        return False
    asked = state.gate_sha == state.head_sha
    blocked = state.blockers_sha == state.head_sha and any(
        one.gate == Gate.HUMAN_GATE for one in state.blockers
    )
    return state.pr is not None and state.lane is Lane.READY_TO_MERGE and (asked or blocked)


def gate_reminder(state: IssueState, now: datetime, patience: Patience) -> RemindOfGate | None:
    """Return the command that reminds the person at the human gate, None while it is too soon."""
    if state.overlay is not None or state.head_sha is None or not waits_at_human_gate(state):
        return None
    known = state.gate_reminded_sha == state.head_sha
    told = state.gate_reminders if known else 0
    since = state.gate_reminded_at if known and state.gate_reminded_at else state.entered_at
    if now - since < _pause(told, patience):
        return None
    return RemindOfGate(head_sha=state.head_sha, count=told + 1)


def call_reminder(state: IssueState, now: datetime, patience: Patience) -> RemindOfCall | None:
    """Return the command that tells a called person once more, None where nobody needs it.

    Who has acknowledged the call is not told again; everybody else once.
    """
    if state.overlay is None or state.terminal or state.acknowledged or state.calls != 1:
        return None
    if state.called_at is None or now - state.called_at < _pause(0, patience):
        return None
    return RemindOfCall(calls=state.calls)


def _pause(told: int, patience: Patience) -> timedelta:
    return timedelta(seconds=min(patience.person * 2.0**told, patience.longest))
