"""Claims: leases with an epoch, decided by the database's clock."""

import time
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4, uuid5

import msgspec
import psycopg2

from rigtasks.errors import Permanent
from rigtasks.eventstore.connection import Rows
from rigtasks.lifecycle.envelope import ActorKind
from rigtasks.lifecycle.state import Stage
from rigtasks.routing.admission import ANY_PROVIDER, Providers
from rigtasks.routing.internal import NONE_INTERNAL, InternalRepositories

REVIEW_QUEUE = "review-e"
#: SQLSTATE of a claim that was rolled back because another one took the last free place.
LIMIT_TAKEN = "RG001"
_NO_LIMIT = 2_147_483_647
_MOST_TRIES = 20
_PAUSE = 0.002

_CLAIM = """
CALL rig_claim(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s::text[],
               %s, %s::text[], NULL, NULL, NULL, NULL, NULL, NULL)
"""
_HEARTBEAT = """
WITH renewed AS (
    UPDATE leases
       SET heartbeat_at = clock_timestamp(),
           progress_at = greatest(
               progress_at, clock_timestamp() - make_interval(secs => %(silent)s)),
           expires_at = clock_timestamp() + make_interval(secs => %(seconds)s)
     WHERE stream = %(stream)s AND epoch = %(epoch)s AND run_id = %(run_id)s
       AND expires_at > clock_timestamp()
    RETURNING expires_at
)
SELECT (SELECT expires_at FROM renewed), i.lane = 'cancelled',
       EXISTS (SELECT FROM switches AS s
                WHERE s.lifted_at IS NULL
                  AND (s.until IS NULL OR s.until > clock_timestamp())
                  AND s.scope IN ('rig', 'repo:' || i.repo_id, i.stream,
                                  'issue:' || i.repo_id || ':' || i.number,
                                  'provider:' || %(provider)s))
  FROM issues AS i WHERE i.stream = %(stream)s
"""
_EXPIRED = """
SELECT l.stream, l.epoch, l.run_id, r.stage, l.queue, l.holder, l.expires_at
  FROM leases AS l JOIN runs AS r ON r.run_id = l.run_id
 WHERE l.expires_at <= clock_timestamp() ORDER BY l.expires_at LIMIT %s
"""
_LIVE = """
SELECT l.stream, l.epoch, l.run_id, r.stage, l.queue, l.holder, l.expires_at
  FROM leases AS l JOIN runs AS r ON r.run_id = l.run_id
 WHERE l.expires_at > clock_timestamp() ORDER BY l.stream
"""
_SILENT = """
SELECT stream, epoch, run_id, extract(epoch FROM clock_timestamp() - progress_at)::float8
  FROM leases
 WHERE expires_at > clock_timestamp()
   AND progress_at < clock_timestamp() - make_interval(secs => %s)
 ORDER BY progress_at, stream LIMIT %s
"""


class SilentRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose lease is alive and whose agent shows nothing."""

    stream: str
    epoch: int
    run_id: UUID
    silent_seconds: float


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many claims may be live at once; None is no limit, 0 stops new claims."""

    total: int | None = None
    per_repository: int | None = None
    per_queue: int | None = None


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that was just made. Times are the database's."""

    stream: str
    version: int
    epoch: int
    run_id: UUID
    stage: Stage
    queue: str
    claimed_at: datetime
    expires_at: datetime


class NotClaimed(StrEnum):
    """Why a worker got nothing."""

    NOTHING = "nothing"
    PAUSED = "paused"
    LIMIT = "limit"
    BUSY = "busy"


class Renewal(StrEnum):
    """What the database says of a claim when its holder asks."""

    HELD = "held"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    LOST = "lost"


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """One lease as it stands."""

    stream: str
    epoch: int
    run_id: UUID
    stage: str
    queue: str
    holder: str
    expires_at: datetime


