"""Decisions about issues that nothing moves any more."""

from rigtasks.lifecycle.commands import NoteIdle
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.intake import IssueNeedsHuman, IssueOrphaned
from rigtasks.lifecycle.state import IssueState

_HOUR = 3600.0


def note_idle(command: NoteIdle, state: IssueState | None) -> tuple[Event, ...]:
    """Call an idle issue an orphan, and after as long again hand it to a person.

    What waits for a person already, for something that is named, or for its run is no orphan.
    """
    if state is None or state.terminal or state.waits_for_person:
        return ()
    if state.hold_blocks or state.run is not None or state.updated_at != command.last_change:
        return ()
    if not state.orphaned:
        return (IssueOrphaned(idle_seconds=command.idle_seconds),)
    hours = command.idle_seconds / _HOUR
    reason = (
        f"nothing has moved it for {hours:.0f} hours although it waits for nobody that is named: "
        f"it is {state.lane}"
    )
    return (IssueNeedsHuman(reason=reason, who_must_act="an operator of the rig"),)
