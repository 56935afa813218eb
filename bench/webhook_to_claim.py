"""From a webhook's first byte to a durable claim, idle, one at a time, on the real processes.

The path: receiver (granian), one commit, relay, Celery, the worker's task, claim. The issue was
approved beforehand, so that the path has no reading of GitHub in it: a trigger of this database
turns the task that the receiver stores into the agents' bell. A notification that Postgres sends
when the claim has committed stops the clock.

The limit is a Flask handler (same server, same requests) that calls a bare Celery task (same
broker, a worker as Celery makes it), until the task's body runs. Both are measured in turns.
"""

import select
import statistics
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import redis

from bench.bare_celery import QUEUE, STARTED
from bench.intake_load import Client, Deliveries, Measured
from bench.place import Place
from bench.result import Report, result
from bench.stack import warm_stack
from bench.waiting import until, until_warm
from rigtasks.eventstore.connection import Connection, connect
from rigtasks.eventstore.run_tokens import RunTokens
from rigtasks.eventstore.store import PostgresEventStore, Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.local.ports import any_free_port
from rigtasks.local.probes import answers, says
from rigtasks.local.processes import ProcessSpec
from rigtasks.local.stack import Addresses
from rigtasks.local.table import SERVERS, SOURCES_STOP, receiver, relay, worker
from rigtasks.sealing import RunCredentials, sealed_for
from rigtasks.testing.life import approval

SAMPLES = 40
WARM_UP = 5
_AGENTS = "dev-e-python"
_LONG = "100000"
_PATIENCE_SECONDS = 20.0
_REST_SECONDS = 0.2
_MILLI = 1000
_ACTOR = Actor(kind=ActorKind.CONDUCTOR, id="bench")
_TRIGGERS = f"""
CREATE FUNCTION bench_ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.kind := 'hint';
    NEW.task := 'rig.agent.work';
    NEW.queue := '{_AGENTS}';
    NEW.args := '["{_AGENTS}", "bench"]';
    RETURN NEW;
END $$;
CREATE TRIGGER bench_ring BEFORE INSERT ON outbox
   FOR EACH ROW WHEN (NEW.task = 'rig.conductor.delivery') EXECUTE FUNCTION bench_ring();
CREATE FUNCTION bench_claimed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('bench_claimed', NEW.run_id || ' ' || NEW.epoch);
    RETURN NULL;
END $$;
CREATE TRIGGER bench_claimed AFTER INSERT ON leases
   FOR EACH ROW EXECUTE FUNCTION bench_claimed();
"""
#: Ends a run without another attempt.
_REFUSED = RunCredentials(refused="only measured", failure=FailureClass.POLICY)
_ENDED = "SELECT ended_at FROM runs WHERE run_id = %s"


def run(place: Place) -> Report:
    """Measure both paths in turns on one stack."""
    samples, warm_up = (3, 1) if place.short else (SAMPLES, WARM_UP)
    bare_port = any_free_port()

    def table(*, ports: dict[str, int], **_: Any) -> tuple[ProcessSpec, ...]:
        return (
            receiver(ports),
            relay(),
            worker(_AGENTS, frozenset()),
            *_bare_processes(receiver(ports), bare_port),
        )

    quiet = {"RIG_REPUBLISH_SECONDS": _LONG, "RIG_PING_SECONDS": _LONG}
    with warm_stack(place, settings=quiet, table=table) as stack:
        assert stack.addresses is not None
        rig, bare = _Rig(stack.addresses), _Bare(stack.addresses, bare_port)
        for _ in range(warm_up):
            rig.sample()
            bare.sample()
        ours, theirs = [], []
        for _ in range(samples):
            ours.append(rig.sample())
            theirs.append(bare.sample())
        rig.close()
    return Report(
        results=[
            result(
                "webhook to claim, idle, p50 (limit: Flask and a bare Celery task)",
                "ms", statistics.median(ours), statistics.median(theirs),
            ),
            result("webhook to claim, idle, slowest", "ms", max(ours), max(theirs)),
        ]
    )  # fmt: skip


