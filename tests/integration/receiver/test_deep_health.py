"""`/healthz/deep`, `/metrics` and `rig doctor` on a real store: what stopped, what is critical."""

import json
import sys
from uuid import uuid4

import pytest
from served import Receiver, serve

from rigtasks.agreed_settings import agreed_settings
from rigtasks.cli.main import main
from rigtasks.config import Settings
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.stream import Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.schedule import successes
from rigtasks.shell import ABSENCE_TASK
from rigtasks.testing.life import approval


@pytest.fixture(autouse=True)
def _for_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_OWNERS", '["acme"]')


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
    for job in successes(Settings.model_validate({"DATABASE_URL": database_url})):
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

    assert api.get("/readyz").status_code == 200
    alarms = {name for name, level in found.items() if level == "alarm"}
    assert alarms == {"job reconcile", "redis", "relay", "beat", "outbox"}
    assert 'rig_check_level{check="outbox"} 2' in api.get("/metrics").text


def test_a_look_that_rests_on_purpose_is_no_alarm(api: Receiver) -> None:
    let_everything_run(api.database_url)
    connection = Connection(api.database_url, application_name="tests")
    connection.rows(
        "INSERT INTO outbox (kind, task, queue, args, created_at, available_at) VALUES"
        " ('task', %s, 'conductor', '[]', now() - interval '10 min', now() + interval '5 min')",
        (ABSENCE_TASK,),
    )
    connection.close()

    assert levels(api)["outbox"] == "ok"


#: What stops, by the check that tells of it: how it looks in the store.
STOPPED = {
    "redis": "UPDATE service_status SET ok = false, detail = 'refused'"
    " WHERE name = 'redis' RETURNING name",
    "relay": "UPDATE service_status SET as_of = as_of - interval '5 minutes'"
    " WHERE name = 'relay' RETURNING name",
    "conductor": "UPDATE heartbeats SET seen_at = seen_at - interval '5 minutes'"
    " WHERE queue = 'conductor' RETURNING holder",
    "job orphans": "UPDATE watchers SET last_success_at = last_success_at - interval '1 day'"
    " WHERE name = 'orphans' RETURNING name",
    "job reconcile": "DELETE FROM watchers WHERE name = 'reconcile' RETURNING name",
    "beat": "UPDATE service_status SET as_of = as_of - interval '5 minutes'"
    " WHERE name = 'beat' RETURNING name",
    "outbox": "INSERT INTO outbox (kind, task, queue, args) SELECT 'task', 'rig.conductor.wake',"
    " 'conductor', to_jsonb(ARRAY[n]) FROM generate_series(1, 1001) AS n RETURNING id",
    "queue dev-e-python": "UPDATE issues SET entered_at = entered_at - interval '5 minutes'"
    " RETURNING stream",
}


@pytest.mark.parametrize("check", STOPPED)
def test_each_alarm_is_shown_everywhere(
    api: Receiver,
    check: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # given a rig in which everything runs, with an issue to claim and a worker for it
    let_everything_run(api.database_url)
    connection = Connection(api.database_url, application_name="tests")
    stores = stores_on(connection)
    stores.events.append(
        stores.events.load("issue:1:7:1"),
        Writes(
            events=(
                NewEvent(
                    event_id=uuid4(),
                    event=approval(),
                    actor=Actor(kind=ActorKind.CONDUCTOR, id="c"),
                    correlation_id=uuid4(),
                ),
            )
        ),
    )
    connection.rows("UPDATE schema_functions SET applied_at = now() - interval '1 day' RETURNING 1")
    if check != "queue dev-e-python":
        beat_of_a_worker(stores)
    monkeypatch.setenv("DATABASE_URL", api.database_url)
    if check != "queue dev-e-python":
        assert doctor(monkeypatch) == 0
        assert api.get("/healthz/deep").status_code == 200

    # when one thing stops
    assert connection.rows(STOPPED[check])
    connection.close()

    # then the command ends with 1 and names it
    capsys.readouterr()
    assert doctor(monkeypatch) == 1
    printed = capsys.readouterr().out
    assert [line.split("  ")[0] for line in printed.splitlines() if "ALARM" in line] == ["ALARM"]
    assert f"ALARM    {check} " in printed
    # and the deep health says what to do, with a status for what is not critical
    answer = api.get("/healthz/deep")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    said = answer.json()
    (alarm,) = (one for one in said["checks"] if one["level"] == "alarm")
    assert (said["level"], alarm["name"], alarm["critical"]) == ("alarm", check, False)
    assert alarm["remedy"]
    # and so does the metric, while webhooks are accepted all the same
    assert f'rig_check_level{{check="{check}"}} 2' in api.get("/metrics").text
    assert api.get("/readyz").status_code == 200


def beat_of_a_worker(stores: Stores) -> None:
    stores.heartbeats.beat(
        holder="w@box/dev-e-python",
        agent="dev-e-python",
        queue="dev-e-python",
        version="0.1.0",
        config_hash="",
        isolation="none",
    )


@pytest.mark.incident("A12")
def test_only_a_database_that_cannot_be_used_is_critical(empty_database_url: str) -> None:
    with serve(empty_database_url) as receiver:
        answer = receiver.get("/healthz/deep")

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["level"]) == ("store-unavailable", "alarm")
    assert answer.json()["detail"].startswith("schema: ")
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


