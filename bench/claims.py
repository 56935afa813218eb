"""Claims per second: eight workers race for every issue of a queue, and none is claimed twice."""

from collections.abc import Callable
from uuid import uuid4

from bench.clients import CLIENTS, together
from bench.result import Result, result
from rigtasks.eventstore.claims import Claimed, Claims, Limits
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.store import PostgresEventStore, Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.testing.life import approval

ISSUES = 3000
REPOSITORIES = 8
_QUEUE = "dev-e-python"
_ACTOR = Actor(kind=ActorKind.CONDUCTOR, id="bench")
_RAW_TABLE = """
CREATE TABLE bench_raw AS SELECT id, NULL::timestamptz AS taken FROM generate_series(1, %s) AS id
"""
_RAW_INDEX = "CREATE INDEX ON bench_raw (id) WHERE taken IS NULL"
_RAW_TAKE = """
UPDATE bench_raw SET taken = clock_timestamp()
 WHERE id = (SELECT id FROM bench_raw WHERE taken IS NULL ORDER BY id LIMIT 1
                FOR UPDATE SKIP LOCKED) AND taken IS NULL
RETURNING id
"""


def run(database_url: str, *, short: bool = False) -> list[Result]:
    """Measure on a migrated, empty database whose commits are flushed to disk."""
    issues = 100 if short else ISSUES
    admin = Connection(database_url, application_name="bench")
    admin.rows(_RAW_TABLE, (issues,))
    admin.rows(_RAW_INDEX)
    _, seconds = together(_take, database_url)
    limit = issues / seconds
    admin.rows("DROP TABLE bench_raw")
    _approve_all(PostgresEventStore(admin), issues)
    answers, seconds = together(_claim, database_url)
    admin.close()
    claimed = [each for answer in answers for each in answer]
    if len(claimed) != issues or len(set(claimed)) != issues:
        raise AssertionError(f"{len(claimed)} claims of {len(set(claimed))} issues, not {issues}")
    name = f"claims, {CLIENTS} workers racing (limit: bare SKIP LOCKED queue)"
    return [result(name, "per s", issues / seconds, limit)]


def _approve_all(store: PostgresEventStore, issues: int) -> None:
    for number in range(1, issues + 1):
        repo_id = number % REPOSITORIES + 1
        event = approval(
            number, repo_id=repo_id, repo=f"acme/r{repo_id}", ref=f"acme/r{repo_id}#{number}"
        )
        new = NewEvent(event_id=uuid4(), event=event, actor=_ACTOR, correlation_id=uuid4())
        store.append(store.load(f"issue:{repo_id}:{number}:1"), Writes(events=(new,)))


def _take(_number: int, begin: Callable[[], object], database_url: str) -> int:
    connection = Connection(database_url, application_name="bench")
    connection.rows("SELECT 1")
    begin()
    taken = 0
    while connection.rows(_RAW_TAKE):
        taken += 1
    connection.close()
    return taken


def _claim(number: int, begin: Callable[[], object], database_url: str) -> list[tuple[str, int]]:
    connection = Connection(database_url, application_name="bench")
    claims = Claims(connection)
    connection.rows("SELECT 1")
    begin()
    claimed = []
    while isinstance(
        answer := claims.claim(
            queue=_QUEUE,
            agent=f"agent-{number}",
            holder=f"agent-{number}-1",
            run_id=uuid4(),
            lease_seconds=60.0,
            limits=Limits(),
        ),
        Claimed,
    ):
        claimed.append((answer.stream, answer.epoch))
    connection.close()
    return claimed
