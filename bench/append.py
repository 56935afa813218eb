"""Appends per second: one event with its projections and one outbox entry, eight clients."""

from collections.abc import Callable
from uuid import UUID, uuid4

from bench.clients import CLIENTS, together
from bench.result import Result, result
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.store import OutboxEntry, PostgresEventStore, Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.testing.life import approval

APPENDS_PER_CLIENT = 500
COMMITS_PER_CLIENT = 1000
_ACTOR = Actor(kind=ActorKind.CONDUCTOR, id="bench")
_BARE = "INSERT INTO bench_bare (data) VALUES (repeat('x', 1000))"


def run(database_url: str, *, short: bool = False) -> list[Result]:
    """Measure on a migrated, empty database whose commits are flushed to disk."""
    commits, appends = (50, 20) if short else (COMMITS_PER_CLIENT, APPENDS_PER_CLIENT)
    admin = Connection(database_url, application_name="bench")
    admin.rows("CREATE TABLE bench_bare (id bigserial PRIMARY KEY, data text)")
    _, seconds = together(_commit, database_url, commits)
    limit = CLIENTS * commits / seconds
    admin.rows("DROP TABLE bench_bare")
    _, seconds = together(_append, database_url, appends)
    appended = CLIENTS * appends
    stored, entries = admin.rows(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM outbox)"
    )[0]
    admin.close()
    if not stored == entries == appended:
        raise AssertionError(f"{stored} events and {entries} entries of {appended} are stored")
    name = f"appends with outbox, {CLIENTS} clients (limit: bare commits of 1 kB)"
    return [result(name, "per s", appended / seconds, limit)]


def _commit(_number: int, begin: Callable[[], object], database_url: str, commits: int) -> None:
    connection = Connection(database_url, application_name="bench")
    connection.rows("SELECT 1")
    begin()
    for _ in range(commits):
        connection.rows(_BARE)
    connection.close()


def _append(number: int, begin: Callable[[], object], database_url: str, appends: int) -> None:
    connection = Connection(database_url, application_name="bench")
    store = PostgresEventStore(connection)
    streams = []
    for ordinal in range(appends):
        issue = number * appends + ordinal + 1
        writes = _approved(issue)
        streams.append((store.load(f"issue:1:{issue}:1"), writes))
    begin()
    for loaded, writes in streams:
        store.append(loaded, writes)
    connection.close()


def _approved(issue: int) -> Writes:
    cause: UUID = uuid4()
    return Writes(
        events=(
            NewEvent(event_id=uuid4(), event=approval(issue), actor=_ACTOR, correlation_id=cause),
        ),
        outbox=(
            OutboxEntry(
                kind="hint", task="rig.agent.work", queue="dev-e-python", args=("dev-e-python",)
            ),
        ),
    )
