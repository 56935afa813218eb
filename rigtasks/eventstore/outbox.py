"""The outbox as the relay and the conductor's tasks use it.

An entry is due from `available_at` on. Taking it moves that time on, so an entry whose publisher or
task died comes round again by itself. A `hint` is done once it was published; a `task` is done when
its task says so, and dead once it was tried too often.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from rigtasks.eventstore.codec import encode
from rigtasks.eventstore.connection import Rows
from rigtasks.eventstore.stream import OutboxEntry

#: Seconds before try n + 1 of an entry whose task reported a failure, the last one repeated.
BACK_OFF = (1.0, 5.0, 15.0, 60.0, 300.0)
MOST_ATTEMPTS = 12

_TAKE = """
WITH due AS (
    SELECT id FROM outbox
     WHERE done_at IS NULL AND dead_at IS NULL AND available_at <= clock_timestamp()
     ORDER BY available_at, id LIMIT %(most)s
       FOR UPDATE SKIP LOCKED
)
UPDATE outbox AS o
   SET attempts = o.attempts + 1,
       available_at = clock_timestamp() + make_interval(secs => %(repeat)s),
       dead_at = CASE WHEN o.attempts >= %(attempts)s THEN clock_timestamp() END
  FROM due WHERE o.id = due.id
RETURNING o.id, o.kind, o.task, o.queue, o.args, o.stream, o.attempts, o.dead_at IS NOT NULL
"""
_PUBLISHED = """
UPDATE outbox
   SET published_at = clock_timestamp(),
       done_at = CASE WHEN kind = 'hint' THEN clock_timestamp() END
 WHERE id = ANY (%s) AND done_at IS NULL
"""
_NOT_PUBLISHED = """
UPDATE outbox
   SET last_error = %s, attempts = greatest(attempts - 1, 0),
       available_at = clock_timestamp() + make_interval(secs => %s)
 WHERE id = ANY (%s) AND done_at IS NULL
"""
_DONE = (
    "UPDATE outbox SET done_at = clock_timestamp() WHERE id = %s AND done_at IS NULL RETURNING id"
)
_FAILED = """
UPDATE outbox
   SET last_error = %(error)s,
       dead_at = CASE WHEN %(dead)s OR attempts >= %(attempts)s THEN clock_timestamp() END,
       available_at = clock_timestamp() + make_interval(secs =>
           coalesce(%(after)s, (%(back_off)s::float8[])[least(greatest(attempts, 1),
                                                              cardinality(%(back_off)s))]))
 WHERE id = %(id)s AND done_at IS NULL
RETURNING dead_at IS NOT NULL
"""
_ADD = "SELECT rig_put_outbox(NULL, %s)"
_CLAIMABLE = """
SELECT claim_queue, count(*) FROM issues
 WHERE claim_queue IS NOT NULL AND (claim_after IS NULL OR claim_after <= clock_timestamp())
 GROUP BY claim_queue
"""
_NEXT_DUE = """
SELECT clock_timestamp(), min(available_at) FROM outbox WHERE done_at IS NULL AND dead_at IS NULL
"""
_CONDITION = """
SELECT count(*) FILTER (WHERE dead_at IS NULL),
       extract(epoch FROM clock_timestamp()
               - min(created_at) FILTER (WHERE dead_at IS NULL AND published_at IS NULL)),
       count(*) FILTER (WHERE dead_at IS NOT NULL)
  FROM outbox WHERE done_at IS NULL
"""
_REVIVE = """
UPDATE outbox SET dead_at = NULL, attempts = 0, available_at = clock_timestamp()
 WHERE id = %s AND dead_at IS NOT NULL AND done_at IS NULL RETURNING id
"""
_FORGET = """
DELETE FROM outbox WHERE done_at < clock_timestamp() - make_interval(secs => %s) RETURNING id
"""


class EntryKind(StrEnum):
    """What an entry is for."""

    HINT = "hint"
    TASK = "task"


class TakenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that was taken to be published; `attempts` counts this time."""

    id: int
    kind: EntryKind
    task: str
    queue: str
    args: tuple[Any, ...]
    stream: str | None
    attempts: int


