"""The real command lines of Claude and Codex in real walls, against models that follow a script."""

import json
from typing import Any

import psutil
import pytest
from agent_bench import Bench
from real_tools import KEY, TOOLS, call, provider_of

from rigtasks.agent.endings import CLASS_OF, Ending
from rigtasks.agent.events import AnyEvent, Message, ToolResult, ToolUse
from rigtasks.agent.sandbox import Level
from rigtasks.agent.supervisor import Timers
from rigtasks.budget.usage import CostBasis
from rigtasks.testing.models import Ask, Fail, Hang, ModelServer, Run, Say, Step, in_order

EDIT = Run(command="sed -i s/hi/hello/ hello.py")
SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"type": "string"}, "summary": {"type": "string"}},
    "required": ["verdict", "summary"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def repository(bench: Bench) -> None:
    bench.fill({"hello.py": "print('hi')\n"})


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("tool", TOOLS)
def test_a_file_is_changed_and_the_call_is_understood(
    tool: str, level: Level, bench: Bench
) -> None:
    with ModelServer(in_order(EDIT, Say(text="Changed the greeting."))) as model:
        outcome = call(bench, provider_of(tool, model.url), level=level)

    assert outcome.ending.ending is Ending.OK, outcome
    assert (bench.repository / "hello.py").read_text() == "print('hello')\n"
    assert outcome.finished is not None
    assert outcome.finished.text == "Changed the greeting."
    assert outcome.session
    assert any(isinstance(event, ToolUse) for event in outcome.events)
    assert any(isinstance(event, ToolResult) and event.ok for event in outcome.events)
    assert Message(text="Changed the greeting.") in outcome.events
    usage = outcome.usage
    assert usage.cost_basis is CostBasis.COMPUTED
    assert usage.cost_micro_usd
    assert usage.turns >= 1
    counters = (usage.input_uncached, usage.cache_read, usage.cache_write, usage.output)
    assert counters == ((200, 2000, 2000, 80) if tool == "claude" else (1000, 1200, 0, 102))
    assert "Change the greeting to hello" in model.requests[0].prompt


@pytest.mark.parametrize("tool", TOOLS)
def test_the_key_reaches_the_model_and_nothing_inside_the_walls(tool: str, bench: Bench) -> None:
    look = Run(
        command="cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n' > seen; env >> seen"
    )
    with ModelServer(in_order(look, Say(text="done"))) as model:
        outcome = call(bench, provider_of(tool, model.url))

    assert outcome.ending.ending is Ending.OK, outcome
    headers = model.requests[0].headers
    assert KEY in (
        headers.get("x-api-key"),
        headers.get("authorization", "").removeprefix("Bearer "),
    )
    assert "held-by-the-rig" not in json.dumps([request.headers for request in model.requests])
    seen = (bench.repository / "seen").read_text()
    assert "held-by-the-rig" in seen
    assert KEY not in seen
    written = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert not [path for path in written if KEY.encode() in path.read_bytes()]
    assert KEY not in repr(outcome)
    assert KEY not in repr(provider_of(tool, model.url))


@pytest.mark.parametrize("tool", TOOLS)
def test_the_door_is_the_only_way_out(tool: str, bench: Bench) -> None:
    with ModelServer(in_order(Say(text="placeholder"))) as model:
        host, port = model.url.removeprefix("http://").split(":")
        knock = Run(
            command="python3 -c \"import socket; socket.create_connection(('"
            + host
            + "', "
            + port
            + '), 5)" && touch reached; ls /sys/class/net > nets'
        )
        with ModelServer(in_order(knock, Say(text="done"))) as scripted:
            outcome = call(bench, provider_of(tool, scripted.url))

    assert outcome.ending.ending is Ending.OK, outcome
    assert not (bench.repository / "reached").exists()
    assert model.requests == []


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Fail(status=401), "auth"),
        (Fail(status=429), "rate_limit"),
        (Fail(status=529), "overloaded"),
        (Fail(status=503), "overloaded"),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
@pytest.mark.parametrize("tool", TOOLS)
def test_a_model_that_refuses_is_named_by_its_reason(
    tool: str, step: Step, kind: str, bench: Bench
) -> None:
    with ModelServer(in_order(step)) as model:
        outcome = call(bench, provider_of(tool, model.url))

    assert CLASS_OF[outcome.ending.ending] == kind, outcome.ending
    assert outcome.ending.failure is not None
    assert len(model.requests) <= 12
    assert KEY not in outcome.ending.detail


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("prompt is too long: 250000 tokens > 200000 maximum", "context"),
        ("Your credit balance is too low to access the API.", "quota"),
    ],
)
def test_claude_names_what_the_api_says(message: str, kind: str, bench: Bench) -> None:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    with ModelServer(in_order(Fail(status=400, body=json.dumps(body)))) as model:
        outcome = call(bench, provider_of("claude", model.url))

    assert CLASS_OF[outcome.ending.ending] == kind, outcome.ending


