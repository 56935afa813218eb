"""What was answered 202 is in the table, whatever is killed; what cannot be stored is a 503."""

import subprocess
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import requests
from served import SECRET, Receiver, command, issue_payload, rows, serve

from rigtasks.eventstore.migrate import upgrade
from rigtasks.local.ports import any_free_port
from rigtasks.testing.services import TemporaryPostgres

KILLS = 3
SENDERS = 8


def send_until_it_dies(receiver: Receiver, accepted: set[str], go_on: threading.Event) -> None:
    numbers = iter(range(1, 1_000_000))
    with requests.Session() as session:
        session.trust_env = False
        mine = Receiver(
            port=receiver.port,
            database_url=receiver.database_url,
            process=receiver.process,
            session=session,
        )
        while go_on.is_set():
            delivery = str(uuid.uuid4())
            try:
                answer = mine.deliver(
                    issue_payload(next(numbers), padding=delivery * 200),
                    X_GitHub_Delivery=delivery,
                    X_GitHub_Hook_ID="1",
                )
            except requests.RequestException:
                return
            if answer.status_code == 202:
                accepted.add(delivery)


def test_every_accepted_delivery_survives_a_killed_receiver(database_url: str) -> None:
    accepted: set[str] = set()
    for _ in range(KILLS):
        before, go_on = len(accepted), threading.Event()
        go_on.set()
        with serve(database_url) as receiver, ThreadPoolExecutor(SENDERS) as pool:
            for _ in range(SENDERS):
                pool.submit(send_until_it_dies, receiver, accepted, go_on)
            while len(accepted) < before + 100:
                time.sleep(0.01)
            receiver.kill()
            go_on.clear()
    stored = {row[0] for row in rows(database_url, "SELECT delivery_id FROM deliveries")}
    tasks = {row[0] for row in rows(database_url, "SELECT args ->> 0 FROM outbox")}
    assert len(accepted) >= KILLS * 100
    assert accepted - stored == set(), "an accepted delivery is lost"
    assert stored == tasks, "a delivery has no task, or a task no delivery"


@pytest.fixture
def own_postgres() -> TemporaryPostgres:
    return TemporaryPostgres()


def test_a_stopped_database_is_a_503_and_nothing_is_kept_in_memory(
    own_postgres: TemporaryPostgres,
) -> None:
    with own_postgres as postgres:
        url = postgres.create_database()
        upgrade(url)
        with serve(url) as receiver:
            before = receiver.deliver(issue_payload(1))
            postgres.server.stop()
            refused = receiver.deliver(issue_payload(2))
            health, alive = receiver.get("/health"), receiver.get("/healthz")
            page, listed = receiver.get("/dashboard"), receiver.get("/api/v1/issues")
            postgres.server.start()
            after = receiver.deliver(issue_payload(3))
            recovered = receiver.get("/health")
        numbers = [row[0] for row in rows(url, "SELECT number FROM deliveries ORDER BY number")]
    assert (before.status_code, after.status_code) == (202, 202)
    assert (refused.status_code, refused.json()["code"]) == (503, "store-unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert numbers == [1, 3]
    assert (health.status_code, health.json()["status"]) == (503, "down")
    assert (recovered.status_code, alive.status_code) == (200, 200)
    assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert (listed.status_code, listed.json()["code"]) == (503, "store-unavailable")
    for answer in (refused, health, page, listed):
        assert url.split("@")[0].rsplit(":", 1)[1] not in answer.text, "the password leaked"


def test_a_locked_table_is_a_503_in_time_and_not_a_hang(database_url: str) -> None:
    with serve(database_url) as receiver:
        receiver.deliver(issue_payload(1))
        blocker = psycopg2.connect(database_url.replace("+psycopg2", ""))
        blocker.cursor().execute("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda n: receiver.deliver(issue_payload(n)), range(2, 6)))
        took = time.monotonic() - started
        blocker.close()
        assert {answer.status_code for answer in answers} == {503}
        assert took < 9, "GitHub gives up after ten seconds"
        assert receiver.deliver(issue_payload(6)).status_code == 202


def test_a_cut_connection_is_opened_again_without_a_failure(database_url: str) -> None:
    with serve(database_url) as receiver:
        receiver.deliver(issue_payload(1))
        receiver.stored(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            "rig-receiver",
        )
        assert receiver.deliver(issue_payload(2)).status_code == 202


def test_a_database_without_the_schema_is_down_and_says_so(empty_database_url: str) -> None:
    with serve(empty_database_url) as receiver:
        health = receiver.get("/health")
        refused = receiver.deliver(issue_payload(1))
    assert health.status_code == 503
    assert any("migrate" in check["detail"] for check in health.json()["checks"])
    assert refused.status_code == 503


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "RIG_WEBHOOK_SECRET is not set"),
        ({"RIG_WEBHOOK_SECRET": "   "}, "not blank"),
        ({"RIG_WEBHOOK_SECRET": SECRET, "RIG_TIME_SCALE": "fast"}, "RIG_TIME_SCALE"),
    ],
)
def test_it_does_not_start_without_what_it_needs(settings: dict[str, str], words: str) -> None:
    environment = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", **settings}
    ended = subprocess.run(
        command(any_free_port()),
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode != 0
    assert words in ended.stderr
    assert ended.stdout.count("Spawning worker") == 1, "the server went on trying"
    assert "Traceback" not in ended.stderr
