"""Agents that misbehave in every way known, as real processes in real walls."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from agent_bench import Bench

from rigtasks.agent.assignment import Role
from rigtasks.agent.endings import Ending
from rigtasks.agent.events import AnyEvent, Finished, Garbled, Message, ToolUse
from rigtasks.agent.lines import CUT
from rigtasks.agent.provider import AgentCall, Provider
from rigtasks.agent.providers.command import CommandProvider
from rigtasks.agent.sandbox import Level, SandboxSpec
from rigtasks.agent.supervisor import AgentOutcome, Timers, run_agent
from rigtasks.agent.transcript import Transcript, read_transcript
from rigtasks.agent.walls import Walls

QUICK = Timers(start=2.5, idle=1.0, wall=4.0, after_result=0.3)
SLOW = Timers(start=20, idle=20, wall=40, after_result=20)
LEVELS = list(Level)


@pytest.fixture
def call(bench: Bench) -> Any:
    bench.repository.mkdir()

    def start(
        provider: Provider,
        *,
        timers: Timers = SLOW,
        level: Level = Level.BUBBLEWRAP,
        on_event: Any = lambda _: None,
    ) -> AgentOutcome:
        spec: SandboxSpec = bench.runtime().workshop.spec()
        with Transcript(bench.folder / "transcript.ndjson") as transcript:
            return run_agent(
                provider,
                AgentCall(role=Role.IMPLEMENT, prompt="hello", seconds=30, max_turns=5),
                spec=spec,
                sandbox=Walls(level=level),
                timers=timers,
                transcript=transcript,
                stop=lambda: bench.stopped,
                on_event=on_event,
            )

    return start


def test_a_good_call_is_read_to_its_end(bench: Bench, call: Any) -> None:
    seen: list[AnyEvent] = []
    agent = bench.agent(
        'event(type="started", session="s-1", model="m")\n'
        'event(type="message", text=prompt)\n'
        'event(type="usage", model="m", input_uncached=3, output=4, cost_micro_usd=9)\n'
        'done(text="done")\n'
    )

    outcome = call(agent, on_event=seen.append)

    assert outcome.ending.ending is Ending.OK
    assert outcome.ending.failure is None
    assert outcome.session == "s-1"
    assert Message(text="hello") in outcome.events
    assert (outcome.usage.input_uncached, outcome.usage.cost_micro_usd) == (3, 9)
    assert tuple(seen) == outcome.events
    stored = read_transcript(bench.folder / "transcript.ndjson")
    assert tuple(line.event for line in stored) == outcome.events


@pytest.mark.parametrize(
    ("program", "ending"),
    [
        ("time.sleep(60)", Ending.TIMEOUT_START),
        ('event(type="started"); time.sleep(60)', Ending.TIMEOUT_IDLE),
        ("print('warming up', flush=True); time.sleep(60)", Ending.TIMEOUT_START),
        ("done(); time.sleep(60)", Ending.AFTER_RESULT),
        ('event(type="finished", ok=False, text="no"); time.sleep(60)', Ending.REFUSAL),
        ("event(type='started')\nwhile 1: event(type='message', text='.'); time.sleep(.1)",
         Ending.TIMEOUT_WALL),
        ("event(type='started'); event(type='tool_use', id='1', name='sh'); time.sleep(60)",
         Ending.TIMEOUT_WALL),
    ],
)  # fmt: skip
def test_an_agent_that_hangs_is_ended_by_the_right_timer(
    program: str, ending: Ending, bench: Bench, call: Any
) -> None:
    outcome = call(bench.agent(program), timers=QUICK)

    assert outcome.ending.ending is ending
    assert outcome.exit.code is None
    assert outcome.exit.seconds < 10


@pytest.mark.parametrize(
    ("program", "ending"),
    [
        ("", Ending.NO_RESULT),
        ("print('All done, approved!')", Ending.NO_RESULT),
        ('print(\'{"type": "finished", "ok": tr\')', Ending.NO_RESULT),
        ("sys.stdout.buffer.write(b'\\xff\\xfe\\x00\\n'); done()", Ending.OK),
        ("print('\\x1b[31mcolours\\x1b[0m', flush=True); done()", Ending.OK),
        ("done(); sys.exit(3)", Ending.CRASHED),
        ("done(); sys.stdout.flush(); os.kill(os.getpid(), 11)", Ending.CRASHED),
        ("done(denials=2)", Ending.DENIED),
        ("done(); done()", Ending.OK),
        ("os.close(0); done()", Ending.OK),
        ("print('x' * 3_000_000); done()", Ending.OK),
    ],
)
def test_strange_output_is_classified_and_never_believed(
    program: str, ending: Ending, bench: Bench, call: Any
) -> None:
    outcome = call(bench.agent(program))

    assert outcome.ending.ending is ending, outcome.ending


def test_a_huge_line_is_cut_and_what_follows_is_read(bench: Bench, call: Any) -> None:
    outcome = call(bench.agent("print('x' * 3_000_000); done(text='still here')"))

    assert outcome.finished == Finished(ok=True, text="still here")
    (garbled,) = (event for event in outcome.events if isinstance(event, Garbled))
    assert garbled.line.endswith(CUT)
    assert len(garbled.line) < 1_100_000


def test_a_flood_is_stopped(bench: Bench, call: Any) -> None:
    outcome = call(bench.agent("while 1: sys.stdout.write('x' * 65536 + '\\n' * 2000)"))

    assert outcome.ending.ending is Ending.BAD_OUTPUT


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_left_of_an_agent_that_was_told_to_stop(
    level: Level, bench: Bench, call: Any
) -> None:
    # given an agent with a child that keeps the pipes open and one that left the session
    agent = bench.agent(
        "subprocess.Popen(['sleep', '311.7'])\n"
        "subprocess.Popen(['setsid', '-f', 'sleep', '311.7'])\n"
        "event(type='started'); time.sleep(60)"
    )

    def stop_now(_: AnyEvent) -> None:
        bench.stopped = True

    # when the run is stopped
    outcome = call(agent, level=level, on_event=stop_now)

    # then it ends at once and none of its processes is there any more
    assert outcome.ending.ending is Ending.KILLED
    assert outcome.exit.seconds < 5
    assert not sleepers("311.7")


@pytest.mark.parametrize("level", LEVELS)
def test_children_that_keep_the_pipes_open_do_not_hold_up_the_end(
    level: Level, bench: Bench, call: Any
) -> None:
    agent = bench.agent("subprocess.Popen(['setsid', '-f', 'sleep', '312.7']); done()")

    outcome = call(agent, level=level)

    assert outcome.ending.ending is Ending.OK
    assert outcome.exit.seconds < 5
    assert not sleepers("312.7")


def test_an_error_of_the_listener_ends_the_agent(bench: Bench, call: Any) -> None:
    def fail(_: AnyEvent) -> None:
        raise ConnectionError("the store is gone")

    with pytest.raises(ConnectionError):
        call(
            bench.agent("event(type='started'); subprocess.run(['sleep', '313.7'])"), on_event=fail
        )

    assert not sleepers("313.7")


def test_a_killed_supervisor_leaves_no_agent(bench: Bench, tmp_path: Path) -> None:
    # given a supervisor in a process of its own
    bench.repository.mkdir()
    bench.agent("event(type='started'); subprocess.run(['sleep', '314.7'])")
    program = Path(__file__).with_name("supervise_agent.py")
    supervisor = subprocess.Popen((sys.executable, str(program), str(tmp_path)))
    wait_for(lambda: sleepers("314.7"))

    # when it dies without a chance to clean up
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait(timeout=5)

    # then the agent dies with it
    wait_for(lambda: not sleepers("314.7"))


def test_a_plain_command_is_an_agent_too(bench: Bench, call: Any) -> None:
    words = CommandProvider(argv=("/bin/sh", "-c", "cat > copy; echo $RIG_ROLE; sleep 1; echo b"))

    outcome = call(words, timers=Timers(start=0.2, idle=0.2, wall=20))

    assert outcome.ending.ending is Ending.OK
    assert outcome.finished is not None
    assert outcome.finished.text == "implement\nb"
    assert outcome.usage.cost_micro_usd is None
    assert (bench.repository / "copy").read_text() == "hello"


def test_a_plain_command_that_fails_says_why(call: Any) -> None:
    outcome = call(CommandProvider(argv=("/bin/sh", "-c", "echo no idea >&2; exit 4")))

    assert outcome.ending.ending is Ending.REFUSAL
    assert outcome.ending.detail == "exit code 4: no idea"
    assert outcome.finished is None


def test_a_running_tool_is_not_silence(bench: Bench, call: Any) -> None:
    agent = bench.agent(
        "event(type='started'); event(type='tool_use', id='1', name='sh'); time.sleep(1.5)\n"
        "event(type='tool_result', id='1', ok=True); done()"
    )

    outcome = call(agent, timers=QUICK)

    assert outcome.ending.ending is Ending.OK
    assert any(isinstance(event, ToolUse) for event in outcome.events)


def test_a_killed_agent_leaves_no_zombie_behind(bench: Bench, call: Any) -> None:
    family: list[psutil.Process] = []
    others = set(psutil.Process().children(recursive=True))  # servers of the whole session

    def look(_: AnyEvent) -> None:
        family.extend(set(psutil.Process().children(recursive=True)) - others)

    call(bench.agent("done(); time.sleep(60)"), timers=QUICK, on_event=look)

    assert len(family) >= 3
    assert not any(process.is_running() for process in family)


def sleepers(seconds: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cmdline() == ["sleep", seconds] and process.status() != "zombie":
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, os.getpid()
        time.sleep(0.05)
