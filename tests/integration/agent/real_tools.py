"""The real command lines of Claude and Codex, with a scripted model behind the door."""

from collections.abc import Callable
from typing import Any

from agent_bench import Bench

from rigtasks.agent.assignment import Role
from rigtasks.agent.events import AnyEvent
from rigtasks.agent.provider import AgentCall, Provider
from rigtasks.agent.providers.claude import ClaudeProvider, claude_upstream, find_claude
from rigtasks.agent.providers.codex import CodexProvider, codex_upstream, find_codex
from rigtasks.agent.sandbox import Level
from rigtasks.agent.supervisor import AgentOutcome, Timers, run_agent
from rigtasks.agent.transcript import Transcript
from rigtasks.agent.walls import Walls

KEY = "sk-only-the-worker-knows-this"
TOOLS = ("claude", "codex")
PATIENT = Timers(start=60, idle=60, wall=90, after_result=30)


def provider_of(tool: str, url: str) -> Provider:
    if tool == "claude":
        return ClaudeProvider(
            binary=find_claude(), model="claude-opus-4-8", upstream=claude_upstream(KEY, url)
        )
    return CodexProvider(
        binary=find_codex(), model="gpt-5.2-codex", upstream=codex_upstream(KEY, url)
    )


def call(
    bench: Bench,
    provider: Provider,
    *,
    timers: Timers = PATIENT,
    level: Level = Level.BUBBLEWRAP,
    on_event: Callable[[AnyEvent], None] = lambda _: None,
    **asked: Any,
) -> AgentOutcome:
    fields: dict[str, Any] = {
        "role": Role.IMPLEMENT,
        "prompt": "Change the greeting to hello",
        "seconds": 60,
        "max_turns": 9,
    }
    with Transcript(bench.folder / "transcript.ndjson") as transcript:
        return run_agent(
            provider,
            AgentCall(**(fields | asked)),
            spec=bench.runtime().workshop.spec(),
            sandbox=Walls(level=level),
            timers=timers,
            transcript=transcript,
            stop=lambda: bench.stopped,
            on_event=on_event,
        )
