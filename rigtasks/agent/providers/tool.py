"""What the adapters of command lines have in common that tell what they do as they do it."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rigtasks.agent.door import Upstream
from rigtasks.agent.endings import Classified
from rigtasks.agent.events import AnyEvent
from rigtasks.agent.process import Exit
from rigtasks.agent.streams.naming import last_words, name_ending


class Streaming(msgspec.Struct, frozen=True, kw_only=True):
    """A program that tells every message and tool as a line, and has the last word itself."""

    @property
    def streams(self) -> bool:
        """Say yes: silence means trouble."""
        return True

    def classify(self, ended: Exit, events: Sequence[AnyEvent], stderr: str) -> Classified:
        """Go by the exit, the last word and the last request that failed."""
        return name_ending(ended, last_words(events, stderr))

    def closing(self, events: Sequence[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Add nothing: the stream has a last word of its own."""
        del events
        return ()


class Tool(Streaming, frozen=True, kw_only=True):
    """Somebody else's program, and the model that it speaks to.

    Args:
        binary: the native program, not a script that starts it.
        model: what is asked for.
        upstream: the model's API.
    """

    binary: Path
    model: str
    upstream: Upstream

    @property
    def cost_micro_usd_per_call(self) -> int | None:
        """Return None: what a call costs that says nothing, nobody knows."""
        return None
