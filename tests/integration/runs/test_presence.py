"""A worker that is busy for long still counts as running, and shows what it works on."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from rigtasks.agent.assignment import RunLimits
from rigtasks.agent.providers.scripted import ScriptedProvider
from rigtasks.agent.sandbox import Bounds, Level, find_toolchain
from rigtasks.agent.supervisor import Timers as AgentTimers
from rigtasks.conductor.standing import queues_without_worker
from rigtasks.errors import Retryable
from rigtasks.eventstore.claims import Limits
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import Database, open_database
from rigtasks.lifecycle.commands import Admit
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.timers import Timers
from rigtasks.routing.internal import InternalRepositories
from rigtasks.routing.stack import Queue
from rigtasks.runs.credential_requests import PostgresCredentialRequests
from rigtasks.runs.kit import WorkerKit
from rigtasks.runs.work import Presence, answer_bell
from rigtasks.shell import IssueShell
from rigtasks.testing.life import approval

QUEUE = "dev-e-python"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url, application_name="tests", pool_size=4)
    yield database
    database.close()


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


@pytest.fixture
def kit(stores: Stores, database_url: str, tmp_path: Path) -> WorkerKit:
    """A worker whose runs wait for a token that nobody gives them, then end."""
    return WorkerKit(
        stores=stores,
        shell=IssueShell(stores, Timers()),
        credentials=PostgresCredentialRequests(stores),
        provider=lambda _: ScriptedProvider(),
        level=Level.NONE,
        tools=find_toolchain(()),
        bounds=Bounds(memory_bytes=4 << 30, processes=1024),
        limits=Limits(total=None, per_repository=None, per_queue=None),
        internal=InternalRepositories(),
        run_limits=RunLimits(),
        review_limits=RunLimits(),
        timers=AgentTimers(),
        time_scale=1.0,
        lease_seconds=10.0,
        heartbeat_seconds=0.05,
        token_patience=1.5,
        work_dir=tmp_path,
        shutting_down=lambda: False,
        setup_network=False,
        now=lambda: datetime.now(UTC),
        database_url=database_url,
    )


def beats_of(stores: Stores) -> Presence:
    def present(run_id: UUID | None) -> None:
        stores.heartbeats.beat(
            holder=f"w/{QUEUE}",
            agent=QUEUE,
            queue=QUEUE,
            version="1",
            config_hash="c",
            isolation="none",
            run_id=run_id,
        )

    return present


def approve(stores: Stores) -> None:
    IssueShell(stores, Timers()).tell(
        "issue:1:7:1",
        Admit(approved=approval()),
        actor=Actor(kind=ActorKind.CONDUCTOR, id="c"),
        cause=uuid4(),
    )


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def unserved(stores: Stores) -> frozenset[Queue]:
    return queues_without_worker(stores, frozenset({Queue(QUEUE)}))


@pytest.mark.parametrize(("minutes", "missing"), [(9, frozenset()), (11, {QUEUE})])
def test_the_databases_clock_says_who_is_there(
    stores: Stores, database: Database, minutes: int, missing: set[str]
) -> None:
    beats_of(stores)(None)
    database.rows("UPDATE heartbeats SET seen_at = seen_at - make_interval(mins => %s)", (minutes,))

    (seen,) = stores.heartbeats.all()

    assert minutes * 60 <= seen.silent_seconds < minutes * 60 + 30
    assert unserved(stores) == missing


def test_a_busy_worker_counts_as_running_with_its_run(
    kit: WorkerKit, stores: Stores, database: Database
) -> None:
    approve(stores)
    bell = threading.Thread(
        target=answer_bell,
        args=(kit,),
        kwargs={"queue": QUEUE, "holder": "w", "present": beats_of(stores)},
    )
    bell.start()
    wait_until(lambda: bool(stores.heartbeats.all()))
    database.rows("UPDATE heartbeats SET seen_at = seen_at - interval '11 minutes'")

    wait_until(lambda: not unserved(stores))

    (busy,) = stores.heartbeats.all()
    (lease,) = stores.claims.live()
    assert busy.run_id == lease.run_id
    bell.join(10)
    (idle,) = stores.heartbeats.all()
    assert idle.run_id is None
    assert stores.claims.live() == ()


def test_a_worker_without_a_run_shows_none(kit: WorkerKit, stores: Stores) -> None:
    said = answer_bell(kit, queue=QUEUE, holder="w", present=beats_of(stores))

    assert said.startswith("dropped")
    assert [beat.run_id for beat in stores.heartbeats.all()] == [None]


def test_a_run_goes_on_when_its_presence_cannot_be_shown(kit: WorkerKit, stores: Stores) -> None:
    approve(stores)

    def away(_: UUID | None) -> None:
        raise Retryable("Postgres does not answer")

    said = answer_bell(kit, queue=QUEUE, holder="w", present=away)

    assert said.startswith("failed (infra): no conductor answered")
    assert stores.heartbeats.all() == ()
