"""The outbox as the relay and the conductor's tasks use it.

An entry is due from `available_at` on. Taking it moves that time on, so an entry whose publisher or
task died comes round again by itself. A `hint` is done once it was published; a `task` is done when
its task says so, and dead once it failed too often. Publishing costs nothing: while nobody works on
entries, they wait.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from rigtasks.eventstore.codec import encode
from rigtasks.eventstore.connection import Rows
from rigtasks.eventstore.stream import OutboxEntry

#: Seconds before try n + 1 of an entry whose task reported a failure, the last one repeated.
BACK_OFF = (1.0, 5.0, 15.0, 60.0, 300.0, 600.0)
#: Failures of one entry before it is dead: with these pauses a day, so that it outlives an outage.
MOST_ATTEMPTS = 150

_TAKE = "SELECT * FROM rig_take_outbox(%s, %s)"
_PUBLISHED = """
UPDATE outbox
   SET published_at = clock_timestamp(),
       done_at = CASE WHEN kind = 'hint' THEN clock_timestamp() END
 WHERE id = ANY (%s) AND done_at IS NULL
"""
_NOT_PUBLISHED = """
UPDATE outbox
   SET last_error = %s,
       available_at = clock_timestamp() + make_interval(secs => %s)
 WHERE id = ANY (%s) AND done_at IS NULL
"""
_DONE = (
    "UPDATE outbox SET done_at = clock_timestamp() WHERE id = %s AND done_at IS NULL RETURNING id"
)
_FAILED = """
UPDATE outbox
   SET attempts = attempts + 1, last_error = %(error)s, published_at = NULL,
       dead_at = CASE WHEN attempts + 1 >= %(most)s THEN clock_timestamp() END,
       available_at = clock_timestamp() + make_interval(secs => greatest(
           %(after)s, (%(back_off)s::float8[])[least(attempts + 1, cardinality(%(back_off)s))]))
 WHERE id = %(id)s AND done_at IS NULL AND dead_at IS NULL
RETURNING dead_at IS NOT NULL
"""
_GIVEN_BACK = """
UPDATE outbox AS o
   SET last_error = %(reason)s, published_at = NULL,
       available_at = now.at + make_interval(secs => greatest(
           %(seconds)s, least(%(longest)s, extract(epoch FROM now.at - before.created_at) / 2)))
  FROM (SELECT clock_timestamp() AS at) AS now,
       (SELECT id, last_error, created_at FROM outbox WHERE id = %(id)s FOR UPDATE) AS before
 WHERE o.id = before.id AND o.done_at IS NULL AND o.dead_at IS NULL
RETURNING before.last_error IS DISTINCT FROM %(reason)s
"""
_ADD = "SELECT rig_put_outbox(NULL, %s)"
_ADD_MISSING = """
SELECT rig_put_outbox(NULL, jsonb_agg(DISTINCT wanted)::json)
  FROM jsonb_array_elements(%s::jsonb) AS wanted
 WHERE NOT EXISTS (
       SELECT FROM outbox AS o
        WHERE o.done_at IS NULL AND o.dead_at IS NULL
          AND o.task = wanted ->> 'task' AND o.args = wanted -> 'args')
"""
_ASKED_AGAIN = """
SELECT 1 FROM outbox
 WHERE stream = %s AND id > %s AND task = %s AND args = %s::jsonb
   AND done_at IS NULL AND dead_at IS NULL
 LIMIT 1
"""
_AWAITED = """
SELECT count(*) FROM outbox
 WHERE done_at IS NULL AND dead_at IS NULL AND published_at IS NOT NULL AND queue = %s
"""
_CLAIMABLE = """
SELECT claim_queue, count(*) FROM issues
 WHERE claim_queue IS NOT NULL AND approved_at IS NOT NULL
   AND (claim_after IS NULL OR claim_after <= clock_timestamp())
 GROUP BY claim_queue
"""
_FORGET = """
DELETE FROM outbox
 WHERE done_at < clock_timestamp() - make_interval(secs => %(done)s)
    OR dead_at < clock_timestamp() - make_interval(secs => %(dead)s)
RETURNING id
"""


class EntryKind(StrEnum):
    """What an entry is for."""

    HINT = "hint"
    TASK = "task"


class TakenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that was taken to be published.

    Args:
        attempts: how often its task failed.
        again: it was published before, and nobody has said since what became of it.
    """

    id: int
    kind: EntryKind
    task: str
    queue: str
    args: tuple[Any, ...]
    stream: str | None
    attempts: int
    again: bool


