"""`rig up` and the commands around it, as they are typed."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from running_rig import RIG, RunningRig, new_data_dir, plain_environment, wait_until

from rigtasks.cli.failures import ExitCode
from rigtasks.lifecycle.events import EVENT_TYPES
from rigtasks.local.records import is_alive, wait_gone
from rigtasks.local.table import default_queues

PARTS = {
    "beat",
    "flower",
    "github",
    "relay",
    "web",
    *(f"worker-{queue}" for queue in default_queues()),
}
KEYS = {"web", "flower", "github", "webhook_secret", "database_url", "redis_url", "pid"}
GONE_SECONDS = 10


@pytest.fixture
def launch() -> Iterator[Callable[[], RunningRig]]:
    """Starts `rig up` in a folder of its own, as often as it is called."""
    data_dir = new_data_dir()
    started: list[RunningRig] = []

    def start() -> RunningRig:
        started.append(RunningRig(data_dir, {"RIG_PROVIDER": "scripted"}))
        return started[-1]

    yield start
    for one in started:
        one.close()


def with_children(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    return [each for main in processes for each in (main, *main.children(recursive=True))]


def test_one_line_tells_where_everything_is(rig: RunningRig) -> None:
    assert set(rig.addresses) == KEYS
    assert rig.addresses["pid"] == rig.child.pid
    hosts = {urlsplit(str(rig.addresses[key])).hostname for key in KEYS - {"pid", "webhook_secret"}}
    assert hosts == {"127.0.0.1"}
    assert set(rig.processes()) >= PARTS
    assert (rig.get("/health") or {})["status"] == "ok"


def test_no_process_list_shows_the_webhook_secret(rig: RunningRig) -> None:
    shown: list[str] = []
    for process in with_children(rig.processes().values()):
        with suppress(psutil.NoSuchProcess):  # a session of Postgres that just ended
            shown += process.cmdline()

    assert any("rigtasks.local.github" in word for word in shown)
    assert not [word for word in shown if str(rig.addresses["webhook_secret"]) in word]


def test_flower_shows_the_workers_and_the_dashboard_answers(rig: RunningRig) -> None:
    with requests.Session() as session:
        session.trust_env = False

        def look() -> bool:
            page = session.get(f"{rig.addresses['flower']}/workers", timeout=20)
            assert page.status_code == 200
            return all(f"{queue}@" in page.text for queue in default_queues())

        wait_until(look, "every worker in Flower")
        dashboard = session.get(f"{rig.addresses['web']}/dashboard", timeout=20)

    assert dashboard.status_code == 200
    assert dashboard.headers["Content-Type"].startswith("text/html")


def test_a_second_stack_in_the_same_folder_is_refused(rig: RunningRig) -> None:
    answer = subprocess.run(
        [*RIG, "up", "--data-dir", str(rig.data_dir)],
        check=False,
        capture_output=True,
        text=True,
        env=plain_environment({}),
        timeout=60,
    )

    assert answer.returncode == ExitCode.CONFLICT == 6
    assert f"pid {rig.child.pid}" in answer.stderr
    assert answer.stdout == ""
    assert set(rig.processes()) >= PARTS


def test_a_killed_runner_is_cleaned_up_after_and_sigterm_leaves_nothing(
    launch: Callable[[], RunningRig],
) -> None:
    killed = launch()
    killed.wait_ready()
    parts = with_children(each for name, each in killed.processes().items() if name in PARTS)
    assert killed.end(signal.SIGKILL) == -signal.SIGKILL
    assert sum(is_alive(each) for each in parts) >= len(PARTS)

    second = launch()
    second.wait_ready()

    assert "stopped what an earlier stack left" in second.errors.read_text()
    assert [each for each in parts if is_alive(each)] == []
    assert second.addresses["webhook_secret"] == killed.addresses["webhook_secret"]
    assert set(second.processes()) > PARTS
    everything = with_children(second.processes().values())
    assert second.end(signal.SIGTERM) == 0
    assert all(wait_gone(each, GONE_SECONDS) for each in everything)
    assert not (second.data_dir / "addresses.json").exists()


def test_a_worker_without_a_queue_is_refused_with_one_sentence(rig: RunningRig) -> None:
    refused = celery(rig, "worker")
    unknown = celery(rig, "worker", "-Q", "dev-e-cobol")
    mixed = celery(rig, "worker", "-Q", "conductor,dev-e-python")

    assert [one.returncode != 0 for one in (refused, unknown, mixed)] == [True] * 3
    assert "no queue named: start the worker with -Q and one of conductor" in refused.stderr
    assert "unknown queue dev-e-cobol" in unknown.stderr
    assert "belong to different worker types" in mixed.stderr
    for answer in (refused, unknown, mixed):
        assert "Traceback" not in answer.stderr
        assert "ready." not in answer.stderr + answer.stdout


def celery(rig: RunningRig, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "celery", "-A", "rigtasks", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=rig.environment,
        cwd=rig.data_dir,
        timeout=60,
    )


def test_a_config_file_is_checked_the_way_the_rig_reads_it(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("stack: python\ntestCommand: python -m pytest -q\n")
    bad.write_text("stack: python\ntestComand: python -m pytest -q\n")

    answers = {path: typed("config", "validate", str(path)) for path in (good, bad)}
    missing = typed("config", "validate", str(tmp_path / "none.yaml"), "--json")

    assert answers[good].returncode == ExitCode.OK
    assert answers[good].stdout == f"{good}: valid\n"
    assert answers[bad].returncode == ExitCode.INVALID
    assert f"{bad}:2:1: " in answers[bad].stderr
    assert "`testComand`" in answers[bad].stderr
    assert missing.returncode == ExitCode.NOT_FOUND
    assert json.loads(missing.stderr)["code"] == "not-found"


def test_the_catalogue_names_every_event(rig: RunningRig) -> None:
    told = json.loads(typed("events", "types", "--json").stdout)
    served = rig.get("/api/event-types") or {}

    names = [one["type"] for one in told]
    assert names == list(EVENT_TYPES)
    assert [one["type"] for one in served["items"]] == names
    stored = {name for (name,) in rig.rows("SELECT DISTINCT type FROM events")}
    assert stored <= set(names)


def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RIG, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=plain_environment({"NO_COLOR": "1"}),
        timeout=60,
    )
