"""A provider whose agent is a play: neutral events, one a line, for sandboxes without processes."""

from collections.abc import Sequence

import msgspec

from rigtasks.agent.endings import Classified
from rigtasks.agent.events import AnyEvent
from rigtasks.agent.process import Exit
from rigtasks.agent.provider import AgentCall, Launch, LineParser
from rigtasks.agent.providers.scripted import parse_line
from rigtasks.agent.streams.naming import last_words, name_ending
from rigtasks.testing.memory_sandbox import play_argv
from rigtasks.testing.plays import Out, Play


class MemoryProvider(msgspec.Struct, frozen=True, kw_only=True):
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

    @property
    def streams(self) -> bool:
        """Say yes: each event is a line."""
        return True

    def launch(self, call: AgentCall) -> Launch:
        """Return the play as a command, with the prompt on standard input."""
        return Launch(argv=play_argv(self.play), stdin=call.prompt.encode(errors="replace"))

    def parser(self) -> LineParser:
        """Return the parser of neutral events."""
        return parse_line

    def classify(self, ended: Exit, events: Sequence[AnyEvent], stderr: str) -> Classified:
        """Go by the exit and the last words, as for every tool that streams."""
        return name_ending(ended, last_words(events, stderr))

    def closing(self, events: Sequence[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Add nothing: the play has the last word itself."""
        del events
        return ()


def event(happened: AnyEvent) -> Out:
    """Return the act of an agent that tells an event."""
    return Out(msgspec.json.encode(happened) + b"\n")
