"""One agent in five kinds: a play, our own programs, and the real command lines."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from rigtasks.agent.assignment import Role
from rigtasks.agent.events import (
    AnyEvent,
    Finished,
    Message,
    Started,
    ToolResult,
    ToolUse,
    Trouble,
    UsageReport,
)
from rigtasks.agent.provider import AgentCall, Provider
from rigtasks.agent.providers.claude import ClaudeProvider, claude_upstream, find_claude
from rigtasks.agent.providers.codex import CodexProvider, codex_upstream, find_codex
from rigtasks.agent.providers.command import CommandProvider
from rigtasks.agent.providers.scripted import ScriptedProvider
from rigtasks.agent.sandbox import Level, SandboxSpec, find_toolchain
from rigtasks.agent.supervisor import AgentOutcome, Timers, run_agent
from rigtasks.agent.transcript import Transcript, read_transcript
from rigtasks.agent.walls import Sandbox, Walls
from rigtasks.testing.memory_provider import MemoryProvider, event
from rigtasks.testing.memory_sandbox import MemorySandbox
from rigtasks.testing.models import Ask, Fail, Hang, ModelServer, Run, Say, in_order
from rigtasks.testing.models import Step as ModelStep
from rigtasks.testing.plays import AnyAct, End, Err, KeepInput, Wait, Write, as_shell, say

KEY = "sk-only-the-worker-knows-this"
KINDS = ("memory", "scripted", "command", "claude", "codex")
TOOLS = ("claude", "codex")
PROMPT = "Change the greeting to hello"
PATIENT = Timers(start=60, idle=60, wall=90, after_result=30)
_BINARY = Path("/opt/tool/vendor/bin/tool")


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Write a file of the working copy."""

    path: str
    text: str


Step = Edit | ModelStep


def ask(**changes: object) -> AgentCall:
    fields: dict[str, object] = {
        "role": Role.IMPLEMENT,
        "prompt": PROMPT,
        "seconds": 60.0,
        "max_turns": 9,
    }
    return AgentCall(**(fields | changes))  # type: ignore[arg-type]


def unstarted(kind: str) -> Provider:
    """Return a provider that needs nothing installed, to look at what it would start."""
    match kind:
        case "memory":
            return MemoryProvider(play=())
        case "scripted":
            return ScriptedProvider()
        case "command":
            return CommandProvider(argv=("agent", "--flag", "$HOME"))
        case "claude":
            return ClaudeProvider(binary=_BINARY, model="m-1", upstream=claude_upstream(KEY))
        case _:
            return CodexProvider(binary=_BINARY, model="m-1", upstream=codex_upstream(KEY))


@dataclass
class Told:
    """What came of a call, and what its listener and its model were told."""

    outcome: AgentOutcome
    seen: list[AnyEvent]
    written: list[AnyEvent]
    prompt: str
    headers: list[dict[str, str]]


