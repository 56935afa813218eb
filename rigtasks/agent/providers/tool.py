"""What the adapters of other people's command lines have in common."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rigtasks.agent.door import Upstream
from rigtasks.agent.endings import Classified
from rigtasks.agent.events import AnyEvent
from rigtasks.agent.process import Exit
from rigtasks.agent.streams.naming import last_words, name_ending


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A program that speaks to a model and tells every message and tool as a line.

    Args:
        binary: the native program, not a script that starts it.
        model: what is asked for.
        upstream: the model's API.
    """

    binary: Path
    model: str
    upstream: Upstream

    @property
    def streams(self) -> bool:
        """Say yes: every message and tool is a line."""
        return True

    @property
    def cost_micro_usd_per_call(self) -> int | None:
        """Return None: what a call costs that says nothing, nobody knows."""
        return None

    def classify(self, ended: Exit, events: Sequence[AnyEvent], stderr: str) -> Classified:
        """Go by the exit, the tool's last word and the last request that failed."""
        return name_ending(ended, last_words(events, stderr))

    def closing(self, events: Sequence[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Add nothing: the tool has the last word itself."""
        del events
        return ()
