"""What a scripted model is asked and what it answers, whatever language its server speaks."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of a command line.

    Args:
        prompt: all text that a user wrote.
        results: what the tools answered so far, the oldest first.
        tools: the names that are offered.
        headers: of HTTP, in lower case.
    """

    prompt: str
    results: tuple[str, ...]
    tools: frozenset[str]
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Say:
    """Words, and the end of the turn."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """A line for the shell."""

    command: str


@dataclass(frozen=True, kw_only=True)
class Ask:
    """An answer that is data: by the tool that takes such answers, otherwise as text."""

    answer: dict[str, object]

    @property
    def text(self) -> str:
        """Return the answer as JSON."""
        return msgspec.json.encode(self.answer).decode()


@dataclass(frozen=True, kw_only=True)
class Fail:
    """An answer of HTTP that is no success."""

    status: int
    body: str = '{"type":"error","error":{"type":"error","message":"scripted failure"}}'


@dataclass(frozen=True, kw_only=True)
class Hang:
    """No answer at all until the server is closed."""


Step = Say | Run | Ask | Fail | Hang
Script = Callable[[Request], Step]


def in_order(*steps: Step) -> Script:
    """Answer with one step for each tool result there is; the last step is repeated."""
    return lambda request: steps[min(len(request.results), len(steps) - 1)]
