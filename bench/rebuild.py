"""Events per second of a complete rebuild of the projections."""

from collections.abc import Callable
from uuid import UUID, uuid4, uuid5

import msgspec

from bench.clients import together
from bench.result import Result, result
from rigtasks.budget.usage import CostBasis
from rigtasks.eventstore.claims import Claims, Limits, NotClaimed
from rigtasks.eventstore.connection import Connection, Timeouts, connect
from rigtasks.eventstore.rebuild import rebuild_projections
from rigtasks.eventstore.store import PostgresEventStore, Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.lifecycle.events import Event, liveness, work
from rigtasks.lifecycle.events.base import Step, Usage
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.testing.life import approval

COPIES = 10_000
PROCESSES = 2
_NAMESPACE = UUID("0b1f5d3c-5a0e-4f0a-9d0f-6d3a2c8b7e11")
_ACTOR = Actor(kind=ActorKind.CONDUCTOR, id="bench")
_ORIGINAL = "issue:1:1:1"
_COPY_EVENTS = """
INSERT INTO events (position, stream, version, type, schema_version, event_id, data, actor_kind,
                    actor_id, correlation_id, causation_id, recorded_at)
SELECT nextval('event_position'), 'issue:1:' || n || ':1', version, type, schema_version,
       gen_random_uuid(),
       CASE type WHEN 'ISSUE_APPROVED'
                 THEN replace(replace(data::text, '"number":1,', '"number":' || n || ','),
                              '"acme/api#1"', '"acme/api#' || n || '"')
                 ELSE replace(data::text, run_id, md5(n || run_id)::uuid::text) END::json,
       actor_kind, actor_id, correlation_id, causation_id, recorded_at
  FROM (SELECT *, coalesce(data ->> 'run_id', 'none') AS run_id FROM events
         WHERE stream = 'issue:1:1:1') AS original, generate_series(2, %s) AS n
 ORDER BY version, n
"""
_COPY_OUT = """
COPY (SELECT data FROM events WHERE (hashtext(stream) & 2147483647) % {parts} = {part}) TO STDOUT
"""


def run(database_url: str, *, short: bool = False) -> list[Result]:
    """Measure on a migrated, empty database."""
    connection = Connection(
        database_url, application_name="bench", timeouts=Timeouts(statement=300.0)
    )
    _live_one_life(connection)
    connection.rows(_COPY_EVENTS, (200 if short else COPIES,))
    connection.rows("ANALYZE")
    first = rebuild_projections(database_url)
    second = rebuild_projections(database_url)
    if any(second.corrected.values()):
        raise AssertionError(f"a second rebuild still corrected {second.corrected}")
    connection.close()
    read, seconds = together(_read, database_url, PROCESSES, clients=PROCESSES)
    if sum(read) != second.events:
        raise AssertionError(f"{sum(read)} events were read and {second.events} rebuilt")
    limit = second.events / seconds
    return [
        result(
            f"rebuild of {second.events} events (limit: COPY and decode only)",
            "events/s", second.events / second.seconds, limit,
        ),
        result("rebuild into empty tables", "events/s", first.events / first.seconds, limit),
    ]  # fmt: skip


def _read(part: int, begin: Callable[[], object], database_url: str, parts: int) -> int:
    """Copy the events of some streams out and decode them, and nothing else."""
    count = 0

    def take(line: bytes) -> None:
        nonlocal count
        msgspec.json.decode(line.replace(b"\\\\", b"\\"))
        count += 1

    raw = connect(database_url, application_name="bench", timeouts=Timeouts(statement=300.0))
    with raw.cursor() as cursor:
        begin()
        cursor.copy_expert(_COPY_OUT.format(parts=parts, part=part), _Lines(take))
    raw.close()
    return count


class _Lines:
    """What psycopg2 writes the rows of a COPY to, one after the other."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.write = take


def _live_one_life(connection: Connection) -> None:
    """Live through one implementation run of twenty events."""
    store = PostgresEventStore(connection)
    run_id = uuid4()
    _append(store, approval(1))
    claimed = Claims(connection).claim(
        queue="dev-e-python",
        agent="dev-e",
        holder="dev-e-1",
        run_id=run_id,
        lease_seconds=600.0,
        limits=Limits(),
    )
    if isinstance(claimed, NotClaimed):
        raise AssertionError(f"not claimed: {claimed}")  # noqa: TRY004 - an answer, not a type
    _append(
        store,
        work.WorkStarted(
            run_id=run_id, epoch=1, base_sha="a" * 40, isolation="bwrap", config=AgentConfig(),
            config_sha=None,
        ),
    )  # fmt: skip
    _append(store, work.CliStarted(run_id=run_id, provider="scripted", isolation="bwrap"))
    for turn in range(1, 14):
        note = f"turn {turn}: edited src/totals.py and ran the tests"
        _append(store, work.CliProgress(run_id=run_id, kind="note", message=note))
    usage = Usage(
        model="scripted-rules", turns=13, input_uncached=9000, output=700, cost_micro_usd=40_000,
        cost_basis=CostBasis.COMPUTED,
    )  # fmt: skip
    steps = (
        Step(name="implement", status="ok", seconds=12.5),
        Step(name="test", status="ok", seconds=3.5),
    )
    _append(
        store,
        work.CliCompleted(
            run_id=run_id, epoch=1, stage="implement", ending="ok", seconds=16.0, usage=usage,
            steps=steps,
        ),
    )  # fmt: skip
    _append(store, liveness.TokenUsage(run_id=run_id, agent="dev-e", usage=usage))
    _append(
        store,
        work.TestsPassed(
            run_id=run_id, epoch=1, base_sha="a" * 40, head_sha="b" * 40, artifact_id=uuid4(),
            command="pytest", files_changed=1, lines_changed=8,
        ),
    )  # fmt: skip


def _append(store: PostgresEventStore, event: Event) -> None:
    loaded = store.load(_ORIGINAL)
    event_id = uuid5(_NAMESPACE, f"{uuid4()} {loaded.version}")
    new = NewEvent(event_id=event_id, event=event, actor=_ACTOR, correlation_id=event_id)
    store.append(loaded, Writes(events=(new,)))