def test_a_rig_that_works_for_everybody_is_warned(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    let_everything_run(database_url)
    assert doctor(monkeypatch) == 0
    assert "ok       owners                 works for acme" in capsys.readouterr().out

    monkeypatch.delenv("RIG_OWNERS")

    assert doctor(monkeypatch) == 0
    said = capsys.readouterr().out
    assert "warning  owners                 RIG_OWNERS is not set: whoever installs the App" in said
    assert """name whose repositories the rig works for: RIG_OWNERS='["your-account"]'""" in said
    monkeypatch.setenv("RIG_SANDBOX_GITHUB", "1")
    assert doctor(monkeypatch) == 0
    assert "ok       owners" in capsys.readouterr().out


def test_health_tells_nobody_whom_the_rig_works_for(api: Receiver) -> None:
    assert "owners" not in levels(api)
    assert "owners" not in api.get("/metrics").text


def test_a_worker_with_other_offers_than_the_conductor_is_an_alarm(
    api: Receiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", api.database_url)
    let_everything_run(api.database_url)
    connection = Connection(api.database_url, application_name="tests")
    beats = stores_on(connection).heartbeats
    for queue, offered in (("conductor", ["x"]), ("dev-e-python", []), ("dev-e-node", ["x"])):
        chosen = Settings.model_validate(
            {"DATABASE_URL": api.database_url, "offered_models": {"claude": offered}}
        )
        agreed = agreed_settings(chosen, queue=queue)
        process = {"version": "0.1.0", "config_hash": "", "isolation": "none", "agreed": agreed}
        beats.beat(holder=f"{queue}@box", agent=queue, queue=queue, **process)

    assert doctor(monkeypatch) == 1

    said = capsys.readouterr().out
    assert (
        "ALARM    settings               RIG_OFFERED_MODELS differs "
        "(conductor, dev-e-node: command; claude with x; dev-e-python: command; claude)\n"
    ) in said
    assert "start all of them with the same RIG_OFFERED_MODELS" in said
    # open to all, so without the values
    (health,) = (
        one for one in api.get("/healthz/deep").json()["checks"] if one["name"] == "settings"
    )
    assert health["level"] == "alarm"
    assert (
        health["detail"]
        == "RIG_OFFERED_MODELS differs between conductor, dev-e-node and dev-e-python"
    )
    assert "claude with" not in api.get("/healthz/deep").text

    connection.rows("UPDATE heartbeats SET seen_at = seen_at - interval '11 minutes' RETURNING 1")
    stores_on(connection).heartbeats.beat(
        holder="conductor@box", agent="conductor", queue="conductor", version="0.1.0",
        config_hash="", isolation="none",
    )  # fmt: skip
    connection.close()
    assert levels(api)["settings"] == "ok"


def doctor(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["rig", "doctor", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
