"""`rig run classify`: what a saved output of an agent's command line amounts to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from rigtasks.agent.endings import CLASS_OF, Classified
from rigtasks.agent.events import Garbled
from rigtasks.agent.lines import BoundedLines
from rigtasks.agent.process import Exit
from rigtasks.agent.provider import LineParser
from rigtasks.agent.streams.claude import ClaudeLines
from rigtasks.agent.streams.codex import CodexLines
from rigtasks.agent.streams.pricing import priced
from rigtasks.agent.streams.tally import Tally
from rigtasks.agent.supervisor import MAX_LINE
from rigtasks.budget.prices import Vendor
from rigtasks.budget.usage import Usage
from rigtasks.cli.failures import NotFound
from rigtasks.cli.output import note, write_json
from rigtasks.cli.tools import Tool
from rigtasks.errors import Permanent

_CHUNK = 1 << 16
_MICRO = 1_000_000


class TokenCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens in four disjoint counters."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """What a call amounts to.

    Args:
        kind: its class, written `class`.
        retryable: whether the same call may succeed later without anybody changing anything.
        retry_at: when, where the provider named a time.
        turns: as the tool counts them; for Codex those it began.
        tokens: what was consumed, as far as the tool told.
        cost_usd: by the rig's prices; None where nobody can tell.
        priced: whether there is a cost.
        session_id: what resumes it.
        result: the tool's last word.
    """

    kind: str = msgspec.field(name="class")
    retryable: bool
    retry_at: str | None
    turns: int
    tokens: TokenCounts
    cost_usd: float | None
    priced: bool
    session_id: str | None
    result: str | None


def classify_file(path: Path, tool: Tool, exit_code: int, *, model: str) -> None:
    """Print what the output in a file amounts to; a file of any size takes bounded memory.

    Where no line of it is the tool's, a note on standard error says so: what is printed then says
    no more than that nothing was understood.

    Raises:
        NotFound: there is no such file.
        Permanent: it cannot be read.
    """
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        tally, understood = _tally(path, _parser(tool, model, written))
    except FileNotFoundError as missing:
        raise NotFound(f"{path} does not exist: name the saved output of a call") from missing
    except OSError as error:
        raise Permanent(f"{path} cannot be read: {error.strerror}") from error
    if not understood:
        note(
            f"rig: no line of {path} is one that {tool.value} prints: is it the whole standard "
            "output of a call, and of that provider?"
        )
    write_json(_describe(tally, tally.ending(Exit(code=exit_code)), written))


def _parser(tool: Tool, model: str, written: datetime) -> LineParser:
    match tool:
        case Tool.CLAUDE:
            return priced(ClaudeLines(), Vendor.ANTHROPIC, at=written)
        case Tool.CODEX:
            return priced(CodexLines(model), Vendor.OPENAI, at=written)


def _tally(path: Path, parse: LineParser) -> tuple[Tally, bool]:
    """Sum the file up, and say whether any line of it was understood."""
    tally, understood = Tally(), False
    for line in _lines(path):
        for event in parse(line):
            tally.add(event)
            understood |= not isinstance(event, Garbled)
    return tally, understood


def _lines(path: Path) -> Iterator[str]:
    lines = BoundedLines(MAX_LINE)
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            yield from lines.feed(data)
    yield from lines.close()


def _describe(tally: Tally, ended: Classified, written: datetime) -> Classification:
    usage = tally.usage or Usage()
    cost = usage.cost_micro_usd
    return Classification(
        kind=CLASS_OF[ended.ending],
        retryable=ended.retryable,
        retry_at=_retry_at(ended, written),
        turns=usage.turns,
        tokens=TokenCounts(
            input=usage.input_uncached,
            cache_read=usage.cache_read,
            cache_write=usage.cache_write,
            output=usage.output,
        ),
        cost_usd=None if cost is None else cost / _MICRO,
        priced=cost is not None,
        session_id=tally.session,
        result=tally.finished.text if tally.finished is not None else None,
    )


def _retry_at(ended: Classified, written: datetime) -> str | None:
    """Return the time a provider named; a span counts from when the output was saved."""
    at = ended.retry_at
    if at is None and ended.retry_seconds is not None:
        at = written + timedelta(seconds=ended.retry_seconds)
    return None if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")
