"""The scripted agent: a small rule engine in a real process, for trying the rig without a model."""

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from rigtasks.agent.endings import Classified, Ending
from rigtasks.agent.events import AnyEvent, Finished, Garbled
from rigtasks.agent.process import Exit
from rigtasks.agent.provider import AgentCall, Launch, LineParser
from rigtasks.agent.providers.tool import Streaming

PROGRAM = Path(__file__).parents[1] / "scripted"
MODEL = "scripted-rules"
_DECODER = msgspec.json.Decoder(AnyEvent)


class ScriptedProvider(Streaming, frozen=True, kw_only=True):
    """Starts a Python program with the rig's own interpreter, by default the rule engine.

    Args:
        program: a file or directory that Python can run; it must print neutral events as JSON
            lines.
    """

    python: str = sys.executable
    program: Path = PROGRAM

    @property
    def name(self) -> str:
        """Return `scripted`."""
        return "scripted"

    @property
    def model(self) -> str:
        """Return the name that stands in for a model."""
        return MODEL

    @property
    def cost_micro_usd_per_call(self) -> int | None:
        """Return 0: rules cost nothing, also when they are killed before they can say so."""
        return 0

    def launch(self, call: AgentCall) -> Launch:
        """Run the program in isolated mode; it reads the prompt and nothing else of the rig."""
        return Launch(
            argv=(self.python, "-I", "-S", str(self.program), call.role.value),
            stdin=call.prompt.encode(errors="replace"),
            read_only=(self.program,),
        )

    def parser(self) -> LineParser:
        """Return a parser for a stream that consists of the neutral events themselves."""
        return parse_line

    def classify(self, ended: Exit, events: Sequence[AnyEvent], stderr: str) -> Classified:
        """Go by the exit and the last word; both must be good."""
        last = next((event for event in reversed(events) if isinstance(event, Finished)), None)
        said = stderr.strip().splitlines()
        if ended.code != 0:
            detail = said[-1] if said else f"exit code {ended.code}, signal {ended.signal}"
            return Classified(ending=Ending.CRASHED, detail=detail)
        if last is None:
            return Classified(ending=Ending.NO_RESULT, detail="the stream has no finished event")
        if last.denials:
            return Classified(ending=Ending.DENIED, detail=f"{last.denials} tool uses denied")
        if not last.ok:
            return Classified(ending=Ending.REFUSAL, detail=last.text or last.reason)
        return Classified(ending=Ending.OK)


def parse_line(line: str) -> tuple[AnyEvent, ...]:
    """Decode one event; anything else is kept as garbled."""
    if not line.strip():
        return ()
    try:
        return (_DECODER.decode(line),)
    except (msgspec.DecodeError, RecursionError):
        return (Garbled(line=line),)
