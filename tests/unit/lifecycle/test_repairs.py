"""A repair is written down beside what it led to, and only where it led to anything."""

from datetime import UTC, datetime
from uuid import uuid4

from rigtasks.lifecycle.commands import Admit, Cancel, Command, Repair
from rigtasks.lifecycle.decide import decide
from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.liveness import StateRepaired
from rigtasks.lifecycle.evolve import evolve
from rigtasks.lifecycle.state import IssueState, Lane
from rigtasks.testing.life import approval

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def folded(events: tuple[Event, ...]) -> IssueState:
    state: IssueState | None = None
    for version, event in enumerate(events, start=1):
        recorded = RecordedEvent(version=version, event_id=uuid4(), recorded_at=NOON, event=event)
        state = evolve(state, recorded)
    assert state is not None
    return state


def repairing(command: Command) -> Repair:
    return Repair(command=command, found="the label was not taken in")


def test_it_is_the_last_event_and_names_what_was_not_known() -> None:
    events = decide(repairing(Admit(approved=approval(7))), None)

    assert [event.type for event in events] == ["ISSUE_APPROVED", "STATE_REPAIRED"]
    assert events[-1] == StateRepaired(what="the label was not taken in; it led to ISSUE_APPROVED")


def test_repairing_twice_writes_nothing_the_second_time() -> None:
    command = repairing(Admit(approved=approval(7)))
    state = folded(decide(command, None))

    assert decide(command, state) == ()


def test_the_note_changes_nothing_of_the_state() -> None:
    events = decide(repairing(Admit(approved=approval(7))), None)

    assert folded(events) == folded(events[:-1])


def test_a_note_may_follow_the_end() -> None:
    state = folded(decide(Admit(approved=approval(7)), None))

    events = decide(repairing(Cancel(reason="the issue was closed", by="maria")), state)

    assert [event.type for event in events] == ["ISSUE_CANCELLED", "STATE_REPAIRED"]
    assert folded((approval(7), *events)).lane is Lane.CANCELLED
