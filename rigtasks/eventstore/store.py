"""The event store: load a stream, append to it, and the loop of deciding in between."""

import time
from typing import Any, Protocol

import psycopg2.errors
from msgspec.structs import replace

from rigtasks.errors import Conflict, Permanent, StaleEpoch
from rigtasks.eventstore.codec import (
    EVENT_COLUMNS,
    EventRow,
    encode,
    event_row,
    storable,
    stored_event,
)
from rigtasks.eventstore.composite import record_literal
from rigtasks.eventstore.connection import Rows
from rigtasks.eventstore.projection import Fold, issue_row
from rigtasks.eventstore.stream import (
    Appended,
    Decide,
    Handled,
    LoadedStream,
    OutboxEntry,
    Writes,
    running_from,
)
from rigtasks.lifecycle.envelope import NewEvent, StoredEvent
from rigtasks.lifecycle.events import acceptance, intake

__all__ = [
    "Appended",
    "Decide",
    "EventIdReused",
    "EventStore",
    "Handled",
    "LoadedStream",
    "OutboxEntry",
    "PostgresEventStore",
    "Writes",
    "handle",
]

ISSUE_STREAM = "issue:"
MOST_CONFLICTS = 8
_CONFLICT_PAUSE = 0.005
_CLAIMED_ONLY = (intake.IssueAssigned, acceptance.ReviewAssigned)

_LOAD = f"""
SELECT clock_timestamp(), {EVENT_COLUMNS}
  FROM (SELECT %s::text AS wanted) AS one LEFT JOIN events ON stream = wanted
 ORDER BY version
"""  # noqa: S608 - the columns are a constant
_APPEND = """
CALL rig_append(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, NULL, NULL, NULL, NULL)
"""
_APPEND_PLAIN = """
SELECT status, version, first_position, recorded_at FROM rig_append_plain(%s, %s, %s, %s)
"""


class EventIdReused(Permanent):
    """An event id was used before, for another event: ids must come from what happened."""


class EventStore(Protocol):
    """What every store can do; `PostgresEventStore` and the in-memory one keep to it."""

    def load(self, stream: str) -> LoadedStream:
        """Return the stream folded to now, at version 0 where nothing was ever appended."""
        ...

    def events(self, stream: str) -> tuple[StoredEvent, ...]:
        """Return every event of a stream in its order."""
        ...

    def append(self, loaded: LoadedStream, writes: Writes) -> Appended:
        """Store what was decided on a loaded stream, in one transaction.

        Raises:
            Conflict: the stream moved on since it was loaded; load and decide again.
            StaleEpoch: the claim the writes rest on is no longer the newest.
            EventIdReused: an event id belongs to another event.
        """
        ...

    def handle(self, stream: str, decide: Decide) -> Handled:
        """Load, decide and append; after a conflict load and decide again.

        Raises:
            Conflict: others kept writing; nothing was stored.
        """
        ...


def handle(store: EventStore, stream: str, decide: Decide) -> Handled:
    """Load, decide and append; after a conflict load and decide again.

    Raises:
        Conflict: others kept writing; nothing was stored.
    """
    for attempt in range(MOST_CONFLICTS):
        loaded = store.load(stream)
        writes = decide(loaded)
        if not writes.events:
            return Handled(before=loaded.state, writes=writes, appended=None)
        try:
            appended = store.append(loaded, writes)
        except Conflict:
            time.sleep(_CONFLICT_PAUSE * attempt)
            continue
        return Handled(before=loaded.state, writes=writes, appended=appended)
    raise Conflict(f"{stream} changed {MOST_CONFLICTS} times while it was being decided on")