@dataclass
class Agent:
    """An agent of one kind in a folder of its own."""

    kind: str
    folder: Path
    level: Level = Level.BUBBLEWRAP
    told: list[AnyEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        for path in (self.work, self.folder / "home"):
            path.mkdir()

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def call(
        self,
        *steps: Step,
        timers: Timers = PATIENT,
        stop_at: type[AnyEvent] | tuple[type[AnyEvent], ...] = (),
        **asked: object,
    ) -> Told:
        """Let the agent do some steps; with `stop_at` it is stopped at such an event."""
        tools = find_toolchain()
        spec = SandboxSpec(
            workdir=self.work,
            scratch=self.folder / "home",
            read_only=tools.read_only,
            env={"PATH": tools.path},
            mark=str(self.folder),
        )
        self.told.clear()
        path = self.folder / "transcript.ndjson"
        with self._provider(steps) as (provider, model), Transcript(path) as transcript:
            outcome = run_agent(
                provider,
                ask(**asked),
                spec=spec,
                sandbox=self._sandbox(),
                timers=timers,
                transcript=transcript,
                stop=lambda: any(isinstance(one, stop_at) for one in self.told),
                on_event=self.told.append,
            )
        requests = model.requests if model is not None else []
        kept = self.work / "prompt"
        return Told(
            outcome=outcome,
            seen=list(self.told),
            written=[line.event for line in read_transcript(path)],
            prompt=requests[0].prompt if requests else kept.read_text() if kept.exists() else "",
            headers=[request.headers for request in requests],
        )

    def _sandbox(self) -> Sandbox:
        return MemorySandbox() if self.kind == "memory" else Walls(level=self.level)

    @contextmanager
    def _provider(self, steps: Sequence[Step]) -> Iterator[tuple[Provider, ModelServer | None]]:
        match self.kind:
            case "memory":
                play = [act for act in _telling(steps) if not isinstance(act, Run)]
                yield MemoryProvider(play=play), None
            case "scripted":
                program = self.folder / "agent.py"
                script = "\n".join(_shell(act) for act in _telling(steps))
                program.write_text(
                    f"import subprocess, sys\nsys.exit(subprocess.call(['sh', '-c', {script!r}]))\n"
                )
                yield ScriptedProvider(python=sys.executable, program=program), None
            case "command":
                script = "\n".join(_shell(act) for act in _speaking(steps))
                yield CommandProvider(argv=("/bin/sh", "-c", script), model="ours"), None
            case _:
                with ModelServer(in_order(*(_asked_for(step) for step in steps))) as model:
                    yield _tool(self.kind, model.url), model


def _tool(kind: str, url: str) -> Provider:
    if kind == "claude":
        upstream = claude_upstream(KEY, url)
        return ClaudeProvider(binary=find_claude(), model="claude-opus-4-8", upstream=upstream)
    return CodexProvider(
        binary=find_codex(), model="gpt-5.2-codex", upstream=codex_upstream(KEY, url)
    )


def _asked_for(step: Step) -> ModelStep:
    if isinstance(step, Edit):
        return Run(command=as_shell([Write(step.path, step.text)]))
    return step


def _shell(act: AnyAct | Run) -> str:
    return act.command if isinstance(act, Run) else as_shell([act])


def _telling(steps: Sequence[Step]) -> Iterator[AnyAct | Run]:
    """Tell every step as neutral events, the sum of all usage at the end included."""
    yield KeepInput("prompt")
    yield event(Started(session="s-1", model="m"))
    for number, step in enumerate(steps, start=1):
        match step:
            case Edit() | Run():
                yield event(ToolUse(id=str(number), name="sh"))
                yield Write(step.path, step.text) if isinstance(step, Edit) else step
                yield event(ToolResult(id=str(number), ok=True))
                yield event(_used(1))
            case Say() | Ask():
                yield event(Message(text=step.text))
                yield event(_used(1))
                yield event(msgspec.structs.replace(_used(number), cumulative=True))
                structured = step.text if isinstance(step, Ask) else None
                yield event(Finished(ok=True, text=step.text, structured=structured))
            case Fail():
                yield event(Trouble(status=step.status, text="refused"))
                yield event(Finished(ok=False, status=step.status, text="refused"))
                yield End(1)
            case Hang():
                yield Wait(600)


def _used(turns: int) -> UsageReport:
    return UsageReport(
        model="m", input_uncached=3 * turns, output=4 * turns, turns=turns, cost_micro_usd=9 * turns
    )


def _speaking(steps: Sequence[Step]) -> Iterator[AnyAct | Run]:
    """Do every step and tell only the words."""
    yield KeepInput("prompt")
    for step in steps:
        match step:
            case Edit():
                yield Write(step.path, step.text)
            case Run():
                yield step
            case Say() | Ask():
                yield say(step.text)
            case Fail():
                yield Err(b"refused\n")
                yield End(4)
            case Hang():
                yield Wait(600)
