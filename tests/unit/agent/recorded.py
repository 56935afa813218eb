"""What the real command lines printed once, and a way to read it like the rig does."""

from collections.abc import Iterable
from pathlib import Path

from rigtasks.agent.events import AnyEvent
from rigtasks.agent.lines import BoundedLines
from rigtasks.agent.provider import LineParser
from rigtasks.agent.streams.claude import ClaudeLines
from rigtasks.agent.streams.codex import CodexLines
from rigtasks.agent.streams.tally import Tally

TRANSCRIPTS = Path(__file__).parent / "transcripts"
MAX_LINE = 1 << 20


def parser_of(name: str) -> LineParser:
    return CodexLines("gpt-5.2-codex") if name.startswith("codex") else ClaudeLines()


def events_of(parse: LineParser, pieces: Iterable[bytes]) -> Iterable[AnyEvent]:
    lines = BoundedLines(MAX_LINE)
    for piece in pieces:
        for line in lines.feed(piece):
            yield from parse(line)
    for line in lines.close():
        yield from parse(line)


def tally_of(parse: LineParser, *pieces: bytes) -> Tally:
    tally = Tally()
    for event in events_of(parse, pieces):
        tally.add(event)
    return tally


def recorded(name: str) -> bytes:
    return (TRANSCRIPTS / name).read_bytes()
