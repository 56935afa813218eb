"""The stack as a whole, run by a launcher that is stopped, killed and started twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from rigtasks.cli.failures import ExitCode
from rigtasks.cli.start import remove_data
from rigtasks.local.memory import measure, stack_processes
from rigtasks.local.records import is_alive, read_record
from rigtasks.testing.services import TemporaryPostgres, TemporaryValkey

LAUNCHER = """
import sys
import rigtasks.cli.start as start
from rigtasks.cli import main
from rigtasks.local.probes import says
from rigtasks.local.processes import ProcessSpec
from rigtasks.local.stack import LocalStack

SCRIPT = (
    "import os, time; print(os.environ['DATABASE_URL'], os.environ['RIG_WEBHOOK_SECRET']);"
    "print('ready', flush=True); time.sleep(600)"
)

class SmallStack(LocalStack):
    def __init__(self, options, **arguments):
        super().__init__(options, **arguments, table=self.table, prepare=self.prepare)

    @staticmethod
    def table(**_):
        return tuple(
            ProcessSpec(
                name=name,
                argv=(sys.executable, "-c", SCRIPT),
                ready=says(rb"ready"),
                after=frozenset({"redis", "migrations"}),
            )
            for name in ("worker-one", "worker-two")
        )

    @staticmethod
    def prepare(environment):
        assert environment["DATABASE_URL"]

start.LocalStack = SmallStack
main.main()
"""
READY_SECONDS = 30
Launch = Callable[..., "Launcher"]


class Launcher:
    """One `rig up` over a small table of processes."""

    def __init__(self, folder: Path, log: Path, given: dict[str, str]) -> None:
        self.folder = folder
        script = log.parent / "launcher.py"
        script.write_text(LAUNCHER)
        with log.open("w") as errors:
            self.child = subprocess.Popen(
                [sys.executable, str(script), "up", "--json", "--data-dir", str(folder)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={
                    name: value
                    for name, value in os.environ.items()
                    if not name.startswith(("RIG_", "DATABASE_URL", "REDIS_URL"))
                }
                | given,
            )
        self.log = log

    def ready(self) -> dict[str, str]:
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert line, self.log.read_text()
        answer: dict[str, str] = json.loads(line)
        return answer

    def processes(self) -> dict[str, psutil.Process]:
        return dict(stack_processes(self.folder))

    def end(self, number: signal.Signals) -> int:
        self.child.send_signal(number)
        return self.child.wait(READY_SECONDS)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    launchers: list[Launcher] = []
    folder = tmp_path / "data"

    def start(**given: str) -> Launcher:
        log = tmp_path / f"launcher-{len(launchers)}.log"
        launchers.append(Launcher(folder, log, given))
        return launchers[-1]

    yield start
    for launcher in launchers:
        if launcher.child.poll() is None:
            launcher.end(signal.SIGTERM)
        assert launcher.child.stdout is not None
        launcher.child.stdout.close()
    if folder.exists():
        remove_data(folder)


def test_ready_means_that_everything_answers(launch: Launch) -> None:
    launcher = launch()
    addresses = launcher.ready()

    assert set(addresses) == {
        "web",
        "flower",
        "github",
        "webhook_secret",
        "database_url",
        "redis_url",
        "pid",
    }
    assert addresses["pid"] == launcher.child.pid
    with closing(psycopg2.connect(addresses["database_url"].replace("+psycopg2", ""))) as database:
        assert database.info.dbname == "rig"
    with closing(redis.Redis.from_url(addresses["redis_url"])) as client:
        assert client.ping()
    said = (launcher.folder / "logs/worker-one.log").read_text().split()
    assert said == [addresses["database_url"], addresses["webhook_secret"], "ready"]
    assert set(launcher.processes()) == {
        "rig up",
        "postgres",
        "valkey",
        "worker-one",
        "worker-two",
    }
    assert (launcher.folder / "addresses.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_of_it(launch: Launch, number: signal.Signals) -> None:
    launcher = launch()
    launcher.ready()
    running = launcher.processes().values()

    status = launcher.end(number)

    assert status == ExitCode.OK
    assert [process for process in running if is_alive(process)] == []
    assert launcher.processes() == {}
    assert not (launcher.folder / "addresses.json").exists()


def test_a_signal_while_starting_stops_all_of_it(launch: Launch) -> None:
    launcher = launch()
    record = launcher.folder / "stack.json"
    while not record.exists():
        time.sleep(0.01)

    status = launcher.end(signal.SIGTERM)

    assert status == ExitCode.INTERRUPTED
    assert launcher.processes() == {}


def test_a_second_launcher_is_told_about_the_first(launch: Launch) -> None:
    first = launch()
    first.ready()
    before = first.processes()
    second = launch()

    assert second.child.wait(READY_SECONDS) == ExitCode.CONFLICT

    problem = json.loads(second.log.read_text().splitlines()[-1])
    assert problem["code"] == "already-running"
    assert str(first.child.pid) in problem["detail"]
    assert first.processes() == before
    assert all(is_alive(process) for process in before.values())


def test_what_a_killed_launcher_left_is_taken_over_or_stopped(
    launch: Launch,
) -> None:
    first = launch()
    addresses = first.ready()
    left = first.processes()
    first.end(signal.SIGKILL)
    assert is_alive(left["worker-one"])

    second = launch()
    again = second.ready()

    assert not is_alive(left["worker-one"])
    assert not is_alive(left["worker-two"])
    assert second.processes()["postgres"] == left["postgres"]
    assert second.processes()["valkey"] == left["valkey"]
    assert again == {**addresses, "pid": second.child.pid}
    assert second.end(signal.SIGTERM) == ExitCode.OK
    assert not is_alive(left["postgres"])


def test_a_server_that_dies_is_started_again(launch: Launch) -> None:
    launcher = launch()
    addresses = launcher.ready()
    killed = launcher.processes()["valkey"]

    killed.kill()

    deadline = time.monotonic() + READY_SECONDS
    record = None
    while record is None or record.pid == killed.pid or record.process() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        record = read_record(launcher.folder / "valkey/process.json")
    with closing(redis.Redis.from_url(addresses["redis_url"], retry=None)) as client:
        while not _answers(client):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_the_memory_of_every_process_is_measured_once(launch: Launch) -> None:
    launcher = launch()
    launcher.ready()

    rows = measure(stack_processes(launcher.folder))

    assert len({row.pid for row in rows}) == len(rows)
    assert {row.name for row in rows} == set(launcher.processes())
    assert all(row.bytes > 0 for row in rows)
    assert sum(row.name == "rig up" for row in rows) == 1


def test_servers_of_the_environment_are_used_and_left_alone(
    launch: Launch, postgres: TemporaryPostgres, valkey: TemporaryValkey
) -> None:
    database, hints = postgres.create_database(), valkey.url
    launcher = launch(DATABASE_URL=database, REDIS_URL=hints)
    addresses = launcher.ready()

    assert (addresses["database_url"], addresses["redis_url"]) == (database, hints)
    assert set(launcher.processes()) == {"rig up", "worker-one", "worker-two"}
    assert launcher.end(signal.SIGTERM) == ExitCode.OK
    for server in (postgres.server, valkey.server):
        process = server.process()
        assert process is not None
        assert is_alive(process)
    postgres.drop_database(database)
