"""The message that asks for a run's token gets lost, and the run gets its token all the same."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
import redis
from celery import Celery

from rigtasks.config import Settings
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.lifecycle.timers import Timers
from rigtasks.runs.credential_requests import PostgresCredentialRequests
from rigtasks.runs.credentials import request_credentials
from rigtasks.schedule import periods
from rigtasks.sealing import RunCredentials, sealed_for
from rigtasks.shell import CONDUCTOR_QUEUE, IssueShell
from rigtasks.tasks.broker import CeleryBroker
from rigtasks.tasks.relay import Relay
from rigtasks.tasks.sweeps import Sweeps

STREAM = "issue:1:7:1"
CREDENTIALS = RunCredentials(token="t", clone_url="https://github.test/acme/api")


@pytest.fixture
def stores(database_url: str) -> Iterator[Stores]:
    database = open_database(database_url, application_name="tests", pool_size=4)
    yield stores_on(database)
    database.close()


@pytest.fixture
def broker(redis_url: str) -> Iterator["redis.Redis[bytes]"]:
    client = redis.Redis.from_url(redis_url)
    yield client
    client.close()


def relay_on(stores: Stores, broker_url: str, settings: Settings) -> Relay:
    sweeps = Sweeps(
        stores=stores,
        shell=IssueShell(stores, Timers()),
        answer_seconds=60.0,
        orphan_seconds=86_400.0,
        periods=dict.fromkeys(periods(settings), 3600.0),
    )
    return Relay(
        stores,
        CeleryBroker(Celery("tests", broker=broker_url)),
        republish_seconds=settings.scaled(settings.republish_seconds),
        ping_seconds=3600.0,
        queues=(),
        sweeps=sweeps,
    )


def wait_for_message(relay: Relay, broker: "redis.Redis[bytes]", seconds: float) -> bool:
    """Let the relay turn until a message waits for the conductor."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        relay.turn()
        if broker.llen(CONDUCTOR_QUEUE):
            return True
        time.sleep(0.02)
    return False


def answer(stores: Stores, run_id: UUID) -> None:
    """Answer as the conductor does."""
    asked = stores.run_tokens.get(run_id=run_id, epoch=1)
    assert asked is not None
    stores.run_tokens.answer(
        run_id=run_id,
        epoch=1,
        sealed=sealed_for(CREDENTIALS, asked.public_key),
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


def test_a_run_whose_message_was_lost_waits_for_the_repetition(
    stores: Stores, redis_url: str, broker: "redis.Redis[bytes]", database_url: str
) -> None:
    # given a run that asks for its token
    settings = Settings(DATABASE_URL=database_url, republish_seconds=30.0, time_scale=0.05)
    relay = relay_on(stores, redis_url, settings)
    run_id, over = uuid4(), threading.Event()
    ask = partial(
        request_credentials,
        PostgresCredentialRequests(stores),
        STREAM,
        run_id,
        1,
        patience=settings.token_patience,
        stop=over.is_set,
    )
    with ThreadPoolExecutor(max_workers=1) as run:
        asked = run.submit(ask)
        try:
            assert wait_for_message(relay, broker, 10.0)

            # when Redis forgets the message
            broker.flushall()

            # then the relay sends it again, and the run is still there to take the answer
            assert wait_for_message(relay, broker, 10.0)
            answer(stores, run_id)
            assert asked.result(timeout=10.0) == CREDENTIALS
        finally:
            over.set()
