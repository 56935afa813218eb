"""Events per second of a complete rebuild of the projections."""

from uuid import UUID, uuid4, uuid5

from bench.intake import Result
from rigtasks.budget.usage import CostBasis
from rigtasks.eventstore.claims import Claims, Limits, NotClaimed
from rigtasks.eventstore.connection import Connection, Timeouts
from rigtasks.eventstore.rebuild import rebuild_projections
from rigtasks.eventstore.store import PostgresEventStore, Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.lifecycle.events import Event, liveness, work
from rigtasks.lifecycle.events.base import Step, Usage
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.testing.life import approval

COPIES = 10_000
_NAMESPACE = UUID("0b1f5d3c-5a0e-4f0a-9d0f-6d3a2c8b7e11")
_ACTOR = Actor(kind=ActorKind.CONDUCTOR, id="bench")
_ORIGINAL = "issue:1:1:1"
_COPY_EVENTS = """
INSERT INTO events (position, stream, version, type, schema_version, event_id, data, actor_kind,
                    actor_id, correlation_id, causation_id, recorded_at)
SELECT nextval('event_position'), 'issue:1:' || n || ':1', version, type, schema_version,
       gen_random_uuid(),
       CASE type WHEN 'ISSUE_APPROVED'
                 THEN data || jsonb_build_object('number', n, 'ref', 'acme/api#' || n)
                 ELSE CASE WHEN data ? 'run_id'
                           THEN data || jsonb_build_object('run_id', md5(n || (data ->> 'run_id')))
                           ELSE data END END,
       actor_kind, actor_id, correlation_id, causation_id, recorded_at
  FROM events, generate_series(2, %s) AS n
 WHERE stream = 'issue:1:1:1' ORDER BY version, n
"""
_COPY_OUT = "SELECT count(*) FROM (SELECT events::text FROM events ORDER BY position) AS rows"


def run(database_url: str) -> list[Result]:
    """Measure on a migrated, empty database."""
    connection = Connection(
        database_url, application_name="bench", timeouts=Timeouts(statement=300.0)
    )
    _live_one_life(connection)
    connection.rows(_COPY_EVENTS, (COPIES,))
    connection.rows("ANALYZE")
    first = rebuild_projections(database_url)
    second = rebuild_projections(database_url)
    if any(second.corrected.values()):
        raise AssertionError(f"a second rebuild still corrected {second.corrected}")
    connection.close()
    value = second.events / second.seconds
    written = first.events / first.seconds
    return [
        Result(
            name=f"rebuild of {second.events} events (limit: the same into empty tables)",
            unit="events/s",
            value=value,
            limit=written,
            ratio=value / written,
        )
    ]


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
        _append(store, work.CliProgress(run_id=run_id, message=note, turns=turn))
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
