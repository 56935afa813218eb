"""`/healthz/deep`, `/metrics` and `rig doctor` on a real store: what stopped, what is critical."""

import json
import sys

import pytest
from served import Receiver, serve

from rigtasks.cli.main import main
from rigtasks.config import Settings
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.database import stores_on
from rigtasks.schedule import RECONCILED, periods


@pytest.fixture
def api(database_url: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    with serve(database_url) as running:
        yield running


def let_everything_run(database_url: str) -> None:
    """Leave the signs of a rig in which everything runs."""
    connection = Connection(database_url, application_name="tests")
    stores = stores_on(connection)
    for name in ("redis", "relay", "beat"):
        stores.reports.service(name, ok=True, detail="works")
    for job in (*periods(Settings.model_validate({"DATABASE_URL": database_url})), RECONCILED):
        stores.reports.watcher_succeeded(job, "done")
    stores.heartbeats.beat(
        holder="conductor@box",
        agent="conductor",
        queue="conductor",
        version="0.1.0",
        config_hash="",
        isolation="conductor",
    )
    connection.close()


def levels(api: Receiver) -> dict[str, str]:
    answer = api.get("/healthz/deep")
    assert answer.status_code == 200
    return {check["name"]: check["level"] for check in answer.json()["checks"]}


def test_a_rig_in_which_everything_runs_has_no_alarm(api: Receiver) -> None:
    let_everything_run(api.database_url)

    found = levels(api)

    assert set(found.values()) == {"ok"}
    assert {"database", "schema", "redis", "relay", "conductor", "beat", "outbox"} <= set(found)
    metrics = api.get("/metrics").text
    assert 'rig_check_level{check="job reconcile"} 0' in metrics
    assert "# TYPE rig_check_level gauge" in metrics


@pytest.mark.incident("A12")
def test_what_stopped_is_an_alarm_and_webhooks_are_accepted_all_the_same(api: Receiver) -> None:
    let_everything_run(api.database_url)
    connection = Connection(api.database_url, application_name="tests")
    connection.rows(
        "UPDATE watchers SET last_success_at = last_success_at - interval '1 hour'"
        " WHERE name = 'reconcile' RETURNING name"
    )
    connection.rows("UPDATE service_status SET as_of = as_of - interval '1 hour' RETURNING name")
    connection.rows(
        "INSERT INTO outbox (kind, task, queue, args, created_at) VALUES"
        " ('task', 'rig.conductor.wake', 'conductor', '[]', now() - interval '1 hour')"
    )
    connection.close()

    found = levels(api)

    alarms = {name for name, level in found.items() if level == "alarm"}
    assert alarms == {"job reconcile", "redis", "relay", "beat", "outbox"}
    assert 'rig_check_level{check="outbox"} 2' in api.get("/metrics").text


@pytest.mark.incident("A12")
def test_only_a_database_that_cannot_be_used_is_critical(empty_database_url: str) -> None:
    with serve(empty_database_url) as receiver:
        answer = receiver.get("/healthz/deep")

    assert answer.status_code == 503
    assert [one["name"] for one in answer.json()["checks"] if one["critical"]] == [
        "database",
        "schema",
    ]
    assert "rig db migrate" in answer.text


def test_doctor_prints_a_page_and_ends_with_the_worst(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    let_everything_run(database_url)

    assert doctor(monkeypatch) == 0
    assert "ok       job reconcile" in capsys.readouterr().out

    connection = Connection(database_url, application_name="tests")
    connection.rows("DELETE FROM service_status WHERE name = 'beat' RETURNING name")
    connection.rows("UPDATE schema_functions SET applied_at = now() - interval '1 day' RETURNING 1")
    connection.close()

    assert doctor(monkeypatch) == 1
    out = capsys.readouterr().out
    assert "ALARM    beat" in out
    assert "celery -A rigtasks beat" in out
    assert doctor(monkeypatch, "--json") == 1
    assert json.loads(capsys.readouterr().out)["level"] == "alarm"


def doctor(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["rig", "doctor", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
