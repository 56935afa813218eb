"""What an adapter of a coding agent's command line consists of."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from rigtasks.agent.assignment import Role
from rigtasks.agent.door import Upstream
from rigtasks.agent.endings import Classified
from rigtasks.agent.events import AnyEvent
from rigtasks.agent.process import Exit

LineParser = Callable[[str], tuple[AnyEvent, ...]]


class AgentCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an agent: its prompt and what it may use.

    Args:
        schema: the JSON Schema of the answer, where the answer is data.
        seconds: left for this call.
        cost_micro_usd: left for this call; None where nothing is capped.
    """

    role: Role
    prompt: str
    seconds: float
    max_turns: int
    cost_micro_usd: int | None = None
    session: str | None = None
    schema: bytes | None = None


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """How a call becomes a process; `read_only` paths are shown to it unchanged.

    With an `upstream`, `{model_url}` in the arguments and the environment becomes the address of a
    door that leads there and nowhere else.
    """

    argv: tuple[str, ...]
    stdin: bytes
    env: dict[str, str] = {}
    read_only: tuple[Path, ...] = ()
    network: bool = False
    upstream: Upstream | None = None


class Provider(Protocol):
    """Argv and environment, a line parser to neutral events, and a classifier of endings."""

    @property
    def name(self) -> str:
        """Return the name used in settings, steps and trailers."""

    @property
    def model(self) -> str:
        """Return the model that is asked for, or what stands in its place."""

    @property
    def streams(self) -> bool:
        """Say whether silence means trouble: only then do the start and idle timers count."""

    @property
    def cost_micro_usd_per_call(self) -> int | None:
        """Return what a call costs that reports nothing itself; None where nobody knows."""

    def launch(self, call: AgentCall) -> Launch:
        """Build the process of a call; no secret belongs into it."""

    def parser(self) -> LineParser:
        """Return a parser for one stream; it may remember what it saw."""

    def classify(self, ended: Exit, events: Sequence[AnyEvent], stderr: str) -> Classified:
        """Name the ending of a process that was not killed by the rig."""

    def closing(self, events: Sequence[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Return what a stream without a last word of its own lacks, after a good ending."""
