"""Every command that a gate or an explanation tells people to type can be typed."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from gate_facts import HEAD, NOW, READ_AT, green_facts, reason, replace

from rigtasks.cli.main import app
from rigtasks.conductor.report import summary_of
from rigtasks.gate import facts as f
from rigtasks.gate.explain import explain
from rigtasks.gate.verdict import evaluate
from rigtasks.lifecycle.commands import Failed
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.testing.life import Life


def paused(scope: f.PauseScope, target: str = "") -> f.GateFacts:
    pause = f.Pause(
        scope=scope, target=target or str(scope), by="ada", reason="release", at=READ_AT
    )
    return replace(green_facts(), pauses=(pause,))


def printed(facts: f.GateFacts) -> list[str]:
    results = evaluate(facts, NOW).blockers
    return [one.command for result in results for one in result.can_unblock if one.command]


def parsed(command: str) -> dict[str, Any]:
    """Parse a command line as `rig` does, without running it, and return its values."""
    program, *words = shlex.split(command)
    assert program == "rig"
    verb: Any = typer.main.get_command(app)
    while hasattr(verb, "commands"):
        verb = verb.commands[words.pop(0)]
    values: dict[str, Any] = verb.make_context(program, words).params
    return values


def lines() -> Iterator[tuple[str, f.GateFacts, dict[str, object]]]:
    ref = str(green_facts().issue.ref)
    yield "the rig", paused(f.PauseScope.RIG), {}
    yield "a repository", paused(f.PauseScope.REPO), {"repository": green_facts().repository}
    yield "an issue", paused(f.PauseScope.ISSUE), {"reference": ref}
    yield "a provider", paused(f.PauseScope.PROVIDER, "provider:claude"), {"name": "claude"}
    gated = replace(green_facts(), human_gates=(reason(),))
    yield "the human gate", gated, {"reference": ref, "sha": HEAD, "reason": "…"}


@pytest.mark.parametrize(
    ("facts", "values"), [line[1:] for line in lines()], ids=[line[0] for line in lines()]
)
def test_what_a_gate_prints_is_a_command(facts: f.GateFacts, values: dict[str, object]) -> None:
    commands = printed(facts)

    assert len(commands) == 1
    typed = parsed(commands[0])
    assert {name: typed[name] for name in values} == values


def test_a_label_is_lifted_by_no_command_but_by_who_takes_it_off() -> None:
    stop = f.Pause(
        scope=f.PauseScope.ISSUE,
        target="issue:1:7:1",
        by="ada",
        reason="the label do-not-merge",
        at=READ_AT,
        source=f.StopSource.LABEL,
    )

    results = evaluate(replace(green_facts(), pauses=(stop,)), NOW).blockers

    (way,) = (one for result in results for one in result.can_unblock)
    assert (way.command, way.how) == (None, "takes the label do-not-merge off")


def test_the_way_back_of_a_failed_issue_is_a_command() -> None:
    life = Life()
    life.approve()
    life.finish(life.claim(), Failed(failure=FailureClass.POLICY, reason="it touches CI"))

    action = explain(summary_of(life.issue), None, NOW).next_action

    assert action is not None
    assert action.command is not None
    assert parsed(action.command)["reference"] == "acme/api#7"
