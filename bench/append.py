"""Appends per second, eight clients: one event, its projections, a timer and one outbox entry."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bench.clients import CLIENTS, together
from bench.result import Result, result
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.store import OutboxEntry, PostgresEventStore, Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.lifecycle.events import Event
from rigtasks.lifecycle.events.intake import IssueHeld
from rigtasks.testing.life import approval

APPENDS_PER_CLIENT = 500
COMMITS_PER_CLIENT = 1000
_ACTOR = Actor(kind=ActorKind.CONDUCTOR, id="bench")
_WAKE_UP = datetime.now(UTC) + timedelta(hours=1)
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
    expected = appended + CLIENTS * (appends // 2)  # every other stream had its first event before
    stored, entries = admin.rows(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM outbox)"
    )[0]
    admin.close()
    if not stored == entries == expected:
        raise AssertionError(f"{stored} events and {entries} entries of {expected} are stored")
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
    """Append to new streams and to old ones in turns, as an issue's life has both."""
    connection = Connection(database_url, application_name="bench")
    store = PostgresEventStore(connection)
    streams = [f"issue:1:{number * appends + ordinal + 1}:1" for ordinal in range(appends)]
    old, new = streams[::2], streams[1::2]
    for stream in old:
        store.append(store.load(stream), _first(stream))
    work = [
        pair
        for known, unknown in zip(old, new, strict=True)
        for pair in (
            (store.load(known), _next(known)),
            (store.load(unknown), _first(unknown)),
        )
    ]
    begin()
    for loaded, writes in work:
        store.append(loaded, writes)
    connection.close()


def _first(stream: str) -> Writes:
    return _writes(approval(int(stream.split(":")[2])), stream, "rung")


def _next(stream: str) -> Writes:
    held = IssueHeld(waits_for="limit", sentence="It waits for a free place.", blocking=False)
    return _writes(held, stream, "reported")


def _writes(event: Event, stream: str, key: str) -> Writes:
    new = NewEvent(event_id=uuid4(), event=event, actor=_ACTOR, correlation_id=uuid4())
    entry = OutboxEntry(
        kind="hint",
        task="rig.agent.work",
        queue="dev-e-python",
        args=("dev-e-python",),
        dedup_key=f"{key} {stream}",
    )
    return Writes(events=(new,), outbox=(entry,), next_wakeup_at=_WAKE_UP)