def _bare_processes(like: ProcessSpec, port: int) -> tuple[ProcessSpec, ...]:
    """Describe the limit's web server, served like the receiver, and its worker."""
    own_port = str(like.port)
    served = [str(port) if word == own_port else word for word in like.argv[:-1]]
    celery = (sys.executable, "-m", "celery", "-A", "bench.bare_celery", "worker")
    return (
        replace(
            like,
            name="bare-web",
            argv=(*served, "bench.bare_web:app"),
            ready=answers(port, "/health"),
            port=port,
        ),
        ProcessSpec(
            name="bare-worker",
            argv=(*celery, "-Q", QUEUE, "-c", "1", "-n", "bare@%h", "--loglevel", "INFO"),
            ready=says(rb"\bready\."),
            after=SERVERS,
            stop_phase=SOURCES_STOP,
        ),
    )


class _Bare:
    """The handler with the bare task."""

    def __init__(self, addresses: Addresses, port: int) -> None:
        self._redis = redis.Redis.from_url(addresses.redis_url, socket_timeout=60)
        self._client = Client(port, Deliveries(addresses.webhook_secret))

    def sample(self) -> float:
        """Return the milliseconds from the request to the body of the task."""
        began = time.perf_counter()
        _deliver(self._client)
        answer = self._redis.blpop([STARTED], timeout=_PATIENCE_SECONDS)
        if answer is None:
            raise RuntimeError("the bare task never began")
        return (float(answer[1]) - began) * _MILLI


class _Rig:
    """The rig's own path, with an issue to claim at its end."""

    def __init__(self, addresses: Addresses) -> None:
        port = urlsplit(addresses.web).port
        assert port is not None
        self._client = Client(port, Deliveries(addresses.webhook_secret))
        self._database = Connection(addresses.database_url, application_name="bench")
        self._database.rows(_TRIGGERS)
        self._ear = connect(addresses.database_url, application_name="bench ear")
        with self._ear.cursor() as cursor:
            cursor.execute("LISTEN bench_claimed")
        self._store = PostgresEventStore(self._database)
        self._tokens = RunTokens(self._database)
        self._number = 0

    def sample(self) -> float:
        """Return the milliseconds from the request to the committed claim; end its run after."""
        self._approve()
        until_warm(self._database, workers=1)
        time.sleep(_REST_SECONDS)
        began = time.perf_counter()
        _deliver(self._client)
        run_id, epoch = self._hear()
        seconds = time.perf_counter() - began
        self._end(run_id, epoch)
        return seconds * _MILLI

    def close(self) -> None:
        """Close the connections."""
        self._ear.close()
        self._database.close()

    def _approve(self) -> None:
        self._number += 1
        new = NewEvent(
            event_id=uuid4(), event=approval(self._number), actor=_ACTOR, correlation_id=uuid4()
        )
        self._store.append(self._store.load(f"issue:1:{self._number}:1"), Writes(events=(new,)))

    def _hear(self) -> tuple[UUID, int]:
        if not select.select([self._ear], [], [], _PATIENCE_SECONDS)[0]:
            raise RuntimeError("nobody claimed the issue")
        self._ear.poll()
        (notification,) = self._ear.notifies
        self._ear.notifies.clear()
        run_id, epoch = notification.payload.split()
        return UUID(run_id), int(epoch)

    def _end(self, run_id: UUID, epoch: int) -> None:
        """Refuse the run its token, as a conductor may, and wait for its end."""
        asked = until(lambda: self._tokens.get(run_id=run_id, epoch=epoch), "the run's question")
        self._tokens.answer(
            run_id=run_id,
            epoch=epoch,
            sealed=sealed_for(_REFUSED, asked.public_key),
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )
        until(lambda: self._database.rows(_ENDED, (run_id,))[0][0], "the run's end")


def _deliver(client: Client) -> None:
    """Send one delivery and take its answer."""
    measured = Measured()
    client.send()
    while not client.receive(measured):
        pass
    if measured.refused:
        raise RuntimeError("the delivery was refused")
