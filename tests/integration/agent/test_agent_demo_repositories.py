"""The demo repositories are what they claim to be: green, routable, and with a real bug."""

import subprocess

import pytest
from agent_bench import DEMO, Bench

from rigtasks.agent.command import run_shell
from rigtasks.agent.scripted.examples import find_examples
from rigtasks.routing.agent_config import parse_agent_config

NAMES = sorted(path.name for path in DEMO.iterdir() if path.is_dir())


def test_there_is_one_of_each_stack() -> None:
    stacks = {
        str(parse_agent_config((DEMO / name / ".rig-agent.yaml").read_bytes()).stack)
        for name in NAMES
    }

    assert stacks == {"node", "python"}


@pytest.mark.parametrize("name", NAMES)
def test_its_tests_are_green_offline_although_the_bug_is_there(name: str, bench: Bench) -> None:
    bench.fill_from_demo(name)
    config = parse_agent_config((bench.repository / ".rig-agent.yaml").read_bytes())
    workshop = bench.runtime().workshop

    result = run_shell(
        str(config.test_command),
        spec=workshop.spec(),
        sandbox=workshop.sandbox,
        seconds=60,
        stop=lambda: False,
    )

    assert result.ok, result.output
    left = subprocess.run(
        ("git", "status", "--porcelain"), cwd=bench.repository, capture_output=True, check=True
    )
    assert left.stdout == b""


@pytest.mark.parametrize("name", NAMES)
def test_ci_runs_the_same_command(name: str) -> None:
    config = parse_agent_config((DEMO / name / ".rig-agent.yaml").read_bytes())

    workflow = (DEMO / name / ".github" / "workflows" / "ci.yml").read_text()

    assert f"run: {config.test_command}\n" in workflow


@pytest.mark.parametrize("name", NAMES)
def test_its_issue_gives_an_example_and_no_solution(name: str, bench: Bench) -> None:
    bench.fill_from_demo(name)
    issue = bench.demo_issue(name)

    assert len(find_examples(issue["body"])) == 1
    assert "replaceAll" not in issue["body"]
    assert "<=" not in issue["body"]
