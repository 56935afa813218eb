"""Processes started in the order of their needs, kept up, and taken down without a trace."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rigtasks.local.probes import says
from rigtasks.local.problems import LocalFailure
from rigtasks.local.processes import (
    EARLY_ENDS_ALLOWED,
    ManagedProcess,
    ProcessSpec,
    stop_leftovers,
)
from rigtasks.local.records import ProcessRecord, is_alive, read_record, write_record
from rigtasks.local.supervisor import Supervisor

OBEDIENT = "print('ready', flush=True); import time; time.sleep(600)"
STUBBORN = """
    import signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("ready", child.pid, flush=True)
    time.sleep(600)
"""
PARENT_THAT_DIES = """
    import subprocess, sys
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("ready", child.pid, flush=True)
    input()
"""


class Workshop:
    """Builds supervisors whose processes are small scripts, and remembers what they said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.supervisors: list[Supervisor] = []

    def process(
        self, name: str, script: str, *, after: frozenset[str] = frozenset(), grace: float = 5.0
    ) -> ManagedProcess:
        spec = ProcessSpec(
            name=name,
            argv=(sys.executable, "-c", textwrap.dedent(script)),
            ready=says(rb"ready"),
            after=after,
            grace=grace,
        )
        return ManagedProcess(
            spec=spec,
            environment=dict(os.environ),
            folder=self.folder,
            logs=self.folder / "logs",
            records=self.folder / "run",
        )

    def supervisor(self, *processes: ManagedProcess) -> Supervisor:
        supervisor = Supervisor(processes, report=self.said.append)
        self.supervisors.append(supervisor)
        return supervisor


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path)
    yield workshop
    for supervisor in workshop.supervisors:
        supervisor.stop()


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and is_alive(psutil.Process(pid))


def test_a_process_starts_only_when_its_needs_are_ready(workshop: Workshop) -> None:
    slow = workshop.process("slow", "import time; time.sleep(0.4); " + OBEDIENT)
    needy = workshop.process("needy", OBEDIENT, after=frozenset({"slow", "outside"}))
    supervisor = workshop.supervisor(needy, slow)
    supervisor.announce("outside")

    supervisor.wait_ready()

    assert workshop.said == ["slow ready", "needy ready"]
    first, second = (read_record(process.record_file) for process in (slow, needy))
    assert first is not None
    assert second is not None
    assert second.started >= first.started + 0.3


def test_a_stop_leaves_no_process_and_no_record(workshop: Workshop) -> None:
    processes = [workshop.process(name, OBEDIENT) for name in ("one", "two", "three")]
    supervisor = workshop.supervisor(*processes)
    supervisor.wait_ready()
    pids = [process.pid for process in processes]

    killed = supervisor.stop()

    assert killed == []
    assert not any(alive(pid) for pid in pids if pid is not None)
    assert list((workshop.folder / "run").iterdir()) == []


def test_what_ignores_the_signal_is_killed_with_its_children(workshop: Workshop) -> None:
    stubborn = workshop.process("stubborn", STUBBORN, grace=0.5)
    supervisor = workshop.supervisor(stubborn, workshop.process("obedient", OBEDIENT))
    supervisor.wait_ready()
    child = int(stubborn.output().split()[1])
    assert alive(child)

    killed = supervisor.stop()

    assert killed == ["stubborn"]
    until(lambda: not alive(child))


def test_a_process_that_ends_is_started_again(workshop: Workshop) -> None:
    process = workshop.process("fragile", OBEDIENT)
    supervisor = workshop.supervisor(process)
    supervisor.wait_ready()
    first = process.pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    until(lambda: process.is_ready and process.pid != first)

    assert process.starts == 2
    assert any("fragile ended with status -9" in line for line in workshop.said)


def test_children_of_a_process_that_ended_do_not_live_on(workshop: Workshop) -> None:
    process = workshop.process("parent", PARENT_THAT_DIES)
    process.start()
    until(process.check_ready)
    child = int(process.output().split()[1])
    until(lambda: process.notice_end() is not None)

    until(lambda: not alive(child))


def test_a_process_that_never_works_is_reported_with_its_own_words(workshop: Workshop) -> None:
    broken = workshop.process("broken", "import sys; sys.exit('no such luck')")
    healthy = workshop.process("healthy", OBEDIENT)
    supervisor = workshop.supervisor(healthy, broken)

    with pytest.raises(LocalFailure, match="no such luck") as failure:
        supervisor.wait_ready()

    assert "broken ended with status 1" in str(failure.value)
    assert broken.starts == EARLY_ENDS_ALLOWED
    supervisor.stop()
    assert healthy.pid is None


def test_a_failure_beside_the_processes_ends_the_wait(workshop: Workshop) -> None:
    waiting = workshop.process("waiting", OBEDIENT, after=frozenset({"never"}))
    supervisor = workshop.supervisor(waiting)

    def check() -> None:
        raise LocalFailure("the server is gone")

    with pytest.raises(LocalFailure, match="the server is gone"):
        supervisor.wait_ready(check)
    assert waiting.starts == 0


def test_leftovers_of_a_killed_launcher_are_stopped(workshop: Workshop) -> None:
    process = workshop.process("left", OBEDIENT)
    with subprocess.Popen(process.spec.argv, start_new_session=True) as left:
        write_record(process.record_file, ProcessRecord.of(left.pid, "left"))

        stopped = stop_leftovers(workshop.folder / "run")

        assert stopped == ["left"]
        assert left.wait(5) == -signal.SIGTERM
    assert list((workshop.folder / "run").iterdir()) == []


def test_a_stranger_named_by_an_old_record_is_left_alone(workshop: Workshop) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        record = ProcessRecord(
            name="left", pid=stranger.pid, started=time.time() - 3600, program="sleep"
        )
        write_record(workshop.folder / "run/left.json", record)

        stopped = stop_leftovers(workshop.folder / "run")

        assert stopped == []
        assert stranger.poll() is None
        stranger.kill()


def test_the_rest_of_a_group_whose_leader_died_is_ended(workshop: Workshop) -> None:
    process = workshop.process("parent", PARENT_THAT_DIES)
    with subprocess.Popen(
        process.spec.argv,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline().split()[1])
        write_record(process.record_file, ProcessRecord.of(parent.pid, "parent"))
        parent.kill()
        parent.wait()
        assert alive(child)

        stopped = stop_leftovers(workshop.folder / "run")

        assert stopped == ["parent"]
        until(lambda: not alive(child))


def test_logs_hold_what_each_process_wrote(workshop: Workshop) -> None:
    process = workshop.process("talker", "import sys; print('aside', file=sys.stderr);" + OBEDIENT)
    workshop.supervisor(process).wait_ready()

    assert process.log_file.read_text().split() == ["aside", "ready"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_watch_that_breaks_is_noticed(workshop: Workshop) -> None:
    noticed: list[str] = []

    def tend() -> None:
        raise RuntimeError("a fault of our own")

    supervisor = Supervisor(
        [workshop.process("watched", OBEDIENT)],
        report=workshop.said.append,
        tend=tend,
        lost=lambda: noticed.append("lost"),
    )
    workshop.supervisors.append(supervisor)
    supervisor.wait_ready()

    until(lambda: noticed == ["lost"])


def test_a_stop_is_not_taken_for_a_broken_watch(workshop: Workshop) -> None:
    noticed: list[str] = []
    supervisor = Supervisor(
        [workshop.process("watched", OBEDIENT)],
        report=workshop.said.append,
        lost=lambda: noticed.append("lost"),
    )
    supervisor.wait_ready()

    supervisor.stop()

    assert noticed == []
