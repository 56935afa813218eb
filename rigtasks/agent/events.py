"""What an agent does, in one vocabulary for every command-line tool."""

import msgspec

_CLIP = 4000


class AgentEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """The base of everything an agent's output is turned into."""


class Started(AgentEvent, frozen=True, kw_only=True, tag="started"):
    """The tool is up; `session` resumes it later where the provider can."""

    session: str | None = None
    model: str | None = None


class Message(AgentEvent, frozen=True, kw_only=True, tag="message"):
    """Text the agent wrote."""

    text: str


class ToolUse(AgentEvent, frozen=True, kw_only=True, tag="tool_use"):
    """The agent is about to use a tool."""

    id: str
    name: str
    detail: str = ""


class ToolResult(AgentEvent, frozen=True, kw_only=True, tag="tool_result"):
    """A tool answered."""

    id: str
    ok: bool
    output: str = ""


class UsageReport(AgentEvent, frozen=True, kw_only=True, tag="usage"):
    """Tokens in four disjoint counters and, where the tool says it, money.

    `cumulative` replaces everything reported before; otherwise the figures are added. `computed`
    says that the money comes from the rig's own prices. `output_estimate` is what a price has to
    assume where the tool names only the output at the start of a message.
    """

    model: str
    input_uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    turns: int = 0
    cost_micro_usd: int | None = None
    cumulative: bool = False
    computed: bool = False
    output_estimate: int = 0


class Trouble(AgentEvent, frozen=True, kw_only=True, tag="trouble"):
    """A request to the model failed; the tool may try again or give up.

    Args:
        status: of HTTP, where there was an answer.
        reason: the tool's own name for it.
        text: in words.
        retry_at: when the provider takes requests again, in seconds since 1970.
    """

    status: int | None = None
    reason: str = ""
    text: str = ""
    retry_at: float | None = None


class Finished(AgentEvent, frozen=True, kw_only=True, tag="finished"):
    """The tool's own last word; a stream without one is not a success.

    Args:
        ok: whether the tool says that it did what it was asked.
        reason: the tool's own name for how it ended, for the classifier.
        text: the final message.
        structured: the answer as JSON text, where a schema was asked for.
        denials: how many tool uses were refused.
        status: of HTTP, where a failed request ended it.
    """

    ok: bool
    reason: str = ""
    text: str = ""
    structured: str | None = None
    denials: int = 0
    status: int | None = None


class Garbled(AgentEvent, frozen=True, kw_only=True, tag="garbled"):
    """A line that is not what the tool's stream consists of."""

    line: str


AnyEvent = Started | Message | ToolUse | ToolResult | UsageReport | Trouble | Finished | Garbled


def clip(text: str, size: int = _CLIP) -> str:
    """Shorten text for a record, keeping both ends."""
    if len(text) <= size:
        return text
    half = size // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"
