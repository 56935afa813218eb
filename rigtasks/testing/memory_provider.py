"""A provider whose agent is a play: neutral events, one a line, for sandboxes without processes."""

import msgspec

from rigtasks.agent.events import AnyEvent
from rigtasks.agent.provider import AgentCall, Launch, LineParser
from rigtasks.agent.providers.scripted import parse_line
from rigtasks.agent.providers.tool import Streaming
from rigtasks.testing.memory_sandbox import play_argv
from rigtasks.testing.plays import Out, Play


class MemoryProvider(Streaming, frozen=True, kw_only=True):
    """Plays the same play at every call.

    Args:
        play: what its agent does; see `event`.
    """

    play: Play
    model: str = "memory-model"
    cost_micro_usd_per_call: int | None = None

    @property
    def name(self) -> str:
        """Return `memory`."""
        return "memory"

    def launch(self, call: AgentCall) -> Launch:
        """Return the play as a command, with the prompt on standard input."""
        return Launch(argv=play_argv(self.play), stdin=call.prompt.encode(errors="replace"))

    def parser(self) -> LineParser:
        """Return the parser of neutral events."""
        return parse_line


def event(happened: AnyEvent) -> Out:
    """Return the act of an agent that tells an event."""
    return Out(msgspec.json.encode(happened) + b"\n")
