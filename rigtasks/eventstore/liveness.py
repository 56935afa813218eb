"""Who is alive and what ran when: heartbeats, ticks, watchers, the state of services, wake-ups."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from rigtasks.eventstore.connection import Rows

_BEAT = """
INSERT INTO heartbeats AS h
       (holder, agent, queue, version, config_hash, isolation, run_id, agreed)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (holder) DO UPDATE
   SET agent = excluded.agent, queue = excluded.queue, version = excluded.version,
       config_hash = excluded.config_hash, isolation = excluded.isolation,
       run_id = excluded.run_id, agreed = excluded.agreed, seen_at = clock_timestamp()
"""
_BEATS = """
SELECT holder, agent, queue, version, config_hash, isolation, run_id, agreed,
       extract(epoch FROM clock_timestamp() - seen_at)::float
  FROM heartbeats ORDER BY agent, holder
"""
_FORGET_BEATS = """
DELETE FROM heartbeats WHERE seen_at < clock_timestamp() - make_interval(secs => %s)
RETURNING holder
"""
_TICK = """
INSERT INTO ticks (job, period_start)
SELECT %(job)s, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / %(period)s) * %(period)s)
ON CONFLICT (job, period_start) DO NOTHING RETURNING period_start
"""
_FORGET_TICKS = """
DELETE FROM ticks WHERE started_at < clock_timestamp() - make_interval(secs => %s) RETURNING job
"""
_WATCHED = """
INSERT INTO watchers (name, last_success_at, detail) VALUES (%s, clock_timestamp(), %s)
ON CONFLICT (name) DO UPDATE
   SET last_success_at = excluded.last_success_at, detail = excluded.detail
"""
_STATUS = """
INSERT INTO service_status (name, ok, detail, as_of) VALUES (%s, %s, %s, clock_timestamp())
ON CONFLICT (name) DO UPDATE
   SET ok = excluded.ok, detail = excluded.detail, as_of = excluded.as_of
"""
_DROPPED = """
INSERT INTO service_status (name, ok, detail, as_of)
VALUES ('dropped from ' || %(queue)s, true, '1 dropped, the last one: ' || %(why)s,
        clock_timestamp())
ON CONFLICT (name) DO UPDATE
   SET detail = split_part(service_status.detail, ' ', 1)::bigint + 1
                || ' dropped, the last one: ' || %(why)s,
       as_of = clock_timestamp()
"""
_WAKE_UPS = """
UPDATE wakeups SET due_at = clock_timestamp() + make_interval(secs => %(again)s)
 WHERE stream IN (SELECT stream FROM wakeups WHERE due_at <= clock_timestamp()
                   ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING stream
"""


_DUE_AT = "SELECT due_at FROM wakeups WHERE stream = %s"
_MOVE = """
UPDATE wakeups SET due_at = %(to)s WHERE stream = %(stream)s AND due_at = %(seen)s RETURNING stream
"""
_STOP = "DELETE FROM wakeups WHERE stream = %(stream)s AND due_at = %(seen)s RETURNING stream"


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """One process of an agent as it was last seen, `silent_seconds` ago by the database's clock.

    `agreed` has the settings that have to be the same for all, in words, by their names.
    """

    holder: str
    agent: str
    queue: str
    version: str
    config_hash: str
    isolation: str
    run_id: UUID | None
    agreed: dict[str, str]
    silent_seconds: float


class Heartbeats:
    """Signs of life of agent processes; their leases are another matter."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def beat(
        self,
        *,
        holder: str,
        agent: str,
        queue: str,
        version: str,
        config_hash: str,
        isolation: str,
        run_id: UUID | None = None,
        agreed: Mapping[str, str] | None = None,
    ) -> None:
        """Note that a process is alive, what it is doing, and what it has to agree on."""
        words = json.dumps(dict(agreed or {}))
        self._database.rows(
            _BEAT, (holder, agent, queue, version, config_hash, isolation, run_id, words)
        )

    def all(self) -> tuple[Heartbeat, ...]:
        """Return every process, by agent and holder."""
        names = Heartbeat.__struct_fields__
        beats = (dict(zip(names, row, strict=True)) for row in self._database.rows(_BEATS))
        return tuple(Heartbeat(**one | {"agreed": json.loads(one["agreed"])}) for one in beats)

    def forget(self, *, silent_seconds: float) -> int:
        """Delete processes that have been silent for long; return how many."""
        return len(self._database.rows(_FORGET_BEATS, (silent_seconds,)))


class Ticks:
    """Periods that were begun; whoever begins one first runs its job."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def begin(self, job: str, *, period_seconds: float) -> datetime | None:
        """Begin the period of a job that runs now by the database's clock.

        Returns:
            The start of the period, or None where somebody began it already.
        """
        rows = self._database.rows(_TICK, {"job": job, "period": period_seconds})
        return rows[0][0] if rows else None

    def forget(self, *, older_than_seconds: float) -> int:
        """Delete periods that began long ago; return how many."""
        return len(self._database.rows(_FORGET_TICKS, (older_than_seconds,)))


class Reports:
    """What watchers and services say of themselves; a report that stops is itself an alarm."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def watcher_succeeded(self, name: str, detail: str) -> None:
        """Note that a watcher ran to its end."""
        self._database.rows(_WATCHED, (name, detail))

    def service(self, name: str, *, ok: bool, detail: str) -> None:
        """Note the state of a service that others cannot see for themselves."""
        self._database.rows(_STATUS, (name, ok, detail))

    def dropped(self, queue: str, why: str) -> None:
        """Count a message of a queue that nobody can read, over all its workers."""
        self._database.rows(_DROPPED, {"queue": queue, "why": why})


class WakeUps:
    """Timers of issues; appends set them."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def take_due(self, *, most: int = 100, again_seconds: float = 60.0) -> tuple[str, ...]:
        """Take the streams whose time has come.

        Each comes round again after `again_seconds` unless another time is set first, so a wake-up
        is not lost with the process that took it.
        """
        rows = self._database.rows(_WAKE_UPS, {"most": most, "again": again_seconds})
        return tuple(sorted(row[0] for row in rows))

    def due_at(self, stream: str) -> datetime | None:
        """Return when a stream is woken next, None where nothing wakes it."""
        rows = self._database.rows(_DUE_AT, (stream,))
        return rows[0][0] if rows else None

    def move(self, stream: str, *, seen: datetime, to: datetime | None) -> bool:
        """Set another time, or none, if `seen` still holds; an append in between stands."""
        statement = _STOP if to is None else _MOVE
        return bool(self._database.rows(statement, {"stream": stream, "seen": seen, "to": to}))
