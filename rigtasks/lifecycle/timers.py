"""When each state looks at itself again. Seconds, before scaling; the rows are in Postgres."""

from datetime import datetime, timedelta

import msgspec

from rigtasks.lifecycle.state import IssueState, Lane


class Timers(msgspec.Struct, frozen=True, kw_only=True):
    """The timers of one issue, in seconds; `scaled` shrinks all of them for tests and demos.

    Args:
        effect_repeat: for an effect that nobody reported about.
        merge_repeat: for a pull request that only its gate keeps from the merge.
        review_scan: for a pull request in review, whatever webhooks told.
        queued_check: for an issue that waits for a worker or for what holds it.
        run_check: for an issue a run holds.
        person_reminder: the first reminder of what waits for a person; each pause is twice as long.
        longest_reminder: the pause that reminders end with.
    """

    effect_repeat: float = 60.0
    merge_repeat: float = 60.0
    review_scan: float = 300.0
    queued_check: float = 300.0
    run_check: float = 60.0
    person_reminder: float = 1800.0
    longest_reminder: float = 86_400.0

    def scaled(self, factor: float) -> "Timers":
        """Return the timers multiplied by a factor."""
        return Timers(**{name: getattr(self, name) * factor for name in self.__struct_fields__})


def next_wakeup(state: IssueState, now: datetime, timers: Timers) -> datetime | None:
    """Return when the issue must be looked at again; None where it has ended or was only refused.

    What waits for a person is shown again and tried again, at growing pauses. A refusal without a
    pull request holds nothing outside: the label, put on again, is its only way on.
    """
    if state.terminal:
        return None
    if state.waits_for_person:
        only_refused = state.overlay is None and state.refusal_code is not None and state.pr is None
        return None if only_refused else now + _reminder(state, now, timers)
    seconds = _seconds(state, timers)
    due = now + timedelta(seconds=seconds)
    waiting = state.lane in {Lane.QUEUED, Lane.CHANGES_REQUESTED}
    if waiting and state.retry_at is not None and state.retry_at > now:
        return state.retry_at
    return due


def _reminder(state: IssueState, now: datetime, timers: Timers) -> timedelta:
    """Return the next pause: as long as nothing has happened, so that pauses double."""
    longest = timedelta(seconds=timers.longest_reminder)
    return max(timedelta(seconds=timers.person_reminder), min(now - state.updated_at, longest))


def _seconds(state: IssueState, timers: Timers) -> float:
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
