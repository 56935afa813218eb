"""The relay on a real Postgres and a real Redis: what it sends again, and what it looks after."""

from collections.abc import Iterator

import pytest
import redis
from relays import relay_on
from task_lives import approve, claim

from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.lifecycle.state import Lane
from rigtasks.local.ports import any_free_port

QUEUE = "conductor"


@pytest.fixture
def broker(redis_url: str) -> Iterator["redis.Redis[bytes]"]:
    client = redis.Redis.from_url(redis_url)
    yield client
    client.close()


def add_tasks(stores: Stores, number: int) -> None:
    entries = [
        OutboxEntry(kind="task", task="t", queue=QUEUE, args=(each,)) for each in range(number)
    ]
    stores.outbox.add(entries)


def test_a_task_whose_message_still_waits_is_not_sent_again(
    stores: Stores, redis_url: str, broker: "redis.Redis[bytes]"
) -> None:
    relay = relay_on(stores, redis_url)
    add_tasks(stores, 3)

    for _ in range(20):
        relay.turn()

    assert broker.llen(QUEUE) == 3


@pytest.mark.incident("A26")
def test_tasks_whose_messages_got_lost_are_sent_again(
    stores: Stores, redis_url: str, broker: "redis.Redis[bytes]"
) -> None:
    relay = relay_on(stores, redis_url)
    add_tasks(stores, 3)
    relay.turn()
    broker.flushall()

    relay.turn()
    relay.turn()

    assert broker.llen(QUEUE) == 3


def test_hours_without_a_conductor_kill_no_task(stores: Stores, redis_url: str) -> None:
    relay = relay_on(stores, redis_url)
    add_tasks(stores, 1)

    for _ in range(160):
        relay.turn()

    (waiting,) = stores.outbox.take()
    assert waiting.attempts == 0
    assert stores.outbox.is_open(waiting.id)


@pytest.mark.incident("A1", "A9")
def test_a_lost_claim_is_taken_back_although_redis_is_away_and_nobody_else_sweeps(
    stores: Stores, database: Database
) -> None:
    stream = approve(stores, 1)
    claim(stores, lease_seconds=0.0)
    relay = relay_on(stores, f"redis://127.0.0.1:{any_free_port()}/0")

    relay.turn()

    state = stores.events.load(stream).state
    assert state is not None
    assert (state.lane, state.lost_runs) == (Lane.QUEUED, 1)
    reported = dict(database.rows("SELECT name, ok FROM service_status"))
    assert reported["redis"] is False
    assert reported["sweeps"] is True


def test_a_sweep_that_fails_is_reported_and_stops_no_relay(
    stores: Stores, database: Database, redis_url: str, broker: "redis.Redis[bytes]"
) -> None:
    lost = approve(stores, 1)
    claim(stores, lease_seconds=0.0)
    database.rows("UPDATE events SET type = 'UNREADABLE' WHERE stream = %s", (lost,))
    relay = relay_on(stores, redis_url)
    relay.turn()
    add_tasks(stores, 1)

    relay.turn()

    assert broker.llen(QUEUE) == 1
    (ok, detail) = database.rows("SELECT ok, detail FROM service_status WHERE name = 'sweeps'")[0]
    assert ok is False
    assert "UNREADABLE" in detail
