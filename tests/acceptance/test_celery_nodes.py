"""The conductor's worker as a node of pytest-celery: ready, killed, restarted, without a broker."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from pytest_celery import CeleryTestBroker, CeleryTestSetup, CeleryTestWorker
from running_rig import plain_environment, wait_until

from rigtasks.eventstore.connection import libpq_url
from rigtasks.local.records import is_alive
from rigtasks.testing.nodes import ValkeyNode, WorkerNode

QUEUE = "conductor"
TICK_TASK = "rig.beat.tick"


@pytest.fixture
def celery_broker(tmp_path: Path) -> Iterator[CeleryTestBroker]:
    tmp_path.chmod(0o711)
    container = ValkeyNode(tmp_path / "broker")
    container.start()
    node = CeleryTestBroker(container)  # type: ignore[arg-type]  # it only asks for these names
    yield node
    node.teardown()


@pytest.fixture
def celery_backend() -> None:
    """There is no result backend: what came of the work is in Postgres."""


@pytest.fixture
def celery_backend_cluster(celery_backend: None) -> None:
    return celery_backend


@pytest.fixture
def celery_worker(
    celery_broker: CeleryTestBroker,
    celery_setup_app: Any,
    database_url: str,
    tmp_path: Path,
) -> Iterator[CeleryTestWorker]:
    container = WorkerNode(
        name="conductor",
        queue=QUEUE,
        argv=(
            *(sys.executable, "-m", "celery", "-A", "rigtasks", "worker"),
            *("-Q", QUEUE, "-n", "conductor@node", "--loglevel", "INFO"),
        ),
        environment=plain_environment(
            {
                "DATABASE_URL": database_url,
                "REDIS_URL": celery_broker.config()["url"],
                "RIG_DATA_DIR": str(tmp_path / "data"),
                "PYTHONUNBUFFERED": "1",
            }
        ),
        folder=tmp_path,
        ready_prompt="ready.",
    )
    container.start()
    node = CeleryTestWorker(container, celery_setup_app)  # type: ignore[arg-type]  # as above
    yield node
    node.teardown()
    celery_setup_app.close()


@pytest.fixture
def celery_worker_cluster_config(celery_broker: CeleryTestBroker) -> dict[str, Any]:
    """Tell the test's own application where the broker is, before there is a worker."""
    url = celery_broker.config()["url"]
    return {"celery_broker_cluster_config": {"urls": [url], "host_urls": [url]}}


def ticks(database_url: str) -> int:
    connection = psycopg2.connect(libpq_url(database_url))
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ticks")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def ring(setup: CeleryTestSetup, seconds: float) -> None:
    """Ask for a tick; every length of a period is a job of its own."""
    setup.app.send_task(TICK_TASK, args=("retention", seconds), queue=QUEUE)


def waiting(setup: CeleryTestSetup) -> int:
    with setup.app.connection_for_write() as connection:
        return int(connection.default_channel.client.llen(QUEUE))


def test_the_worker_is_ready_answers_and_works(
    celery_setup: CeleryTestSetup, database_url: str
) -> None:
    assert celery_setup.ready(control=True)
    pong = [{"conductor@node": {"ok": "pong"}}]
    wait_until(lambda: celery_setup.app.control.ping(timeout=5, limit=1) == pong, "its pong")
    assert ticks(database_url) == 0

    ring(celery_setup, 3600)

    wait_until(lambda: ticks(database_url) == 1, "the tick")


def test_a_killed_worker_leaves_nothing_and_its_successor_does_what_waited(
    celery_setup: CeleryTestSetup, database_url: str
) -> None:
    worker = celery_setup.worker
    assert worker is not None
    assert celery_setup.ready(control=True)
    before = worker.container.id
    family = psutil.Process(worker.container.pid).children(recursive=True)
    assert family

    worker.kill()
    ring(celery_setup, 3600)

    assert worker.container.status == "exited"
    _, left = psutil.wait_procs(family, timeout=2)  # the bound for a killed worker's family
    assert not any(is_alive(process) for process in left)
    assert waiting(celery_setup) == 1
    assert ticks(database_url) == 0

    worker.restart()

    assert worker.container.id != before
    wait_until(lambda: ticks(database_url) == 1, "the tick that waited")
    assert waiting(celery_setup) == 0


def test_a_worker_outlives_its_broker(celery_setup: CeleryTestSetup, database_url: str) -> None:
    worker, broker = celery_setup.worker, celery_setup.broker
    assert worker is not None
    assert broker is not None
    assert celery_setup.ready(control=True)
    pid = worker.container.pid

    broker.kill()
    assert broker.container.status == "exited"
    broker.restart()
    ring(celery_setup, 3600)

    wait_until(lambda: ticks(database_url) == 1, "the tick after the broker's return")
    assert worker.container.pid == pid
    assert worker.container.status == "running"
