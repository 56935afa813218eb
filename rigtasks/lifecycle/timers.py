"""When each state looks at itself again. Seconds, before scaling; the rows are in Postgres."""

from datetime import datetime, timedelta

import msgspec

from rigtasks.lifecycle.state import IssueState, Lane


class Timers(msgspec.Struct, frozen=True, kw_only=True):
    """The timers of one issue, in seconds; `scaled` shrinks all of them for tests and demos."""

    effect_repeat: float = 60.0
    merge_repeat: float = 60.0
    review_scan: float = 300.0
    queued_check: float = 300.0
    run_check: float = 60.0
    person_reminder: float = 1800.0

    def scaled(self, factor: float) -> "Timers":
        """Return the timers multiplied by a factor."""
        return Timers(**{name: getattr(self, name) * factor for name in self.__struct_fields__})


def next_wakeup(state: IssueState, now: datetime, timers: Timers) -> datetime | None:
    """Return when the issue must be looked at again; None only where it has ended.

    A failed, stuck or escalated issue is reminded of, so that even what waits for a person has a
    timed way out.
    """
    if state.terminal:
        return None
    seconds = _seconds(state, timers)
    due = now + timedelta(seconds=seconds)
    waiting = state.lane in {Lane.QUEUED, Lane.CHANGES_REQUESTED}
    if waiting and state.retry_at is not None and state.retry_at > now:
        return state.retry_at
    return due


def _seconds(state: IssueState, timers: Timers) -> float:
    if state.overlay is not None or state.lane is Lane.FAILED:
        return timers.person_reminder
    if state.publish is not None or state.verdict is not None:
        return timers.effect_repeat
    if state.run is not None:
        return timers.run_check
    match state.lane:
        case Lane.READY_TO_MERGE:
            return timers.merge_repeat
        case Lane.IN_REVIEW:
            return timers.review_scan
        case _:
            return timers.queued_check
