"""What every sandbox promises that has processes: their number, their weight and their end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sandbox_yard import SECONDS_TO_END, Eyes, Life, Yard

from rigtasks.agent.sandbox import Excess
from rigtasks.testing.greedy import FORK_BOMB, MEMORY_HOG, SMALL

#: Everything a command can do to get away; each holds `life` open for as long as it lives.
ESCAPES = {
    "children": "(sleep 300 & sleep 300) & echo up; wait",
    "another session": "setsid -f sleep 300; setsid setsid -f sleep 300; echo up; sleep 300",
    "another environment": "setsid -f env -i sleep 300; echo up; sleep 300",
    "deaf to signals": "trap '' TERM HUP INT; setsid -f sh -c 'sleep 300; :'; echo up; sleep 300",
    "a storm": (
        "exec python3 -c '\n"
        "import os, time\n"
        "end = time.monotonic() + 30\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        while time.monotonic() < end:\n"
        "            if os.fork(): os._exit(0)\n"
        "            os.setsid()\n"
        "        os._exit(0)\n"
        'print("up", flush=True)\n'
        "time.sleep(30)'"
    ),
}


@pytest.fixture
def life(real: Yard) -> Iterator[Life]:
    watched = Life(real)
    yield watched
    watched.close()


def until_up(eyes: Eyes) -> bool:
    return b"up" in eyes.out


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_killing_ends_all_that_a_command_started(escape: str, real: Yard, life: Life) -> None:
    eyes = Eyes(stop_when=until_up)

    ended, _ = real.run(f"exec 9>life; {escape}", eyes=eyes)

    took = time.monotonic() - eyes.halted_at
    assert life.is_over()
    assert ended.halted == "seen enough"
    assert took < SECONDS_TO_END


@pytest.mark.parametrize("code", [0, 3])
def test_what_a_command_leaves_behind_ends_with_it(code: int, real: Yard, life: Life) -> None:
    # given children that hold the pipes open, too
    ended, eyes = real.run(f"exec 9>life; setsid -f sleep 300; sleep 300 & echo done; exit {code}")

    assert life.is_over(within=SECONDS_TO_END)
    assert ended.code == code
    assert eyes.out == b"done\n"
    assert ended.seconds < 30


def test_a_command_that_kills_whoever_started_it_does_not_get_away(real: Yard, life: Life) -> None:
    eyes = Eyes(stop_when=until_up)

    real.run("exec 9>life; setsid -f sleep 300; kill -9 $PPID; echo up; sleep 300", eyes=eyes)

    assert life.is_over(within=SECONDS_TO_END)


def test_nothing_outlives_a_supervisor_that_was_killed(
    real: Yard, life: Life, tmp_path: Path
) -> None:
    # given a supervisor in a process of its own, and a command that has left its session
    line = "exec 9>life; setsid -f sleep 300; touch up; sleep 300"
    program = str(Path(__file__).with_name("supervise.py"))
    words = (sys.executable, program, real.sandbox.level.value, str(tmp_path), line)
    supervisor = subprocess.Popen(words)
    deadline = time.monotonic() + 30
    while not (real.spec.workdir / "up").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)

    # when it gets a signal that it cannot handle
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait(timeout=5)

    # then all of the command ends
    assert life.is_over(within=SECONDS_TO_END)


def test_no_zombie_is_left_of_a_command_that_was_killed(real: Yard) -> None:
    before = set(psutil.Process().children(recursive=True))
    seen: set[psutil.Process] = set()

    def stop(eyes: Eyes) -> bool:
        seen.update(set(psutil.Process().children(recursive=True)) - before)
        return until_up(eyes)

    real.run("sleep 300 & echo up; wait", eyes=Eyes(stop_when=stop))

    assert len(seen) >= 3
    assert not [process for process in seen if process.is_running()]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_is_told_as_a_shell_tells_it(number: signal.Signals, real: Yard) -> None:
    ended, _ = real.run(f"kill -{number.value} $$")

    assert (ended.code, ended.signal, ended.halted) == (128 + number, None, None)


def test_signals_of_a_command_have_their_usual_meaning(real: Yard) -> None:
    ended, eyes = real.run("yes | head -n 1; (kill -TERM $$; sleep 30) & wait")

    assert eyes.out == b"y\n"
    assert ended.code == 128 + signal.SIGTERM


def test_a_program_that_is_not_there_is_named(real: Yard) -> None:
    eyes = Eyes()

    ended = real.sandbox.run(("no-such-tool",), spec=real.spec, stdin=b"", watcher=eyes)

    assert ended.code
    assert b"no-such-tool" in eyes.err


def test_home_is_kept_from_one_command_to_the_next(real: Yard) -> None:
    real.run("echo tool > ~/installed")

    _, eyes = real.run("cat ~/installed; echo $HOME")

    assert eyes.out.splitlines()[0] == b"tool"
    assert os.fsencode(Path.home()) not in eyes.out.splitlines()


def test_the_rigs_tools_are_found_on_the_path(real: Yard) -> None:
    ended, eyes = real.run("python -c 'import pytest; print(pytest.__name__)' && node --version")

    assert ended.code == 0, eyes.err
    assert eyes.out.startswith(b"pytest\nv")


@pytest.mark.parametrize(
    ("script", "excess"),
    [(FORK_BOMB, Excess.PROCESSES), (MEMORY_HOG, Excess.MEMORY)],
    ids=["fork bomb", "memory hog"],
)
def test_a_command_that_takes_too_much_is_killed(
    script: str, excess: Excess, real: Yard, life: Life
) -> None:
    ended, _ = real.run(f"exec 9>life; {script}", bounds=SMALL)

    assert ended.halted == excess
    assert life.is_over()
    assert ended.seconds < 20


def test_one_process_is_bounded_by_the_kernel_before_anybody_looks(real: Yard) -> None:
    ended, eyes = real.run("python -c 'x = bytearray(512 << 20)'", bounds=SMALL)

    assert ended.halted is None
    assert ended.code
    assert b"MemoryError" in eyes.err


def test_shared_pages_count_once(real: Yard) -> None:
    # given eight processes that share what one of them wrote
    program = (
        "import os, time\n"
        "x = bytes([1]) * (50 << 20)\n"
        "[time.sleep(1) or os._exit(0) for _ in range(8) if os.fork() == 0]\n"
        "os.wait()"
    )

    ended, _ = real.run(f"python -c '{program}'", bounds=SMALL)

    assert ended.code == 0, ended


def test_others_processes_do_not_count(real: Yard) -> None:
    outside = [subprocess.Popen(("sleep", "30")) for _ in range(SMALL.processes)]
    try:
        ended, _ = real.run("true | cat", bounds=SMALL)
    finally:
        for process in outside:
            process.kill()
            process.wait()

    assert ended.code == 0, ended
