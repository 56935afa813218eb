"""What only other people's command lines can get wrong: their limits, errors and habits."""

import json
from pathlib import Path

import pytest

from agents import KEY, Agent
from rigtasks.agent.endings import CLASS_OF, Ending
from rigtasks.testing.models import Fail, Run, Say

_INVALID = "invalid_request_error"


@pytest.fixture
def claude(tmp_path: Path) -> Agent:
    return Agent("claude", tmp_path)


def refused(status: int, kind: str, message: str) -> Fail:
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return Fail(status=status, body=json.dumps(body))


@pytest.mark.parametrize(
    ("kind", "step", "cause"),
    [
        ("claude", Fail(status=529), "overloaded"),
        ("codex", Fail(status=503), "overloaded"),
        ("claude", refused(400, _INVALID, "prompt is too long: 25 tokens > 20 maximum"), "context"),
        ("claude", refused(400, _INVALID, "Your credit balance is too low."), "quota"),
        ("codex", refused(429, "insufficient_quota", "You exceeded your current quota."), "quota"),
    ],
    ids=lambda value: f"{value.status}" if isinstance(value, Fail) else value,
)
def test_a_model_that_refuses_is_named_by_its_reason(
    kind: str, step: Fail, cause: str, tmp_path: Path
) -> None:
    told = Agent(kind, tmp_path).call(step)

    ending = told.outcome.ending
    assert CLASS_OF[ending.ending] == cause, ending
    assert ending.failure is not None
    assert len(told.headers) <= 12
    assert KEY not in ending.detail


def test_claude_stops_at_its_turns(claude: Agent) -> None:
    told = claude.call(Run(command="true"), max_turns=2)

    assert told.outcome.ending.ending is Ending.MAX_TURNS
    assert len(told.headers) <= 3


def test_claude_stops_at_its_money(claude: Agent) -> None:
    told = claude.call(Run(command="true"), cost_micro_usd=20_000)

    assert told.outcome.ending.ending is Ending.BUDGET
    assert told.outcome.usage.cost_micro_usd is not None
    assert 20_000 <= told.outcome.usage.cost_micro_usd < 60_000


def test_hooks_and_servers_of_a_repository_are_not_run(claude: Agent) -> None:
    hook = {"type": "command", "command": "touch /sandbox/checkout/hook-ran"}
    settings = {"hooks": {"SessionStart": [{"hooks": [hook]}]}}
    (claude.work / ".claude").mkdir()
    (claude.work / ".claude" / "settings.json").write_text(json.dumps(settings))
    server = {"command": "touch", "args": ["/sandbox/checkout/server-ran"]}
    (claude.work / ".mcp.json").write_text(json.dumps({"mcpServers": {"evil": server}}))

    told = claude.call(Say(text="done"))

    assert told.outcome.ending.ending is Ending.OK, told.outcome
    assert not (claude.work / "hook-ran").exists()
    assert not (claude.work / "server-ran").exists()
