"""Read `claude -p --output-format stream-json --verbose`.

Every content block of a message repeats the message's usage, and its output figure is that of the
message's start; the result line has the true sums, by model and with sub-agents. Failed requests
come as a result of the subtype `success` with `is_error` set.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

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

#: The model that the tool names for words of its own.
_SYNTHETIC = "<synthetic>"
#: Characters of JSON per token, on the safe side of what code and prose have.
_CHARACTERS_PER_TOKEN = 3
_REMEMBERED = 512
INTERRUPTED = "interrupted"


class _Tokens(msgspec.Struct, frozen=True):
    input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    output_tokens: Count | None = None


class _ModelTokens(msgspec.Struct, frozen=True, rename="camel"):
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0


class _Block(msgspec.Struct, frozen=True):
    type: str = ""
    text: str | None = None
    id: str = ""
    name: str = ""
    input: Any = None
    tool_use_id: str = ""
    content: Any = None
    is_error: bool | None = None


class _Said(msgspec.Struct, frozen=True):
    id: str = ""
    model: str = ""
    content: msgspec.Raw = msgspec.Raw(b"[]")
    usage: _Tokens | None = None


class _RateLimit(msgspec.Struct, frozen=True, rename="camel"):
    status: str = ""
    resets_at: float | None = None
    rate_limit_type: str | None = None


class _Line(msgspec.Struct, frozen=True):
    type: str
    subtype: str = ""
    session_id: str | None = None
    model: str | None = None
    message: _Said | None = None
    parent_tool_use_id: str | None = None
    error_status: int | None = None
    error: Any = None
    tool_use_id: str | None = None
    status: str | None = None
    rate_limit_info: _RateLimit | None = None
    is_error: bool = False
    api_error_status: int | None = None
    num_turns: Count = 0
    stop_reason: str | None = None
    result: str | None = None
    errors: list[str] = []
    structured_output: Any = None
    permission_denials: list[Any] = []
    usage: _Tokens | None = None
    model_usage: dict[str, _ModelTokens] = msgspec.field(default_factory=dict, name="modelUsage")


_LINES = msgspec.json.Decoder(_Line)
_BLOCKS = msgspec.json.Decoder(list[_Block])


class ClaudeLines:
    """Parses one stream; it remembers the last messages, the open tools and nothing else."""

    def __init__(self) -> None:
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._open_tools: OrderedDict[str, None] = OrderedDict()
        self._interrupted = False
        self._session: str | None = None

    def __call__(self, text: str) -> tuple[AnyEvent, ...]:
        """Return the events of one line; what the tool does not write is kept as garbled."""
        if not text.strip():
            return ()
        line = decode_line(text, _LINES)
        if line is None:
            return (Garbled(line=text),)
        try:
            return tuple(self._events(line))
        except (msgspec.DecodeError, RecursionError):
            return (Garbled(line=text),)

    def _events(self, line: _Line) -> Iterator[AnyEvent]:
        match line.type:
            case "system":
                yield from self._system(line)
            case "assistant" if line.message is not None:
                yield from self._assistant(line, line.message)
            case "user" if line.message is not None:
                yield from self._user(line.message)
            case "rate_limit_event" if line.rate_limit_info is not None:
                yield from _rate_limit(line.rate_limit_info)
            case "result":
                if self._session is None and line.session_id is not None:
                    yield Started(session=line.session_id)
                yield from _reports(line)
                yield self._finished(line)
            case _:
                return

    def _system(self, line: _Line) -> Iterator[AnyEvent]:
        match line.subtype:
            case "init":
                self._session = line.session_id
                yield Started(session=line.session_id, model=line.model)
            case "api_retry":
                yield Trouble(status=line.error_status, reason=_text(line.error))
            case "task_notification" if line.status == "stopped":
                # A running tool that nobody in the conversation stopped: a signal did.
                self._interrupted |= line.tool_use_id in self._open_tools
            case _:
                return

    def _assistant(self, line: _Line, said: _Said) -> Iterator[AnyEvent]:
        blocks = _BLOCKS.decode(said.content)
        if line.error is not None:
            text = " ".join(block.text or "" for block in blocks)
            yield Trouble(reason=_text(line.error), text=text)
            return
        for block in blocks:
            if block.type == "text" and block.text:
                yield Message(text=block.text)
            elif block.type == "tool_use":
                _remember(self._open_tools, block.id)
                detail = msgspec.json.encode(block.input).decode()
                yield ToolUse(id=block.id, name=block.name, detail=detail[:500])
        if said.usage is not None and said.model != _SYNTHETIC:
            yield self._message_usage(line, said, said.usage)

    def _message_usage(self, line: _Line, said: _Said, tokens: _Tokens) -> UsageReport:
        estimate = -(-len(bytes(said.content)) // _CHARACTERS_PER_TOKEN)
        if said.id in self._counted:
            return UsageReport(model=said.model, output_estimate=estimate)
        _remember(self._counted, said.id)
        turns = 1 if line.parent_tool_use_id is None else 0
        return msgspec.structs.replace(
            _counted(said.model, tokens), turns=turns, output_estimate=estimate
        )

    def _user(self, said: _Said) -> Iterator[AnyEvent]:
        if not bytes(said.content).lstrip().startswith(b"["):
            return  # the prompt itself, repeated as a string
        for block in _BLOCKS.decode(said.content):
            if block.type == "tool_result":
                self._open_tools.pop(block.tool_use_id, None)
                yield ToolResult(
                    id=block.tool_use_id, ok=not block.is_error, output=as_text(block.content)
                )

    def _finished(self, line: _Line) -> Finished:
        structured = line.structured_output
        return Finished(
            ok=not line.is_error and line.subtype == "success" and not self._interrupted,
            reason=INTERRUPTED if self._interrupted else _reason(line),
            text=line.result if line.result is not None else "; ".join(line.errors),
            structured=None if structured is None else msgspec.json.encode(structured).decode(),
            denials=len(line.permission_denials),
            status=line.api_error_status,
        )


def _reports(line: _Line) -> Iterator[UsageReport]:
    """Take the sums by model, the most used one last, so that the whole is called after it."""
    if not line.model_usage:
        if line.usage is not None:
            report = _counted("", line.usage)
            yield msgspec.structs.replace(report, turns=line.num_turns, cumulative=True)
        return
    ordered = sorted(line.model_usage.items(), key=lambda item: item[1].output_tokens)
    for place, (model, tokens) in enumerate(ordered):
        yield UsageReport(
            model=model,
            input_uncached=tokens.input_tokens,
            cache_read=tokens.cache_read_input_tokens,
            cache_write=tokens.cache_creation_input_tokens,
            output=tokens.output_tokens,
            turns=line.num_turns if place == 0 else 0,
            cumulative=place == 0,
        )


def _counted(model: str, tokens: _Tokens) -> UsageReport:
    return UsageReport(
        model=model,
        input_uncached=tokens.input_tokens or 0,
        cache_read=tokens.cache_read_input_tokens or 0,
        cache_write=tokens.cache_creation_input_tokens or 0,
        output=tokens.output_tokens or 0,
    )


def _rate_limit(info: _RateLimit) -> Iterator[Trouble]:
    if info.status == "rejected":
        yield Trouble(
            status=429,
            reason="usage_limit",
            text=f"usage limit reached ({info.rate_limit_type or 'unnamed'})",
            retry_at=info.resets_at,
        )


def _reason(line: _Line) -> str:
    return "refusal" if line.stop_reason == "refusal" else line.subtype


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _remember(known: OrderedDict[str, None], key: str) -> None:
    known[key] = None
    while len(known) > _REMEMBERED:
        known.popitem(last=False)