class Outbox:
    """Take, publish, finish."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Add entries that belong to no append: sweeps and ticks; a known key adds nothing."""
        if entries:
            self._database.rows(_ADD, (encode(entries),))

    def add_missing(self, entries: Sequence[OutboxEntry]) -> None:
        """Add those entries for which no open one has the same task and arguments.

        For work that is asked for again and again: however long nobody does it, it waits once.
        """
        if entries:
            self._database.rows(_ADD_MISSING, (encode(entries),))

    def take(self, *, most: int = 100, repeat_seconds: float = 30.0) -> tuple[TakenEntry, ...]:
        """Take the due entries, the longest due first; nobody else gets them meanwhile.

        Args:
            most: how many at once.
            repeat_seconds: when an entry that is neither done nor failed comes round again.
        """
        rows = self._database.rows(_TAKE, (most, repeat_seconds))
        return tuple(_taken(row) for row in sorted(rows))

    def published(self, ids: Sequence[int]) -> None:
        """Note that the broker has the entries; hints are done with that."""
        if ids:
            self._database.rows(_PUBLISHED, (list(ids),))

    def not_published(self, ids: Sequence[int], *, error: str, retry_after: float = 1.0) -> None:
        """Give entries back that the broker did not take."""
        if ids:
            self._database.rows(_NOT_PUBLISHED, (error, retry_after, list(ids)))

    def done(self, entry_id: int) -> bool:
        """Finish a task; return whether it was still open, so that a second run knows."""
        return bool(self._database.rows(_DONE, (entry_id,)))

    def is_open(self, entry_id: int) -> bool:
        """Say whether an entry still has to be worked on."""
        statement = "SELECT 1 FROM outbox WHERE id = %s AND done_at IS NULL AND dead_at IS NULL"
        return bool(self._database.rows(statement, (entry_id,)))

    def is_asked_again(self, wanted: OutboxEntry, *, stream: str, after: int) -> bool:
        """Say whether a later append of a stream has asked for the same, and it is still to do.

        Appends come one after the other, so what carries the later one out sees all that the
        earlier one stored. Of entries that belong to no append this cannot be said; they do not
        count.

        Args:
            wanted: the task and its arguments.
            stream: whose appends count.
            after: the entry that may be left to a later one.
        """
        parameters = (stream, after, wanted.task, encode(wanted.args))
        return bool(self._database.rows(_ASKED_AGAIN, parameters))

    def failed(
        self,
        entry_id: int,
        *,
        error: str,
        retry_after: float | None = None,
        most: int = MOST_ATTEMPTS,
    ) -> bool:
        """Note that a task failed; return whether it died of that.

        Args:
            entry_id: the entry.
            error: what failed, in words for the dashboard.
            retry_after: seconds until it is due again at the earliest; it never comes before its
                back-off.
            most: how many failures it may have; 1 for one that no repetition cures.
        """
        rows = self._database.rows(
            _FAILED,
            {
                "id": entry_id,
                "error": error,
                "after": retry_after,
                "most": most,
                "back_off": list(BACK_OFF),
            },
        )
        return bool(rows and rows[0][0])

    def give_back(
        self, entry_id: int, *, reason: str, seconds: float, longest: float = 0.0
    ) -> bool:
        """Note that a task has to wait; that is no failure. Return whether the reason is news.

        Args:
            entry_id: the entry.
            reason: what it waits for, in words for the dashboard.
            seconds: until it is due again.
            longest: what that grows to, as half of the time the entry has been there.
        """
        given = {"reason": reason, "seconds": seconds, "longest": longest, "id": entry_id}
        rows = self._database.rows(_GIVEN_BACK, given)
        return bool(rows and rows[0][0])

    def awaited(self, queue: str) -> int:
        """Count the published entries of a queue that nobody has settled yet."""
        count: int = self._database.rows(_AWAITED, (queue,))[0][0]
        return count

    def claimable_by_queue(self) -> dict[str, int]:
        """Count the issues each queue's workers could claim now, admission aside."""
        return dict(self._database.rows(_CLAIMABLE))

    def forget(self, *, done_seconds: float, dead_seconds: float) -> int:
        """Delete entries that were done, or given up, so long ago; return how many."""
        parameters = {"done": done_seconds, "dead": dead_seconds}
        return len(self._database.rows(_FORGET, parameters))


def _taken(row: tuple[Any, ...]) -> TakenEntry:
    entry_id, kind, task, queue, args, stream, attempts, again = row
    return TakenEntry(
        id=entry_id,
        kind=EntryKind(kind),
        task=task,
        queue=queue,
        args=tuple(msgspec.json.decode(args)),
        stream=stream,
        attempts=attempts,
        again=again,
    )
