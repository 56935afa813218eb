"""What a killed process was working on is removed, and what a living one works on is not."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rigtasks.workspace.owned_folders import owned_folder, sweep, sweep_in_background

_OWNER = """
import sys, time
from pathlib import Path
from rigtasks.workspace.owned_folders import owned_folder
with owned_folder(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "repository" / ".git").mkdir(parents=True)
    (folder / "repository" / "big.bin").write_bytes(b"x" * 100_000)
    print("working", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def owners() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for one in started:
        one.kill()
        one.communicate()


def work(owners: list[subprocess.Popen[bytes]], parent: Path, name: str) -> subprocess.Popen[bytes]:
    """Start a process that works in a folder of its own until it is killed."""
    arguments = (sys.executable, "-c", _OWNER, str(parent), name)
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
    owners.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"working\n"
    return process


def test_only_what_a_killed_process_left_is_swept(
    owners: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    killed = work(owners, runs, "killed")
    work(owners, runs, "living")
    assert sweep(runs) == ()

    killed.send_signal(signal.SIGKILL)
    killed.wait()

    assert sweep(runs) == ("killed",)
    assert [one.name for one in runs.iterdir()] == ["living"]
    assert (runs / "living" / "repository" / "big.bin").is_file()


def test_a_stopped_process_still_owns_its_folder(
    owners: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    frozen = work(owners, tmp_path, "frozen")
    frozen.send_signal(signal.SIGSTOP)

    assert sweep(tmp_path) == ()


def test_a_folder_is_removed_when_its_work_ends(tmp_path: Path) -> None:
    with owned_folder(tmp_path / "runs", "one") as folder:
        (folder / "file").touch()
        assert sweep(tmp_path / "runs") == ()

    assert not folder.exists()


def test_two_never_get_the_same_folder(tmp_path: Path) -> None:
    with (
        owned_folder(tmp_path, "one"),
        pytest.raises(FileExistsError),
        owned_folder(tmp_path, "one"),
    ):
        pytest.fail("it was lent twice")


def test_a_folder_of_an_older_version_is_kept_while_its_run_may_last(tmp_path: Path) -> None:
    for name, hours in (("old", 7), ("young", 3)):
        folder = tmp_path / name
        folder.mkdir()
        long_ago = time.time() - hours * 3600
        os.utime(folder, (long_ago, long_ago))

    assert sweep(tmp_path) == ("old",)


def as_nobody(work: Callable[[], None]) -> int:
    """Do something in a process of an account to which read-only means it; return its exit code."""
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setegid(65534)
                os.seteuid(65534)
            work()
        except BaseException:  # noqa: BLE001  # told by the exit code; this process ends here
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_what_an_agent_made_read_only_is_removed() -> None:
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o777)
        runs = Path(top, "runs")

        def read_only() -> None:
            with owned_folder(runs, "one") as folder:
                cache = folder / "home" / "cache" / "deep"
                cache.mkdir(parents=True)
                (cache / "module").touch()
                for one in (cache, cache.parent):
                    one.chmod(0o500)

        assert as_nobody(read_only) == 0

        assert list(runs.iterdir()) == []


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    runs = tmp_path / "runs"
    with owned_folder(runs, "one") as folder:
        (folder / "link").symlink_to(kept)
    (runs / "two").symlink_to(kept)

    assert sweep(runs) == ()
    assert (kept / "file").is_file()


def test_sweeping_keeps_nobody_waiting(
    owners: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    killed = work(owners, tmp_path, "killed")
    killed.kill()
    killed.wait()

    sweep_in_background(tmp_path).join(timeout=30)

    assert list(tmp_path.iterdir()) == []


def test_there_may_be_nothing_to_sweep(tmp_path: Path) -> None:
    assert sweep(tmp_path / "runs") == ()