def test_codex_names_a_used_up_quota(bench: Bench) -> None:
    body = {"error": {"type": "insufficient_quota", "message": "You exceeded your current quota."}}
    with ModelServer(in_order(Fail(status=429, body=json.dumps(body)))) as model:
        outcome = call(bench, provider_of("codex", model.url))

    assert CLASS_OF[outcome.ending.ending] == "quota", outcome.ending


@pytest.mark.parametrize("tool", TOOLS)
def test_a_model_that_never_answers_is_ended_by_the_silence_timer(tool: str, bench: Bench) -> None:
    with ModelServer(in_order(Hang())) as model:
        quick = Timers(start=30, idle=2.0, wall=60, after_result=5)
        outcome = call(bench, provider_of(tool, model.url), timers=quick)

    assert outcome.ending.ending is Ending.TIMEOUT_IDLE, outcome
    assert outcome.first_event_seconds is not None


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_is_left_of_a_call_that_is_stopped(tool: str, level: Level, bench: Bench) -> None:
    # given a call whose tool has started something that wants to stay
    others = set(psutil.Process().children(recursive=True))
    family: list[psutil.Process] = []
    stay = Run(command="setsid -f sleep 317.7; sleep 317.7")

    def stop_at_the_tool(event: AnyEvent) -> None:
        if isinstance(event, ToolUse):
            family.extend(set(psutil.Process().children(recursive=True)) - others)
            bench.stopped = True

    # when it is stopped
    with ModelServer(in_order(stay)) as model:
        outcome = call(bench, provider_of(tool, model.url), level=level, on_event=stop_at_the_tool)

    # then none of its processes is there any more
    assert outcome.ending.ending is Ending.KILLED
    assert family
    assert not any(_runs(process) for process in family)
    assert not [one for one in psutil.process_iter() if _cmdline(one) == ["sleep", "317.7"]]


def test_claude_stops_at_its_turns(bench: Bench) -> None:
    with ModelServer(in_order(Run(command="true"))) as model:
        outcome = call(bench, provider_of("claude", model.url), max_turns=2)

    assert outcome.ending.ending is Ending.MAX_TURNS
    assert len(model.requests) <= 3


def test_claude_stops_at_its_money(bench: Bench) -> None:
    with ModelServer(in_order(Run(command="true"))) as model:
        outcome = call(bench, provider_of("claude", model.url), cost_micro_usd=20_000)

    assert outcome.ending.ending is Ending.BUDGET
    assert outcome.usage.cost_micro_usd is not None
    assert 20_000 <= outcome.usage.cost_micro_usd < 60_000


@pytest.mark.parametrize("tool", TOOLS)
def test_an_answer_that_is_data_comes_through_the_result(tool: str, bench: Bench) -> None:
    answer: dict[str, Any] = {"verdict": "approve", "summary": "fine"}
    with ModelServer(in_order(Ask(answer=answer))) as model:
        provider = provider_of(tool, model.url)
        outcome = call(bench, provider, schema=json.dumps(SCHEMA).encode())

    assert outcome.ending.ending is Ending.OK, outcome
    assert outcome.finished is not None
    assert outcome.finished.structured is not None
    assert json.loads(outcome.finished.structured) == answer


def test_hooks_and_servers_of_a_repository_are_not_run(bench: Bench) -> None:
    hook = {"type": "command", "command": "touch /sandbox/checkout/hook-ran"}
    settings = {"hooks": {"SessionStart": [{"hooks": [hook]}]}}
    (bench.repository / ".claude").mkdir()
    (bench.repository / ".claude" / "settings.json").write_text(json.dumps(settings))
    server = {"command": "touch", "args": ["/sandbox/checkout/server-ran"]}
    (bench.repository / ".mcp.json").write_text(json.dumps({"mcpServers": {"evil": server}}))

    with ModelServer(in_order(Say(text="done"))) as model:
        outcome = call(bench, provider_of("claude", model.url))

    assert outcome.ending.ending is Ending.OK, outcome
    assert not (bench.repository / "hook-ran").exists()
    assert not (bench.repository / "server-ran").exists()


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