class OutboxCondition(msgspec.Struct, frozen=True, kw_only=True):
    """How the outbox stands: open entries, the age of the oldest unpublished one, the dead ones."""

    open: int
    oldest_unpublished_seconds: float | None
    dead: int


class Outbox:
    """Take, publish, finish."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Add entries that belong to no append: sweeps and ticks; a known key adds nothing."""
        if entries:
            self._database.rows(_ADD, (encode(entries),))

    def take(self, *, most: int = 100, repeat_seconds: float = 30.0) -> tuple[TakenEntry, ...]:
        """Take the due entries, the longest due first; nobody else gets them meanwhile.

        An entry that was tried too often becomes dead instead of being taken.

        Args:
            most: how many at once.
            repeat_seconds: when an entry that is neither done nor failed comes round again.
        """
        parameters = {"most": most, "repeat": repeat_seconds, "attempts": MOST_ATTEMPTS}
        rows = self._database.rows(_TAKE, parameters)
        return tuple(_taken(row[:7]) for row in sorted(rows) if not row[7])

    def published(self, ids: Sequence[int]) -> None:
        """Note that the broker has the entries; hints are done with that."""
        if ids:
            self._database.rows(_PUBLISHED, (list(ids),))

    def not_published(self, ids: Sequence[int], *, error: str, retry_after: float = 1.0) -> None:
        """Give entries back that the broker did not take; this costs them no attempt."""
        if ids:
            self._database.rows(_NOT_PUBLISHED, (error, retry_after, list(ids)))

    def done(self, entry_id: int) -> bool:
        """Finish a task; return whether it was still open, so that a second run knows."""
        return bool(self._database.rows(_DONE, (entry_id,)))

    def is_open(self, entry_id: int) -> bool:
        """Say whether an entry still has to be worked on."""
        statement = "SELECT 1 FROM outbox WHERE id = %s AND done_at IS NULL AND dead_at IS NULL"
        return bool(self._database.rows(statement, (entry_id,)))

    def failed(
        self, entry_id: int, *, error: str, retry_after: float | None = None, final: bool = False
    ) -> bool:
        """Note that a task failed; return whether it is dead now.

        Args:
            entry_id: the entry.
            error: what failed, in words for the dashboard.
            retry_after: seconds until it is due again; None takes the back-off.
            final: make it dead at once, for failures that no repetition cures.
        """
        rows = self._database.rows(
            _FAILED,
            {
                "id": entry_id,
                "error": error,
                "after": retry_after,
                "dead": final,
                "attempts": MOST_ATTEMPTS,
                "back_off": list(BACK_OFF),
            },
        )
        return bool(rows and rows[0][0])

    def revive(self, entry_id: int) -> bool:
        """Give a dead entry a new life; for operators. Return whether it was dead."""
        return bool(self._database.rows(_REVIVE, (entry_id,)))

    def claimable_by_queue(self) -> dict[str, int]:
        """Count the issues each queue's workers could claim now, admission aside."""
        return dict(self._database.rows(_CLAIMABLE))

    def next_due(self) -> tuple[datetime, datetime | None]:
        """Return the database's time and when the next entry is due, None where none is open."""
        now, due = self._database.rows(_NEXT_DUE)[0]
        return now, due

    def condition(self) -> OutboxCondition:
        """Return how the outbox stands, for health and alarms."""
        count, age, dead = self._database.rows(_CONDITION)[0]
        return OutboxCondition(
            open=count, oldest_unpublished_seconds=None if age is None else float(age), dead=dead
        )

    def forget_done(self, *, older_than_seconds: float) -> int:
        """Delete entries that were done long ago; return how many."""
        return len(self._database.rows(_FORGET, (older_than_seconds,)))


def _taken(row: tuple[Any, ...]) -> TakenEntry:
    entry_id, kind, task, queue, args, stream, attempts = row
    return TakenEntry(
        id=entry_id,
        kind=EntryKind(kind),
        task=task,
        queue=queue,
        args=tuple(msgspec.json.decode(args)),
        stream=stream,
        attempts=attempts,
    )
