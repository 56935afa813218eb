"""Supervise the agent of a test in a process that the test can kill."""

import sys
from pathlib import Path

from rigtasks.agent.assignment import Role
from rigtasks.agent.provider import AgentCall
from rigtasks.agent.providers.scripted import ScriptedProvider
from rigtasks.agent.sandbox import Level, SandboxSpec, find_toolchain
from rigtasks.agent.supervisor import Timers, run_agent
from rigtasks.agent.transcript import Transcript
from rigtasks.agent.walls import Walls

folder = Path(sys.argv[1])
tools = find_toolchain()
with Transcript(folder / "transcript.ndjson") as transcript:
    run_agent(
        ScriptedProvider(program=folder / "agent.py"),
        AgentCall(role=Role.IMPLEMENT, prompt="", seconds=60, max_turns=1),
        spec=SandboxSpec(
            workdir=folder / "checkout", read_only=tools.read_only, env={"PATH": tools.path}
        ),
        sandbox=Walls(level=Level.BUBBLEWRAP),
        timers=Timers(),
        transcript=transcript,
        stop=lambda: False,
        on_event=lambda _: None,
    )
