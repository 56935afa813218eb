"""Read the vital signs of the rig from its store, by the database's clock."""

from typing import Any

from sqlalchemy import Connection, text

from webhook_receiver.reading.agreement import Agreed
from webhook_receiver.reading.diagnosis import (
    CanarySigns,
    QueueSigns,
    Service,
    VitalSigns,
)

_SHORT = text("SET LOCAL statement_timeout = '2s'")
_SERVICES = text("""
SELECT name, ok, detail, extract(epoch FROM clock_timestamp() - as_of)::float8 FROM service_status
""")
_WATCHERS = text("""
SELECT name, extract(epoch FROM clock_timestamp() - last_success_at)::float8 FROM watchers
""")
_RUNNING = text("""
SELECT extract(epoch FROM clock_timestamp() - min(applied_at))::float8 FROM schema_functions
""")
_WAITING = text("""
SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - created_at)), 0)::float8
  FROM outbox
 WHERE done_at IS NULL AND dead_at IS NULL AND attempts = 0 AND last_error IS NULL
   AND task <> 'rig.conductor.absence'  -- it rests a quarter of an hour on purpose
""")
_DEAD = text("SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL AND done_at IS NULL")
_SEEN = text("""
SELECT queue, min(extract(epoch FROM clock_timestamp() - seen_at))::float8 FROM heartbeats
 GROUP BY queue
""")
_CLAIMABLE = text("""
SELECT claim_queue, count(*),
       max(extract(epoch FROM clock_timestamp() - greatest(entered_at, claim_after)))::float8
  FROM issues
 WHERE claim_queue IS NOT NULL AND (claim_after IS NULL OR claim_after <= clock_timestamp())
 GROUP BY claim_queue ORDER BY claim_queue
""")
_REVIEW = text("""
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - entered_at)), 0)::float8 FROM issues
 WHERE lane = 'in_review' AND claim_queue = 'review-e'
""")
_MERGE = text("""
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - entered_at)), 0)::float8 FROM issues
 WHERE lane = 'ready_to_merge' AND overlay IS NULL
""")
_VERSIONS = text("""
SELECT DISTINCT version FROM heartbeats
 WHERE seen_at > clock_timestamp() - interval '10 minutes' ORDER BY version
""")
_AGREED = text("""
SELECT queue, agreed FROM heartbeats
 WHERE seen_at > clock_timestamp() - interval '10 minutes' AND agreed <> '{}'
 ORDER BY queue, holder
""")
_CLOSED = text("""
SELECT split_part(identity, '/', 1),
       max(extract(epoch FROM closed_until - clock_timestamp()))::float8
  FROM rate_windows
 WHERE closed_until > clock_timestamp() AND identity NOT LIKE 'provider/%' GROUP BY 1 ORDER BY 1
""")
_CLOSED_PROVIDERS = text("""
SELECT split_part(identity, '/', 2), extract(epoch FROM closed_until - clock_timestamp())::float8
  FROM rate_windows
 WHERE closed_until > clock_timestamp() AND identity LIKE 'provider/%' ORDER BY 1
""")
_LOST = text("""
SELECT count(*) FROM lost_deliveries WHERE asked_at > clock_timestamp() - interval '1 day'
""")
_QUARANTINED = text("""
SELECT count(*) FROM deliveries
 WHERE status = 'quarantined' AND received_at > clock_timestamp() - interval '1 day'
""")
_PAUSED = text("""
SELECT DISTINCT split_part(scope, ':', 1) FROM switches
 WHERE lifted_at IS NULL AND (until IS NULL OR until > clock_timestamp())
""")
_RED_BASES = text("""
SELECT DISTINCT newest.repo
  FROM (SELECT DISTINCT ON (i.repo_id) i.repo, e.type
          FROM issues AS i
          JOIN events AS e ON e.stream = i.stream
           AND e.type IN ('CI_FAILED', 'CI_PASSED') AND e.data ->> 'head_sha' = i.merge_sha
         WHERE i.lane = 'done' AND i.entered_at > clock_timestamp() - interval '7 days'
         ORDER BY i.repo_id, i.entered_at DESC, e.version DESC) AS newest
 WHERE newest.type = 'CI_FAILED' ORDER BY newest.repo
""")
_CANARY = text("""
SELECT (SELECT extract(epoch FROM clock_timestamp() - filed_at)::float8 FROM canaries
         WHERE ended_at IS NULL ORDER BY period_start LIMIT 1),
       (SELECT number FROM canaries WHERE ended_at IS NULL ORDER BY period_start LIMIT 1),
       (SELECT extract(epoch FROM clock_timestamp() - max(ended_at))::float8 FROM canaries
         WHERE outcome = 'merged')
""")


def read_vital_signs(connection: Connection) -> VitalSigns:
    """Read everything that a diagnosis is made from, in a dozen questions of two seconds."""
    connection.execute(_SHORT)
    waiting, oldest = connection.execute(_WAITING).one()
    under_way, number, merged = connection.execute(_CANARY).one()
    seen: dict[str, float] = _pairs(connection, _SEEN)
    return VitalSigns(
        services={
            name: Service(ok=ok, detail=detail, age=age)
            for name, ok, detail, age in connection.execute(_SERVICES)
        },
        watchers=_pairs(connection, _WATCHERS),
        running=connection.execute(_RUNNING).scalar() or 0.0,
        conductor_silent=seen.get("conductor"),
        waiting=waiting,
        oldest_waiting=oldest,
        dead=_count(connection, _DEAD),
        queues=tuple(
            QueueSigns(name=name, claimable=count, oldest=age, silent=seen.get(name))
            for name, count, age in connection.execute(_CLAIMABLE)
        ),
        oldest_review=connection.execute(_REVIEW).scalar_one(),
        oldest_merge=connection.execute(_MERGE).scalar_one(),
        versions=tuple(connection.execute(_VERSIONS).scalars()),
        agreed=tuple(
            Agreed(queue=queue, settings=found) for queue, found in connection.execute(_AGREED)
        ),
        closed_windows=_pairs(connection, _CLOSED),
        closed_providers=_pairs(connection, _CLOSED_PROVIDERS),
        lost_deliveries=_count(connection, _LOST),
        quarantined=_count(connection, _QUARANTINED),
        paused=tuple(sorted(connection.execute(_PAUSED).scalars())),
        red_bases=tuple(connection.execute(_RED_BASES).scalars()),
        canary=CanarySigns(waiting=under_way, number=number, merged=merged),
    )


def _pairs(connection: Connection, statement: Any) -> dict[str, Any]:
    return {row[0]: row[1] for row in connection.execute(statement)}


def _count(connection: Connection, statement: Any) -> int:
    found: int = connection.execute(statement).scalar_one()
    return found
