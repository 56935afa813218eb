"""Agents that misbehave in every way known, as plays on a clock that does not wait."""

from pathlib import Path

import pytest

from rigtasks.agent.assignment import Role
from rigtasks.agent.endings import Ending
from rigtasks.agent.events import (
    AnyEvent,
    Finished,
    Garbled,
    Message,
    Started,
    ToolResult,
    ToolUse,
    UsageReport,
)
from rigtasks.agent.lines import CUT
from rigtasks.agent.provider import AgentCall
from rigtasks.agent.sandbox import SandboxSpec
from rigtasks.agent.supervisor import MAX_EVENTS, AgentOutcome, Timers, run_agent
from rigtasks.agent.transcript import Transcript, read_transcript
from rigtasks.testing.memory_provider import MemoryProvider, event
from rigtasks.testing.memory_sandbox import MemorySandbox
from rigtasks.testing.plays import AnyAct, End, Out, Repeat, Wait, say

TIMERS = Timers(start=60, idle=600, wall=5400, after_result=30)
STARTED = event(Started(session="s-1", model="m"))
DONE = event(Finished(ok=True))
TOOL = event(ToolUse(id="1", name="sh"))
HOUR = Wait(3600)


class Scene:
    """One call of a played agent."""

    def __init__(self, folder: Path) -> None:
        self.transcript = folder / "transcript.ndjson"
        self.seen: list[AnyEvent] = []
        self._spec = SandboxSpec(workdir=folder, scratch=folder)

    def call(self, *play: AnyAct, **changes: object) -> AgentOutcome:
        arguments: dict[str, object] = {
            "spec": self._spec,
            "sandbox": MemorySandbox(),
            "timers": TIMERS,
            "stop": lambda: False,
            "on_event": self.seen.append,
        }
        asked = AgentCall(role=Role.IMPLEMENT, prompt="hello", seconds=30, max_turns=5)
        with Transcript(self.transcript) as transcript:
            return run_agent(
                MemoryProvider(play=play),
                asked,
                transcript=transcript,
                **(arguments | changes),  # type: ignore[arg-type]
            )


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_good_call_is_read_to_its_end(scene: Scene) -> None:
    outcome = scene.call(
        STARTED,
        Wait(2),
        event(Message(text="hello")),
        event(UsageReport(model="m", input_uncached=3, output=4, cost_micro_usd=9)),
        event(Finished(ok=True, text="done")),
    )

    assert outcome.ending.ending is Ending.OK
    assert outcome.ending.failure is None
    assert outcome.session == "s-1"
    assert outcome.finished == Finished(ok=True, text="done")
    assert (outcome.usage.input_uncached, outcome.usage.cost_micro_usd) == (3, 9)
    assert [type(one) for one in outcome.events] == [Started, Message, UsageReport, Finished]
    assert tuple(scene.seen) == outcome.events
    assert tuple(line.event for line in read_transcript(scene.transcript)) == outcome.events


@pytest.mark.parametrize(
    ("play", "ending", "seconds"),
    [
        ((HOUR, DONE), Ending.TIMEOUT_START, 60),
        ((say("warming up"), HOUR, DONE), Ending.TIMEOUT_START, 60),
        ((STARTED, HOUR, DONE), Ending.TIMEOUT_IDLE, 600),
        ((STARTED, Repeat(90, (Wait(10), say("."))), DONE), Ending.TIMEOUT_IDLE, 600),
        ((STARTED, TOOL, HOUR, HOUR, DONE), Ending.TIMEOUT_WALL, 5400),
        ((STARTED, Repeat(90, (Wait(100), event(Message(text="."))))), Ending.TIMEOUT_WALL, 5400),
        ((STARTED, DONE, HOUR), Ending.AFTER_RESULT, 30),
        ((STARTED, event(Finished(ok=False, reason="refusal")), HOUR), Ending.REFUSAL, 30),
    ],
)  # fmt: skip
def test_an_agent_that_hangs_is_ended_by_the_right_timer(
    play: tuple[AnyAct, ...], ending: Ending, seconds: float, scene: Scene
) -> None:
    outcome = scene.call(*play)

    assert outcome.ending.ending is ending
    assert outcome.exit.code is None
    assert outcome.exit.seconds == pytest.approx(seconds, abs=0.3)


def test_a_running_tool_is_not_silence(scene: Scene) -> None:
    answered = event(ToolResult(id="1", ok=True))

    outcome = scene.call(STARTED, TOOL, Wait(3000), answered, Wait(590), DONE)

    assert outcome.ending.ending is Ending.OK


def test_a_tool_that_answered_is_silence_again(scene: Scene) -> None:
    outcome = scene.call(STARTED, TOOL, Wait(700), event(ToolResult(id="1", ok=True)), HOUR)

    assert outcome.ending.ending is Ending.TIMEOUT_IDLE
    assert outcome.exit.seconds == pytest.approx(1300, abs=0.3)


@pytest.mark.parametrize(
    ("play", "ending"),
    [
        ((), Ending.NO_RESULT),
        ((say("All done, approved!"),), Ending.NO_RESULT),
        ((Out(b'{"type": "finished", "ok": tr'),), Ending.NO_RESULT),
        ((Out(b"\xff\xfe\x00\n"), DONE), Ending.OK),
        ((say("\x1b[31mcolours\x1b[0m"), DONE), Ending.OK),
        ((DONE, End(3)), Ending.CRASHED),
        ((DONE, End(139)), Ending.CRASHED),
        ((event(Finished(ok=True, denials=2)),), Ending.DENIED),
        ((DONE, DONE), Ending.OK),
        ((Out(b'{"type":"finished",'), Wait(1), Out(b'"ok":true}')), Ending.OK),
    ],
)
def test_strange_output_is_classified_and_never_believed(
    play: tuple[AnyAct, ...], ending: Ending, scene: Scene
) -> None:
    assert scene.call(*play).ending.ending is ending


def test_a_huge_line_is_cut_and_what_follows_is_read(scene: Scene) -> None:
    last = Finished(ok=True, text="still here")

    outcome = scene.call(Repeat(3, (Out(b"x" * 1_000_000),)), say(""), event(last))

    assert outcome.ending.ending is Ending.OK
    assert outcome.finished == last
    (garbled,) = (one for one in outcome.events if isinstance(one, Garbled))
    assert garbled.line.endswith(CUT)
    assert len(garbled.line) < 1_100_000


@pytest.mark.parametrize(
    "flood",
    [Repeat(MAX_EVENTS + 9, (event(Message(text=".")),)), Repeat(99, (Out(b"x" * 999_999),))],
    ids=["of events", "of bytes"],
)
def test_a_flood_is_stopped(flood: Repeat, scene: Scene) -> None:
    outcome = scene.call(STARTED, flood, DONE)

    assert outcome.ending.ending is Ending.BAD_OUTPUT
    assert outcome.finished is None
    assert len(outcome.events) < MAX_EVENTS + 9


def test_an_agent_that_is_told_to_stop_stops(scene: Scene) -> None:
    outcome = scene.call(STARTED, HOUR, DONE, stop=lambda: bool(scene.seen))

    assert outcome.ending.ending is Ending.KILLED
    assert outcome.exit.seconds < 1


def test_an_error_of_the_listener_ends_the_agent(scene: Scene) -> None:
    def fail(_: AnyEvent) -> None:
        raise ConnectionError("the store is gone")

    with pytest.raises(ConnectionError):
        scene.call(STARTED, DONE, on_event=fail)

    assert [line.event for line in read_transcript(scene.transcript)] == [
        Started(session="s-1", model="m")
    ]
