"""Processes forked from what is loaded already: like those that are executed, only sooner."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from rigtasks.local.launching import Child, execute
from rigtasks.local.nursery import LOST, QUICK, Nursery

#: A Celery application that tells what process it was loaded into, and then waits or ends.
APPLICATION = """
import json, os, signal, sys, time
from celery import Celery
app = Celery("told")
seen = {
    "argv": sys.argv, "environment": dict(os.environ), "folder": os.getcwd(),
    "leads": [os.getpid() == os.getsid(0), os.getpid() == os.getpgid(0)],
    "input": os.fstat(0).st_rdev == os.stat(os.devnull).st_rdev,
    "open": sorted(map(int, os.listdir("/dev/fd"))), "pid": os.getpid(), "zone": time.tzname[0],
    "signals": [signal.getsignal(n) is d for n, d in (
        (signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL),
        (signal.SIGCHLD, signal.SIG_DFL))],
}
print(json.dumps(seen), flush=True)
if "wait" in os.environ:
    time.sleep(600)
sys.exit(int(os.environ.get("status", "0")))
"""
COMMAND = (*QUICK, "celery", "-A", "told", "report")


class Place:
    """A folder with the application, and what was started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Child] = []
        (folder / "told.py").write_text(APPLICATION)

    def start(
        self,
        launch: Callable[..., Child],
        environment: Mapping[str, str],
        command: tuple[str, ...] = COMMAND,
    ) -> Child:
        with (self.folder / f"{len(self.started)}.log").open("ab") as log:
            self.started.append(launch(command, environment, self.folder, log))
        return self.started[-1]

    def log(self, number: int = 0) -> str:
        return (self.folder / f"{number}.log").read_text()

    def told(self, number: int = 0, seconds: float = 60.0) -> dict[str, object]:
        deadline = time.monotonic() + seconds
        while "\n" not in self.log(number):
            assert time.monotonic() < deadline, self.log(number)
            time.sleep(0.02)
        found: dict[str, object] = json.loads(self.log(number).splitlines()[0])
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for child in place.started:
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
        child.wait(10)


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = new_nursery(tmp_path_factory.mktemp("nursery"))
    nursery.prepare()
    yield nursery
    nursery.close()


def new_nursery(folder: Path) -> Nursery:
    return Nursery(folder / "logs" / "nursery.log", folder / "run" / "nursery.json")


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    return {**kept, "LANG": "C.UTF-8", **more}


def test_a_forked_process_finds_what_an_executed_one_finds(place: Place, nursery: Nursery) -> None:
    given = environment(TZ="Asia/Tokyo", status="7", secret="only for this one")

    ends = [place.start(launch, given).wait(60) for launch in (execute, nursery.launch)]

    executed, forked = place.told(0), place.told(1)
    pids = [told.pop("pid") for told in (executed, forked)]
    assert ends == [7, 7]
    assert pids == [child.pid for child in place.started]
    assert forked == executed
    assert forked["zone"] == "JST"
    assert forked["leads"] == [True, True]


def test_its_first_environment_shows_no_secret(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_GITHUB_TOKEN", "a secret of the launcher")
    nursery = new_nursery(tmp_path)

    child = place.start(nursery.launch, environment(wait="1", RIG_MODEL_API_KEY="its own secret"))

    place.told()
    shown = Path(f"/proc/{child.pid}/environ").read_bytes()
    shown += Path(f"/proc/{psutil.Process(child.pid).ppid()}/environ").read_bytes()
    assert b"secret" not in shown
    assert " ".join(COMMAND[1:]) in " ".join(psutil.Process(child.pid).cmdline())
    child.terminate()
    assert child.wait(30) == -signal.SIGTERM
    nursery.close()


def test_a_signal_ends_it_and_is_its_status(place: Place, nursery: Nursery) -> None:
    child = place.start(nursery.launch, environment(wait="1"))
    place.told()
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.05)

    child.terminate()

    assert child.wait(30) == -signal.SIGTERM
    assert child.poll() == -signal.SIGTERM
    child.terminate()  # nobody is signalled who has ended


def test_each_end_is_told_to_the_one_it_concerns(place: Place, nursery: Nursery) -> None:
    children = [place.start(nursery.launch, environment(status=str(status))) for status in range(5)]

    assert [child.wait(60) for child in reversed(children)] == [4, 3, 2, 1, 0]


def test_what_is_not_shared_is_executed(place: Place, nursery: Nursery) -> None:
    words = (sys.executable, "-c", "import sys; print(len(sys.modules)); sys.exit(3)")

    child = place.start(nursery.launch, environment(), words)

    assert isinstance(child, subprocess.Popen)
    assert child.wait(30) == 3


def test_a_nursery_that_was_killed_is_there_again_for_the_next(
    place: Place, tmp_path: Path
) -> None:
    nursery = new_nursery(tmp_path)
    child = place.start(nursery.launch, environment(wait="1"))
    place.told()
    parent = psutil.Process(child.pid).parent()
    assert parent is not None
    parent.kill()
    parent.wait(10)

    # then what it forked lives on, but nobody can tell its end
    assert child.wait(10) == LOST
    assert psutil.Process(child.pid).is_running()
    psutil.Process(child.pid).kill()

    again = place.start(nursery.launch, environment(status="5"))
    assert again.wait(60) == 5
    nursery.close()


def test_a_nursery_that_cannot_begin_says_where_it_told_why(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    nursery = new_nursery(tmp_path)

    with pytest.raises(OSError, match=r"has ended \(log: .*nursery\.log\)"):
        place.start(nursery.launch, environment())

    assert "encodings" in (tmp_path / "logs" / "nursery.log").read_text()
    nursery.close()


def test_what_was_forked_outlives_a_nursery_that_is_closed(place: Place, tmp_path: Path) -> None:
    nursery = new_nursery(tmp_path)
    child = place.start(nursery.launch, environment(wait="1"))
    place.told()

    nursery.close()

    process = psutil.Process(child.pid)
    assert process.is_running()
    process.terminate()
    assert process.wait(30) is None  # somebody else's child
