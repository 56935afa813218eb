"""Read `codex exec --json`.

The stream names no model, cost or duration. Usage is counted over the whole thread, input includes
what came from the cache, and errors are sentences.
"""

from collections.abc import Iterator

import msgspec

from rigtasks.agent.events import (
    AnyEvent,
    Finished,
    Garbled,
    Message,
    Started,
    ToolResult,
    ToolUse,
    Trouble,
    UsageReport,
)
from rigtasks.agent.streams.json_lines import Count, as_text, decode_line

_DECLINED = "declined"
_GOOD = "completed"
_TOOLS = {"command_execution", "file_change", "mcp_tool_call", "web_search", "collab_tool_call"}


class _Tokens(msgspec.Struct, frozen=True):
    input_tokens: Count = 0
    cached_input_tokens: Count = 0
    cache_write_input_tokens: Count = 0
    output_tokens: Count = 0


class _Change(msgspec.Struct, frozen=True):
    path: str = ""
    kind: str = ""


class _McpResult(msgspec.Struct, frozen=True):
    content: list[dict[str, object]] | None = None


class _Item(msgspec.Struct, frozen=True):
    id: str = ""
    type: str = ""
    text: str | None = None
    message: str | None = None
    command: str | None = None
    aggregated_output: str | None = None
    changes: list[_Change] = []
    server: str = ""
    tool: str = ""
    query: str = ""
    result: _McpResult | None = None
    status: str | None = None


class _Failure(msgspec.Struct, frozen=True):
    message: str = ""


class _Line(msgspec.Struct, frozen=True):
    type: str
    thread_id: str | None = None
    message: str | None = None
    item: _Item | None = None
    usage: _Tokens | None = None
    error: _Failure | None = None


_LINES = msgspec.json.Decoder(_Line)


class CodexLines:
    """Parses one stream; it remembers the last message, and how much was declined.

    Args:
        model: the one that was asked for; the stream does not say.
    """

    def __init__(self, model: str = "") -> None:
        self._model = model
        self._turns = 0
        self._declined = 0
        self._last_message: str | None = None

    def __call__(self, text: str) -> tuple[AnyEvent, ...]:
        """Return the events of one line; what the tool does not write is kept as garbled."""
        if not text.strip():
            return ()
        line = decode_line(text, _LINES)
        return (Garbled(line=text),) if line is None else tuple(self._events(line))

    def _events(self, line: _Line) -> Iterator[AnyEvent]:
        match line.type:
            case "thread.started":
                yield Started(session=line.thread_id, model=self._model or None)
            case "turn.started":
                self._turns += 1
                yield UsageReport(model=self._model, turns=1)
            case "item.started" if line.item is not None and line.item.type in _TOOLS:
                yield _use(line.item)
            case "item.completed" if line.item is not None:
                yield from self._item(line.item)
            case "error":
                yield Trouble(reason="error", text=line.message or "")
            case "turn.completed":
                if line.usage is not None:
                    yield self._usage(line.usage)
                yield Finished(
                    ok=True,
                    reason="turn.completed",
                    text=self._last_message or "",
                    structured=self._last_message,
                    denials=self._declined,
                )
            case "turn.failed":
                said = line.error.message if line.error is not None else ""
                yield Trouble(reason="turn.failed", text=said)
                yield Finished(ok=False, reason="turn.failed", text=said, denials=self._declined)
            case _:
                return

    def _item(self, item: _Item) -> Iterator[AnyEvent]:
        if item.type in _TOOLS:
            self._declined += item.status == _DECLINED
            yield ToolResult(id=item.id, ok=item.status in {None, _GOOD}, output=_output(item))
        elif item.type == "agent_message" and item.text is not None:
            self._last_message = item.text
            yield Message(text=item.text)
        elif item.type == "error":
            yield Message(text=item.message or "")

    def _usage(self, tokens: _Tokens) -> UsageReport:
        cached = tokens.cached_input_tokens + tokens.cache_write_input_tokens
        return UsageReport(
            model=self._model,
            input_uncached=max(0, tokens.input_tokens - cached),
            cache_read=tokens.cached_input_tokens,
            cache_write=tokens.cache_write_input_tokens,
            output=tokens.output_tokens,
            turns=self._turns,
            cumulative=True,
        )


def _use(item: _Item) -> ToolUse:
    match item.type:
        case "mcp_tool_call":
            return ToolUse(id=item.id, name=f"{item.server}.{item.tool}")
        case "file_change":
            paths = ", ".join(f"{change.kind} {change.path}" for change in item.changes)
            return ToolUse(id=item.id, name=item.type, detail=paths[:500])
        case _:
            return ToolUse(id=item.id, name=item.type, detail=(item.command or item.query)[:500])


def _output(item: _Item) -> str:
    if item.result is not None:
        return as_text(item.result.content)
    return item.aggregated_output or ""