class PostgresEventStore:
    """The event store on Postgres: every append is one statement, and one transaction.

    Args:
        database: where statements run; safe to share between threads when it is a pool.
    """

    def __init__(self, database: Rows) -> None:
        self._database = database

    def load(self, stream: str) -> LoadedStream:
        """Return the stream folded to now, at version 0 where nothing was ever appended.

        Raises:
            UnknownEvent: the stream holds an event this version cannot read.
        """
        rows = self._database.rows(_LOAD, (stream,))
        fold = Fold(stream)
        if rows[0][1] is not None:
            if stream.startswith(ISSUE_STREAM):
                fold.apply_all([stored_event(stream, row[1:]) for row in rows])
            fold.version = rows[-1][2]
        return LoadedStream(stream, fold, running_from(rows[-1][0]))

    def events(self, stream: str) -> tuple[StoredEvent, ...]:
        """Return every event of a stream in its order."""
        rows = self._database.rows(_LOAD, (stream,))
        return tuple(stored_event(stream, row[1:]) for row in rows if row[1] is not None)

    def append(self, loaded: LoadedStream, writes: Writes) -> Appended:
        """Store what was decided on a loaded stream, in one transaction.

        Raises:
            Conflict: the stream moved on since it was loaded; load and decide again.
            StaleEpoch: the claim the writes rest on is no longer the newest.
            EventIdReused: an event id belongs to another event.
        """
        events, rows = _prepared(writes.events)
        if loaded.stream.startswith(ISSUE_STREAM):
            return self._append_to_issue(loaded, writes, events, rows)
        parameters = (loaded.stream, loaded.version, rows, _outbox(writes.outbox))
        return _result(self._run(_APPEND_PLAIN, parameters), loaded, len(events), None)

    def handle(self, stream: str, decide: Decide) -> Handled:
        """Load, decide and append; after a conflict load and decide again.

        Raises:
            Conflict: others kept writing; nothing was stored.
        """
        return handle(self, stream, decide)

    def _append_to_issue(
        self, loaded: LoadedStream, writes: Writes, events: tuple[NewEvent, ...], rows: str
    ) -> Appended:
        recorded_at = loaded.now
        fold = loaded.after(events, at=recorded_at)
        ended = loaded.fold.live_run
        parameters = (
            loaded.stream,
            loaded.version,
            recorded_at,
            rows,
            _changed_issue(loaded.fold, fold),
            ended if ended is not None and fold.live_run is None else None,
            _records(loaded.fold, fold),
            _outbox(writes.outbox),
            writes.next_wakeup_at,
            writes.epoch,
            writes.run_id,
        )
        return _result(self._run(_APPEND, parameters), loaded, len(events), fold)

    def _run(self, statement: str, parameters: tuple[Any, ...]) -> tuple[Any, ...]:
        try:
            return self._database.rows(statement, parameters)[0]
        except psycopg2.errors.UniqueViolation as error:
            raise _violated(error) from error


def _violated(error: psycopg2.errors.UniqueViolation) -> Exception:
    if error.diag.constraint_name == "events_event_id":
        return EventIdReused(f"an event id belongs to another event: {error.diag.message_detail}")
    return Conflict(f"somebody else wrote first: {error.diag.message_detail}")


def _prepared(new: tuple[NewEvent, ...]) -> tuple[tuple[NewEvent, ...], str]:
    events: list[NewEvent] = []
    rows: list[EventRow] = []
    for ordinal, each in enumerate(new, start=1):
        if isinstance(each.event, _CLAIMED_ONLY):
            raise Permanent(f"{each.event.type} is written by the claim alone")
        event, encoded = storable(each.event)
        events.append(each if event is each.event else replace(each, event=event))
        rows.append(event_row(each, encoded, ordinal))
    return tuple(events), encode(rows)


def _changed_issue(before: Fold, after: Fold) -> str | None:
    """Return the issue's row, or None where only its version and time moved."""
    row = issue_row(after)
    if before.state is not None:
        touched = replace(issue_row(before), version=row.version, updated_at=row.updated_at)
        if touched == row:
            return None
    return record_literal(row)


def _records(before: Fold, after: Fold) -> str | None:
    assert after.state is not None  # noqa: S101 - it holds the events about to be appended
    records: dict[str, Any] = {}
    if after.touched:
        records["runs"] = [after.runs[run_id] for run_id in sorted(after.touched)]
    if after.steps:
        records["steps"] = after.steps
    if after.usage:
        records["usage"] = after.usage
    known = before.state.depends_on if before.state is not None else ()
    if after.state.depends_on != known:
        records["stream"] = after.stream
        records["depends_on"] = after.state.depends_on
    return encode(records) if records else None


def _outbox(entries: tuple[OutboxEntry, ...]) -> str | None:
    return encode(entries) if entries else None


def _result(row: tuple[Any, ...], loaded: LoadedStream, count: int, fold: Fold | None) -> Appended:
    status, version, first_position, recorded_at = row
    match status:
        case "appended" | "repeated":
            repeated = status == "repeated"
            return Appended(
                version=version,
                positions=tuple(range(first_position, first_position + count)),
                recorded_at=recorded_at,
                state=None if fold is None or repeated else fold.state,
                repeated=repeated,
            )
        case "event_id_reused":
            raise EventIdReused(f"an event id of {loaded.stream} belongs to another event")
        case "stale_epoch":
            raise StaleEpoch(f"the claim on {loaded.stream} was taken over or has run out")
        case "clock_moved":
            raise Conflict(f"{loaded.stream} was loaded too long ago to tell the time by")
        case _:
            raise Conflict(
                f"{loaded.stream} is at version {version}, not at {loaded.version}: "
                "load it again and decide again"
            )
