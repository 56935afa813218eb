"""What every provider promises of a call, from its start to its last word."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from agents import KEY, KINDS, PROMPT, TOOLS, Agent, Edit, Told, unstarted
from rigtasks.agent.endings import CLASS_OF, Ending
from rigtasks.agent.events import Finished, Message, Started, ToolResult, ToolUse
from rigtasks.agent.process import Exit
from rigtasks.agent.sandbox import Level
from rigtasks.agent.supervisor import Timers
from rigtasks.budget.usage import CostBasis
from rigtasks.testing.models import Ask, Fail, Hang, ModelServer, Request, Run, Say, in_order

WORDS = "Changed the greeting."
EDIT = Edit(path="hello.py", text="print('hello')\n")
#: Take all that an agent can see of environments and arguments, its own and its neighbours', and
#: knock at a server of the host.
LOOK = """
cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n' > seen; env >> seen
python3 -c "import socket; socket.create_connection(('127.0.0.1', PORT), 5)" && touch reached
tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' > nets
"""
PLACEHOLDER = "held-by-the-rig"
STREAMING = [kind for kind in KINDS if kind != "command"]
#: What the model of each kind counted for a call of three requests: see `rigtasks.testing`.
COUNTED = {
    "memory": (9, 0, 0, 12),
    "scripted": (9, 0, 0, 12),
    "command": (0, 0, 0, 0),
    "claude": (300, 4000, 2000, 120),
    "codex": (1500, 1800, 0, 153),
}
SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"type": "string"}, "summary": {"type": "string"}},
    "required": ["verdict", "summary"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Good:
    """A call that went well: a look around, a change, and a last word."""

    agent: Agent
    told: Told
    elsewhere: Sequence[Request]


@pytest.fixture(scope="module", params=KINDS)
def good(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Good:
    agent = Agent(request.param, tmp_path_factory.mktemp(request.param))
    with pytest.MonkeyPatch.context() as patch, ModelServer(in_order(Say(text="no"))) as other:
        patch.setenv("DATABASE_URL", "postgresql://of-the-worker")
        look = Run(command=LOOK.replace("PORT", other.url.rpartition(":")[2]))
        return Good(agent, agent.call(look, EDIT, Say(text=WORDS)), other.requests)


def test_it_ends_well_and_has_changed_what_it_should(good: Good) -> None:
    agent, told = good.agent, good.told

    assert told.outcome.ending.ending is Ending.OK, told.outcome
    assert told.outcome.ending.failure is None
    assert (agent.work / EDIT.path).read_text() == EDIT.text


def test_the_prompt_arrives(good: Good) -> None:
    told = good.told

    assert PROMPT in told.prompt


def test_its_events_are_told_and_kept_in_order_with_one_last_word(good: Good) -> None:
    told = good.told

    events = told.outcome.events
    assert told.seen == list(events) == told.written
    assert [one for one in events if isinstance(one, Finished)] == [told.outcome.finished]
    assert isinstance(events[-1], Finished)
    assert events[-1].text == WORDS
    assert Message(text=WORDS) in events


def test_what_streams_starts_and_ends_its_tools(good: Good) -> None:
    agent, told = good.agent, good.told
    if agent.kind not in STREAMING:
        assert told.outcome.session is None
        return

    events = told.outcome.events
    assert isinstance(events[0], Started)
    assert told.outcome.session == events[0].session
    assert told.outcome.session
    begun = [one.id for one in events if isinstance(one, ToolUse)]
    assert len(begun) == 2
    assert [one.id for one in events if isinstance(one, ToolResult) and one.ok] == begun
    assert told.outcome.first_event_seconds is not None


def test_what_it_used_is_counted_once(good: Good) -> None:
    agent, told = good.agent, good.told

    usage = told.outcome.usage
    counters = (usage.input_uncached, usage.cache_read, usage.cache_write, usage.output)
    assert counters == COUNTED[agent.kind]
    if agent.kind in TOOLS:
        assert usage.cost_basis is CostBasis.COMPUTED
        assert usage.cost_micro_usd
    elif agent.kind in STREAMING:
        assert (usage.turns, usage.cost_micro_usd) == (3, 27)
    else:
        assert usage.cost_basis is CostBasis.UNPRICED


def test_nothing_of_the_worker_reaches_it(good: Good) -> None:
    agent, told = good.agent, good.told

    if agent.kind == "memory":
        assert not (agent.work / "seen").exists()
        return
    seen = (agent.work / "seen").read_text()
    assert "TZ=UTC" in seen
    assert "of-the-worker" not in seen
    assert PROMPT not in seen
    assert KEY not in seen
    written = [path for path in agent.folder.rglob("*") if path.is_file()]
    assert not [path for path in written if KEY.encode() in path.read_bytes()]
    assert KEY not in repr(told.outcome)


@pytest.mark.parametrize("good", TOOLS, indirect=True)
def test_the_key_reaches_the_model(good: Good) -> None:
    agent, told = good.agent, good.told

    first = told.headers[0]
    given = (first.get("x-api-key"), first.get("authorization", "").removeprefix("Bearer "))
    assert KEY in given
    assert PLACEHOLDER not in json.dumps(told.headers)
    assert PLACEHOLDER in (agent.work / "seen").read_text()


def test_the_door_is_the_only_way_out(good: Good) -> None:
    assert not (good.agent.work / "reached").exists()
    assert good.elsewhere == []
    if good.agent.kind != "memory":
        assert (good.agent.work / "nets").read_text() == "lo\n"


def test_an_answer_that_is_data_is_the_answer(agent: Agent) -> None:
    answer: dict[str, object] = {"verdict": "approve", "summary": "fine"}

    told = agent.call(Ask(answer=answer), schema=json.dumps(SCHEMA).encode())

    assert told.outcome.ending.ending is Ending.OK, told.outcome
    assert told.outcome.finished is not None
    assert told.outcome.finished.structured is not None
    assert json.loads(told.outcome.finished.structured) == answer


@pytest.mark.parametrize("status", [401, 429])
def test_a_model_that_refuses_is_no_success(status: int, agent: Agent) -> None:
    told = agent.call(Fail(status=status))

    outcome = told.outcome
    assert outcome.ending.failure is not None
    assert outcome.ending.detail
    assert KEY not in outcome.ending.detail
    assert len(told.headers) <= 12
    if agent.kind in STREAMING and agent.kind != "scripted":
        assert CLASS_OF[outcome.ending.ending] == {401: "auth", 429: "rate_limit"}[status]


def test_silence_is_ended_by_the_timer_for_it(agent: Agent) -> None:
    streams = unstarted(agent.kind).streams
    timers = Timers(start=60, idle=1, wall=90) if streams else Timers(start=1, idle=1, wall=2)

    outcome = agent.call(Hang(), timers=timers).outcome

    assert outcome.ending.ending is (Ending.TIMEOUT_IDLE if streams else Ending.TIMEOUT_WALL)
    assert outcome.finished is None
    assert outcome.exit.code is None


def test_a_call_that_is_stopped_was_killed_and_leaves_nothing(real: Agent) -> None:
    # given an agent that has started something that wants to stay, and nothing that holds it
    real.level = Level.NONE
    stay = Run(command="setsid -f sleep 317.7; echo up; sleep 317.7")
    words = Message if real.kind == "command" else ToolUse

    # when it is stopped
    told = real.call(stay, Say(text=WORDS), stop_at=words)

    # then it has no last word, and none of its processes is there any more
    assert told.outcome.ending.ending is Ending.KILLED
    assert told.outcome.finished is None
    assert told.outcome.exit.seconds < 60
    assert not left_of(real.folder)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ended", [Exit(code=1), Exit(code=139), Exit(code=None, signal=9)])
def test_a_good_last_word_does_not_make_up_for_a_bad_exit(kind: str, ended: Exit) -> None:
    words = (Started(), Finished(ok=True, text=WORDS))

    assert unstarted(kind).classify(ended, words, "").failure is not None


@pytest.mark.parametrize("kind", STREAMING)
def test_a_clean_exit_does_not_make_up_for_a_missing_last_word(kind: str) -> None:
    said = (Started(), Message(text="All done!"))

    assert unstarted(kind).classify(Exit(code=0), said, "").failure is not None


def left_of(folder: Path) -> list[str]:
    """Return the command lines of processes that carry the mark of a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"RIG_SANDBOX={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text())
        except OSError:  # it ended in the meantime, or is somebody else's
            continue
    return found
