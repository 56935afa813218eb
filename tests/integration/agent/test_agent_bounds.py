"""Commands that take the machine for themselves, and what they leave of it."""

import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import psutil
import pytest
from agent_bench import Bench

from rigtasks.agent.assignment import Commands, RunLimits
from rigtasks.agent.command import CommandResult, run_shell
from rigtasks.agent.endings import Ending
from rigtasks.agent.loop import implement
from rigtasks.agent.runtime import Runtime
from rigtasks.agent.sandbox import Bounds, Level, SandboxSpec, wrap
from rigtasks.lifecycle.failure import FailureClass

SMALL = Bounds(memory_bytes=256 << 20, processes=100)
FORK_BOMB = "b() { b | b & }; b; sleep 30"
#: Each process stays far below the bound; together they pass it.
MEMORY_HOG = (
    "for _ in 1 2 3 4; do python -c "
    "'import time; x = bytes([1]) * (100 << 20); time.sleep(30)' & done; wait"
)
FILES = {"answer.txt": "41\n"}
GREEN = 'pathlib.Path("answer.txt").write_text("42\\n"); done()'


@pytest.fixture
def bounded(bench: Bench) -> Runtime:
    bench.fill(FILES)
    runtime = bench.runtime(provider=bench.agent(GREEN))
    workshop = msgspec.structs.replace(runtime.workshop, bounds=SMALL)
    return msgspec.structs.replace(runtime, workshop=workshop)


def run(script: str, runtime: Runtime, level: Level) -> CommandResult:
    return run_shell(
        script, spec=runtime.workshop.spec(), level=level, seconds=25, stop=lambda: False
    )


def alive() -> int:
    """Count the machine's processes; the dead whom init has yet to bury are none."""
    status = (process.info["status"] for process in psutil.process_iter(["status"]))
    return sum(one != psutil.STATUS_ZOMBIE for one in status)


def assert_the_host_is_well(*, processes: int) -> None:
    """Nothing of the command is left, and starting something takes no time."""
    assert alive() < processes + SMALL.processes
    subprocess.run(("true",), check=True, timeout=5)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(
    ("script", "said"), [(FORK_BOMB, "too many processes"), (MEMORY_HOG, "too much memory")]
)
def test_a_command_that_takes_too_much_is_killed(
    script: str, said: str, level: Level, bounded: Runtime
) -> None:
    before = alive()

    result = run(script, bounded, level)

    assert not result.ok
    assert result.exit.halted == said
    assert f"was killed ({said})" in result.describe()
    assert result.exit.seconds < 20
    assert_the_host_is_well(processes=before)


@pytest.mark.parametrize(
    ("commands", "failure", "reason"),
    [
        (Commands(setup=FORK_BOMB, test="true"), FailureClass.ENVIRONMENT, "too many processes"),
        (Commands(setup=MEMORY_HOG, test="true"), FailureClass.ENVIRONMENT, "too much memory"),
        (Commands(build=FORK_BOMB, test="true"), FailureClass.WORK, "1 rounds"),
        (Commands(test=MEMORY_HOG), FailureClass.WORK, "1 rounds"),
    ],
)
def test_a_run_whose_commands_take_too_much_fails(
    commands: Commands, failure: FailureClass, reason: str, bench: Bench, bounded: Runtime
) -> None:
    work = bench.assignment(commands=commands, limits=RunLimits(max_rounds=1))

    outcome = implement(work, bounded)

    assert not outcome.success
    assert outcome.failure is failure
    assert reason in outcome.reason


def test_an_agent_that_takes_too_much_fails_its_run(bench: Bench, bounded: Runtime) -> None:
    before = alive()
    bomb = bench.agent(f"subprocess.run(['sh', '-c', {FORK_BOMB!r}])\n" + GREEN)
    runtime = msgspec.structs.replace(bounded, provider=bomb)

    outcome = implement(bench.assignment(commands=Commands(test="true")), runtime)

    assert not outcome.success
    assert outcome.ending is Ending.OVERUSE
    assert outcome.failure is FailureClass.WORK
    assert outcome.reason == "the agent ended: too many processes"
    assert outcome.head_sha is None
    assert_the_host_is_well(processes=before)


def test_one_process_is_bounded_by_the_kernel_before_anybody_looks(bounded: Runtime) -> None:
    result = run("python -c 'x = bytearray(512 << 20)'", bounded, Level.BUBBLEWRAP)

    assert result.exit.halted is None
    assert "MemoryError" in result.output


def test_shared_pages_count_once(bounded: Runtime) -> None:
    # given eight processes that share what one of them wrote
    script = (
        "import os, time\n"
        "x = bytes([1]) * (100 << 20)\n"
        "[time.sleep(2) or os._exit(0) for _ in range(8) if os.fork() == 0]\n"
        "os.wait()"
    )

    result = run(f"python -c '{script}'", bounded, Level.BUBBLEWRAP)

    assert result.ok, result.describe()


def test_others_processes_do_not_count(bounded: Runtime) -> None:
    outside = [subprocess.Popen(("sleep", "30")) for _ in range(SMALL.processes)]
    try:
        result = run("true | cat", bounded, Level.BUBBLEWRAP)
    finally:
        for process in outside:
            process.kill()
            process.wait()

    assert result.ok, result.output


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_the_kernel_itself_holds_the_processes_of_an_ordinary_user(tmp_path: Path) -> None:
    """Nobody watches here: the command is started without a supervisor."""
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents[:3]:
        folder.chmod(folder.stat().st_mode | 0o011)
    spec = SandboxSpec(workdir=tmp_path, bounds=SMALL)
    command = wrap(
        ("/bin/sh", "-c", "for i in $(seq 200); do sleep 5 & done"),
        spec=spec,
        level=Level.BUBBLEWRAP,
    )
    setpriv = shutil.which("setpriv")
    assert setpriv is not None

    ended = subprocess.run(
        (setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "--", *command.argv),
        env=command.env,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert ended.returncode != 0
    assert "Cannot fork" in ended.stderr


def test_node_runs_within_the_defaults(bench: Bench) -> None:
    bench.fill_from_demo("node-slugs")

    result = run(
        "node --test && node -e 'new WebAssembly.Memory({initial: 1})'",
        bench.runtime(),
        Level.BUBBLEWRAP,
    )

    assert result.ok, result.output
    assert "fail 0" in result.output
