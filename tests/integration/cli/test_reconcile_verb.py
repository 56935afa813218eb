"""`rig reconcile` asks the conductor, waits for the end, and prints what was repaired."""

import json
import sys
import threading
import time
from uuid import uuid4

import pytest

from rigtasks.cli.main import main
from rigtasks.conductor.repairs import RECONCILER
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.database import stores_on
from rigtasks.lifecycle.commands import Admit, Repair
from rigtasks.lifecycle.timers import Timers
from rigtasks.schedule import RECONCILED
from rigtasks.shell import RECONCILE_TASK, IssueShell
from rigtasks.testing.life import approval


def verb(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["rig", "reconcile", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def work_as_conductor(database_url: str) -> None:
    """Carry out the one entry that asks for it, and repair one issue."""
    connection = Connection(database_url, application_name="tests")
    stores = stores_on(connection)
    entries = stores.outbox.take()
    while not entries:
        time.sleep(0.05)
        entries = stores.outbox.take()
    assert [one.task for one in entries] == [RECONCILE_TASK]
    command = Repair(command=Admit(approved=approval(7)), found="the label was not taken in")
    shell = IssueShell(stores, Timers())
    shell.tell("issue:1:7:1", command, actor=RECONCILER, cause=uuid4())
    stores.reports.watcher_succeeded(RECONCILED, "1 repositories")
    stores.outbox.done(entries[0].id)
    connection.close()


def test_it_prints_the_repairs_and_nothing_else(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    conductor = threading.Thread(target=work_as_conductor, args=(database_url,))
    conductor.start()

    code = verb(monkeypatch, "-o", "json")

    conductor.join()
    done = json.loads(capsys.readouterr().out)
    assert code == 0
    assert done["outcome"] == "1 repositories"
    assert [one["what"] for one in done["repairs"]] == [
        "the label was not taken in; it led to ISSUE_APPROVED"
    ]
    assert done["repairs"][0]["ref"].endswith("#7")


def test_without_a_conductor_it_says_so_and_the_request_stays(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    codes = [verb(monkeypatch, "--seconds", "0") for _ in range(2)]

    assert codes == [7, 7]
    assert "is the conductor running?" in capsys.readouterr().err
    connection = Connection(database_url, application_name="tests")
    waiting = connection.rows("SELECT task FROM outbox WHERE done_at IS NULL")
    connection.close()
    assert waiting == [(RECONCILE_TASK,)]
