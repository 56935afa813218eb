"""Start one agent call in the sandbox, watch its stream and its clock, and name its ending."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

import msgspec

from rigtasks.agent.door import model_door
from rigtasks.agent.endings import Classified, Ending
from rigtasks.agent.events import AnyEvent, Finished, Garbled, Started, ToolResult, ToolUse
from rigtasks.agent.lines import BoundedLines, Tail
from rigtasks.agent.process import Exit
from rigtasks.agent.provider import AgentCall, Launch, Provider
from rigtasks.agent.sandbox import Excess, SandboxSpec
from rigtasks.agent.transcript import Transcript
from rigtasks.agent.usage import total_usage
from rigtasks.agent.walls import Sandbox
from rigtasks.lifecycle.events.base import Usage

MAX_LINE = 1 << 20
MAX_STREAM = 64 << 20
MAX_EVENTS = 20_000
_STDERR = 16 * 1024


class Halt(StrEnum):
    """Why the rig killed an agent."""

    STOPPED = "the run was told to stop"
    START = "nothing came after the start"
    IDLE = "silent for too long"
    WALL = "the time of the run is used up"
    AFTER_RESULT = "still running after its result"
    FLOOD = "its output is too large"


_ENDING_OF = {
    Halt.STOPPED: Ending.KILLED,
    Halt.START: Ending.TIMEOUT_START,
    Halt.IDLE: Ending.TIMEOUT_IDLE,
    Halt.WALL: Ending.TIMEOUT_WALL,
    Halt.AFTER_RESULT: Ending.AFTER_RESULT,
    Halt.FLOOD: Ending.BAD_OUTPUT,
}


class Timers(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds an agent may take, before they are scaled."""

    start: float = 60.0
    idle: float = 600.0
    wall: float = 5400.0
    after_result: float = 30.0

    def scaled(self, time_scale: float) -> "Timers":
        """Return the same timers for a clock that runs `1 / time_scale` times as fast."""
        return Timers(
            start=self.start * time_scale,
            idle=self.idle * time_scale,
            wall=self.wall * time_scale,
            after_result=self.after_result * time_scale,
        )


class AgentOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one call of an agent.

    Args:
        ending: how it ended, classified.
        events: what it did, in order.
        usage: what it consumed.
        finished: its last word, where it had one.
        session: what resumes it, where the provider can.
        exit: how its process ended, and how long it took to start.
        first_event_seconds: from the start to its first sign of life.
    """

    ending: Classified
    events: tuple[AnyEvent, ...]
    usage: Usage
    finished: Finished | None
    session: str | None
    exit: Exit
    first_event_seconds: float | None


class _Stream:
    """Turns the bytes of one agent into events and watches its timers."""

    def __init__(
        self,
        provider: Provider,
        timers: Timers,
        stop: Callable[[], bool],
        keep: Callable[[float, AnyEvent], None],
        clock: Callable[[], float],
    ) -> None:
        self.events: list[AnyEvent] = []
        self.errors = Tail(_STDERR)
        self.first_at: float | None = None
        self._lines = BoundedLines(MAX_LINE)
        self._parse = provider.parser()
        self._streams = provider.streams
        self._timers = timers
        self._stop = stop
        self._keep = keep
        self._received = 0
        self._clock = clock
        self._began = clock()
        self._last_at = 0.0
        self._finished_at: float | None = None
        self._open_tools: set[str] = set()

    def stdout(self, data: bytes) -> None:
        self._received += len(data)
        for line in self._lines.feed(data):
            self._take(line)

    def stderr(self, data: bytes) -> None:
        self.errors.feed(data)

    def close(self) -> None:
        for line in self._lines.close():
            self._take(line)

    def add(self, event: AnyEvent) -> None:
        self.events.append(event)
        now = self._clock() - self._began
        self._keep(now, event)
        if not isinstance(event, Garbled):
            self.first_at = now if self.first_at is None else self.first_at
            self._last_at = now
        match event:
            case ToolUse(id=call):
                self._open_tools.add(call)
            case ToolResult(id=call):
                self._open_tools.discard(call)
            case Finished():
                self._finished_at = now if self._finished_at is None else self._finished_at
            case _:
                pass

    def halt(self, elapsed: float) -> str | None:
        if self._stop():
            return Halt.STOPPED
        if self._received > MAX_STREAM or len(self.events) > MAX_EVENTS:
            return Halt.FLOOD
        if elapsed > self._timers.wall:
            return Halt.WALL
        return self._silence(elapsed) if self._streams else None

    def _silence(self, elapsed: float) -> str | None:
        if self._finished_at is not None:
            late = elapsed - self._finished_at > self._timers.after_result
            return Halt.AFTER_RESULT if late else None
        if self.first_at is None:
            return Halt.START if elapsed > self._timers.start else None
        idle = elapsed - self._last_at > self._timers.idle
        return Halt.IDLE if idle and not self._open_tools else None

    def _take(self, line: str) -> None:
        for event in self._parse(line):
            self.add(event)


def run_agent(
    provider: Provider,
    call: AgentCall,
    *,
    spec: SandboxSpec,
    sandbox: Sandbox,
    timers: Timers,
    transcript: Transcript,
    stop: Callable[[], bool],
    on_event: Callable[[AnyEvent], None],
) -> AgentOutcome:
    """Run one call of an agent to its end; all that it started ends with it.

    Args:
        provider: which command line.
        call: the prompt and what may be used.
        spec: the sandbox; the provider's own environment and paths are added to it.
        sandbox: what runs it.
        timers: already scaled.
        transcript: gets every event before anyone else does.
        stop: asked about ten times a second; true kills the agent.
        on_event: told every event; what it raises ends the call.
    """

    def keep(seconds: float, event: AnyEvent) -> None:
        transcript.write(seconds, event)
        on_event(event)

    launch = provider.launch(call)
    stream = _Stream(provider, timers, stop, keep, sandbox.clock)
    with _led_out(launch) as led:
        ended = sandbox.run(led.argv, spec=_with_launch(spec, led), stdin=led.stdin, watcher=stream)
    stream.close()
    ending = _name_ending(provider, ended, stream)
    if ending.failure is None:
        for event in provider.closing(stream.events):
            stream.add(event)
    events = tuple(stream.events)
    return AgentOutcome(
        ending=ending,
        events=events,
        usage=total_usage(
            events, model=provider.model, cost_micro_usd=provider.cost_micro_usd_per_call
        ),
        finished=next((e for e in reversed(events) if isinstance(e, Finished)), None),
        session=next((e.session for e in events if isinstance(e, Started)), None),
        exit=ended,
        first_event_seconds=stream.first_at,
    )


@contextmanager
def _led_out(launch: Launch) -> Iterator[Launch]:
    """Keep the way to the model open while the process of a call lives."""
    if launch.upstream is None:
        yield launch
        return
    with model_door(launch.upstream) as door:
        yield msgspec.structs.replace(
            launch,
            argv=door.through(launch.argv),
            read_only=(*launch.read_only, *door.read_only),
        )


def _with_launch(spec: SandboxSpec, launch: Launch) -> SandboxSpec:
    return msgspec.structs.replace(
        spec,
        env=spec.env | launch.env,
        read_only=(*spec.read_only, *launch.read_only),
        network=spec.network or launch.network,
    )


def _name_ending(provider: Provider, ended: Exit, stream: _Stream) -> Classified:
    if ended.halted is None:
        return provider.classify(ended, stream.events, stream.errors.text())
    if ended.halted in set(Excess):
        return Classified(ending=Ending.OVERUSE, detail=ended.halted)
    halt = Halt(ended.halted)
    if halt is Halt.AFTER_RESULT:
        clean = msgspec.structs.replace(ended, code=0, halted=None)
        said = provider.classify(clean, stream.events, stream.errors.text())
        if said.ending is not Ending.OK:
            return said
    return Classified(ending=_ENDING_OF[halt], detail=halt.value)