class Claims:
    """Claim work, keep it, and find the claims whose holders went away."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def claim(
        self,
        *,
        queue: str,
        agent: str,
        holder: str,
        run_id: UUID,
        lease_seconds: float,
        limits: Limits,
        internal: InternalRepositories = NONE_INTERNAL,
        providers: Providers = ANY_PROVIDER,
    ) -> Claimed | NotClaimed:
        """Claim the best claimable issue of a queue.

        The order is priority, then fewer live claims of the repository, then the older approval,
        then the stream. While others claim at the same instant each gets the best issue nobody
        else is taking. Limits hold exactly.

        Args:
            queue: whose work is wanted; `review-e` claims reviews, every other queue implements.
            agent: the agent's name, kept over restarts.
            holder: this process of the agent.
            run_id: of the run that begins; chosen by the caller.
            lease_seconds: how long the claim lives without a heartbeat.
            limits: how many claims may be live.
            internal: repositories that are never worked in.
            providers: whose agents the worker may start now; those that are paused are known here,
                and nothing is claimed for one of them.

        Raises:
            Permanent: the run id was used before.
            DatabaseUnavailable: whether the claim was made is unknown; its lease ends by itself.
        """
        stage = Stage.REVIEW if queue == REVIEW_QUEUE else Stage.IMPLEMENT
        actor = ActorKind.REVIEWER if stage is Stage.REVIEW else ActorKind.WORKER
        parameters = (
            queue,
            str(stage),
            agent,
            holder,
            str(actor),
            run_id,
            uuid5(run_id, "assigned"),
            lease_seconds,
            _bound(limits.total),
            _bound(limits.per_queue),
            _bound(limits.per_repository),
            list(internal.ids),
            list(internal.names),
            providers.own,
            None if providers.offered is None else sorted(providers.offered),
        )
        for attempt in range(_MOST_TRIES):
            row = self._try(parameters)
            if row is not None and row[0] == "claimed":
                return _claimed(row, run_id, stage, queue)
            if row is not None and row[0] != "busy":
                return NotClaimed(row[0])
            time.sleep(_PAUSE * attempt)
        return NotClaimed.BUSY

    def rehearse(self) -> None:
        """Make this session's plans for claiming; nothing is claimed and nothing is left.

        The server learns the statement by asking for work of a queue that has none, and what comes
        after a choice by a claim that is taken back.
        """
        self.claim(
            queue="rehearsal", agent="", holder="", run_id=uuid4(), lease_seconds=1, limits=Limits()
        )
        self._database.rows("SELECT rig_rehearse_claim()")

    def heartbeat(
        self,
        *,
        stream: str,
        epoch: int,
        run_id: UUID,
        lease_seconds: float,
        provider: str | None = None,
        silent_seconds: float = 0.0,
    ) -> Renewal:
        """Renew a lease that has not run out; a lease that ran out is never revived.

        Args:
            stream: the issue.
            epoch: of the claim.
            run_id: of the run that holds it.
            lease_seconds: how long the claim lives from now on.
            provider: whose agent does the work.
            silent_seconds: since anything the run started showed a sign of progress.
        """
        parameters = {
            "stream": stream,
            "epoch": epoch,
            "run_id": run_id,
            "seconds": lease_seconds,
            "provider": provider,
            "silent": silent_seconds,
        }
        rows = self._database.rows(_HEARTBEAT, parameters)
        if not rows:
            return Renewal.LOST
        expires_at, cancelled, paused = rows[0]
        if cancelled:
            return Renewal.CANCELLED
        if expires_at is None:
            return Renewal.LOST
        return Renewal.PAUSED if paused else Renewal.HELD

    def expired(self, *, most: int = 100) -> tuple[Lease, ...]:
        """Return leases that ran out by the database's clock, the longest dead first."""
        return tuple(_lease(row) for row in self._database.rows(_EXPIRED, (most,)))

    def live(self) -> tuple[Lease, ...]:
        """Return the leases that are alive by the database's clock."""
        return tuple(_lease(row) for row in self._database.rows(_LIVE))

    def silent(self, *, seconds: float, most: int = 100) -> tuple[SilentRun, ...]:
        """Return the runs with a living lease that showed no progress for so long."""
        names = SilentRun.__struct_fields__
        return tuple(
            SilentRun(**dict(zip(names, row, strict=True)))
            for row in self._database.rows(_SILENT, (seconds, most))
        )

    def _try(self, parameters: tuple[object, ...]) -> tuple[Any, ...] | None:
        """Return the function's answer, None where another claim took the last free place."""
        try:
            return self._database.rows(_CLAIM, parameters)[0]
        except psycopg2.errors.UniqueViolation as error:
            raise Permanent(f"the run id was used before: {error.diag.message_detail}") from error
        except psycopg2.Error as error:
            if error.pgcode != LIMIT_TAKEN:
                raise
            return None


def _bound(limit: int | None) -> int:
    return _NO_LIMIT if limit is None else limit


def _claimed(row: tuple[Any, ...], run_id: UUID, stage: Stage, queue: str) -> Claimed:
    _, stream, version, epoch, claimed_at, expires_at = row
    return msgspec.convert(
        {
            "stream": stream,
            "version": version,
            "epoch": epoch,
            "run_id": run_id,
            "stage": stage,
            "queue": queue,
            "claimed_at": claimed_at,
            "expires_at": expires_at,
        },
        Claimed,
    )


def _lease(row: tuple[Any, ...]) -> Lease:
    return msgspec.convert(dict(zip(Lease.__struct_fields__, row, strict=True)), Lease)
