"""A worker that is busy for long still counts as running, and shows what it works on."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from worker_kits import make_kit

from rigtasks.conductor.standing import queues_without_worker
from rigtasks.errors import Retryable
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.lifecycle.commands import Admit
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.timers import Timers
from rigtasks.routing.stack import Queue
from rigtasks.runs.kit import WorkerKit
from rigtasks.runs.work import Presence, answer_bell
from rigtasks.shell import IssueShell
from rigtasks.testing.life import approval

QUEUE = "dev-e-python"


@pytest.fixture
def kit(stores: Stores, database_url: str, tmp_path: Path) -> WorkerKit:
    return make_kit(stores, database_url, tmp_path)


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
@pytest.mark.incident("liveness-1")
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
