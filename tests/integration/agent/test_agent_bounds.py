"""Runs whose commands take the machine for themselves."""

import msgspec
import pytest
from agent_bench import Bench

from rigtasks.agent.assignment import Commands, RunLimits
from rigtasks.agent.command import run_shell
from rigtasks.agent.endings import Ending
from rigtasks.agent.loop import implement
from rigtasks.agent.runtime import Runtime
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.testing.greedy import FORK_BOMB, MEMORY_HOG, SMALL

FILES = {"answer.txt": "41\n"}
GREEN = 'pathlib.Path("answer.txt").write_text("42\\n"); done()'


@pytest.fixture
def bounded(bench: Bench) -> Runtime:
    bench.fill(FILES)
    runtime = bench.runtime(provider=bench.agent(GREEN))
    workshop = msgspec.structs.replace(runtime.workshop, bounds=SMALL)
    return msgspec.structs.replace(runtime, workshop=workshop)


@pytest.mark.parametrize(
    ("commands", "failure", "reason"),
    [
        (Commands(setup=FORK_BOMB, test="true"), FailureClass.ENVIRONMENT, "too many processes"),
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
    bomb = bench.agent(f"subprocess.run(['sh', '-c', {FORK_BOMB!r}])\n" + GREEN)
    runtime = msgspec.structs.replace(bounded, provider=bomb)

    outcome = implement(bench.assignment(commands=Commands(test="true")), runtime)

    assert not outcome.success
    assert outcome.ending is Ending.OVERUSE
    assert outcome.failure is FailureClass.WORK
    assert outcome.reason == "the agent ended: too many processes"
    assert outcome.head_sha is None


def test_node_runs_within_the_defaults(bench: Bench) -> None:
    bench.fill_from_demo("node-slugs")
    workshop = bench.runtime().workshop

    result = run_shell(
        "node --test && node -e 'new WebAssembly.Memory({initial: 1})'",
        spec=workshop.spec(),
        sandbox=workshop.sandbox,
        seconds=60,
        stop=workshop.stop,
    )

    assert result.ok, result.output
    assert "fail 0" in result.output
