"""No webhook ever arrives: the demo ends merged all the same, through the reconciler alone."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg2
import pytest
from running_rig import RIG, new_data_dir, plain_environment

from rigtasks.cli.start import remove_data
from rigtasks.eventstore.connection import libpq_url
from rigtasks.local.demo.story import MERGED, run
from rigtasks.local.processes import ProcessSpec
from rigtasks.local.stack import LocalStack, StackOptions
from rigtasks.local.table import stack_table

NEVER = "10000000"
PATIENCE_SECONDS = 240.0
SETTINGS = {
    "RIG_PROVIDER": "scripted",
    "RIG_TIME_SCALE": "0.05",
    "RIG_RECONCILE_SECONDS": "50",  # 2.5 s
    "RIG_REVIEW_SCAN_SECONDS": NEVER,  # no timer of an issue looks in the reconciler's place
    "RIG_LEASE_SECONDS": "120",
    "RIG_HEARTBEAT_SECONDS": "30",
    "RIG_SWEEP_SECONDS": "20",
    "RIG_REPUBLISH_SECONDS": "60",
    "RIG_PING_SECONDS": "1200",
}


QUEUES = ("conductor", "dev-e-python", "dev-e-node", "review-e")
"""What the sample issues need."""


def silent_table(**how: Any) -> tuple[ProcessSpec, ...]:
    """Return the stack's processes with a sandbox GitHub that sends no webhooks."""
    return tuple(
        replace(spec, argv=_without_webhooks(spec.argv)) if spec.name == "github" else spec
        for spec in stack_table(**how)
        if spec.name != "flower"
    )


def _without_webhooks(argv: tuple[str, ...]) -> tuple[str, ...]:
    at = argv.index("--webhook-url")
    return (*argv[:at], *argv[at + 2 :])


@pytest.fixture
def silent_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStack]:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    data_dir = new_data_dir()
    options = StackOptions(data_dir=data_dir, queues=QUEUES, settings=SETTINGS)
    with LocalStack(options, table=silent_table) as stack:
        yield stack
    remove_data(data_dir)
    data_dir.parent.rmdir()


def _rows(stack: LocalStack, statement: str) -> list[tuple[Any, ...]]:
    assert stack.addresses is not None
    with closing(psycopg2.connect(libpq_url(stack.addresses.database_url))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()


@pytest.mark.timeout(PATIENCE_SECONDS + 180)
def test_the_demo_ends_merged(silent_stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(silent_stack, json_output=True, keep=False, patience_seconds=PATIENCE_SECONDS)

    said = capsys.readouterr()
    report = json.loads(said.out)
    assert code == MERGED, said.err
    for issue in report["issues"]:
        assert issue["state"] == "done"
        assert issue["verified"] is True
        assert issue["events"].count("ISSUE_APPROVED") == 1
        assert issue["events"].count("MERGED") == 1
        assert "STATE_REPAIRED" in issue["events"]
    assert _rows(silent_stack, "SELECT count(*) FROM deliveries") == [(0,)]
    taken_in = "SELECT DISTINCT actor_id FROM events WHERE type = 'ISSUE_APPROVED'"
    assert _rows(silent_stack, taken_in) == [("reconciler",)]
    for verb, words in (("reconcile", "nothing had to be repaired"), ("doctor", "job reconcile")):
        ended = _rig(silent_stack, verb)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert words in ended.stdout + ended.stderr
    assert "ALARM" not in ended.stdout


def _rig(stack: LocalStack, verb: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*RIG, verb, "--data-dir", str(stack.data_dir)),
        check=False,
        capture_output=True,
        text=True,
        env=plain_environment({}),
        timeout=180,
    )
