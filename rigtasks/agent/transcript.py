"""The record of one agent call: a line of JSON per event, on disk before the next one comes."""

from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from rigtasks.agent.events import AnyEvent, Garbled, Message, ToolResult, clip


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One event with the seconds since its call began."""

    seconds: float
    event: AnyEvent


class Transcript:
    """Appends to one file; several calls of a run follow each other in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab")

    def write(self, seconds: float, event: AnyEvent) -> None:
        """Store an event; long texts lose their middle."""
        line = Line(seconds=round(seconds, 3), event=_shortened(event))
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def read_transcript(path: Path) -> tuple[Line, ...]:
    """Read what was stored; a last line that was cut off by a crash is left out."""
    *whole, _ = path.read_bytes().split(b"\n")
    return tuple(msgspec.json.decode(line, type=Line) for line in whole)


def _shortened(event: AnyEvent) -> AnyEvent:
    match event:
        case Message(text=text):
            return Message(text=clip(text))
        case ToolResult(id=call, ok=ok, output=output):
            return ToolResult(id=call, ok=ok, output=clip(output))
        case Garbled(line=line):
            return Garbled(line=clip(line))
        case _:
            return event
