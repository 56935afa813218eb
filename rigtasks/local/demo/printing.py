"""Prints the story: coloured on a terminal, plain text everywhere else, also under NO_COLOR."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rigtasks.local.demo.line import Line, Tone, counted, one_line, short
from rigtasks.local.demo.progress import IssueReport
from rigtasks.local.demo.wording.people import dollars
from rigtasks.local.stack import Addresses

SCRIPTED = "scripted-rules"
_PLAIN_WIDTH = 120
_WIDE = 110
_WORDS_WIDTH = 28
_LONGEST_REASON = 400
_SYMBOLS = {
    Tone.STEP: ("•", "-", ""),
    Tone.GOOD: ("✓", "+", "green"),
    Tone.BACK: ("↺", "<", "yellow"),
    Tone.WAIT: ("…", ".", "dim"),
    Tone.BAD: ("✗", "x", "red"),
    Tone.PERSON: ("!", "!", "bold red"),
}


class Printer:
    """Writes every part of the story to one stream.

    Args:
        stream: where to; only a terminal gets colours.
    """

    def __init__(self, stream: TextIO) -> None:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
        self._console = Console(
            file=stream,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
            width=None if stream.isatty() else _PLAIN_WIDTH,
        )
        self._fancy = _can_write("✓↺•✗…", stream.encoding or "ascii")
        self._ref_width = 0
        self._words_width = _WORDS_WIDTH if self._console.width >= _WIDE else 0

    def opening(self, addresses: Addresses, logs: Path) -> None:
        """Print where to look while the story goes on."""
        self._blank()
        self._pairs(
            ("Dashboard", f"{addresses.web}/dashboard"),
            ("Flower", addresses.flower),
            ("GitHub", addresses.github),
            ("Logs", str(logs)),
        )
        self._blank()

    def issues(self, refs: Sequence[str], label: str) -> None:
        """Say which issues are filed, and make room for their names."""
        self._ref_width = max(map(len, refs), default=0)
        self._console.print(
            f"  {counted(len(refs), 'issue')} filed in the sandbox GitHub. "
            f"A person labels them {label}; the rig does the rest."
        )
        self._blank()

    def line(self, seconds: float, ref: str, told: Line) -> None:
        """Print one step of an issue."""
        fancy, plain, style = _SYMBOLS[told.tone]
        text = Text()
        text.append(f"{max(seconds, 0.0):6.1f}s  ", style="dim")
        text.append(ref.ljust(self._ref_width), style="cyan")
        words = told.words.ljust(self._words_width) if told.detail else told.words
        text.append(f"  {fancy if self._fancy else plain} {words}", style=style)
        if told.detail:
            text.append(f"  {told.detail}", style="dim")
        self._console.print(text)

    def note(self, text: str) -> None:
        """Print a sentence that belongs to no issue."""
        self._console.print(Text(f"         {text}", style="dim"))

    def summary(self, reports: Sequence[IssueReport], seconds: float) -> None:
        """Print the table of what came of it, the links, and what it cost."""
        self._blank()
        self._console.print(Padding(_table(reports), (0, 0, 0, 2), expand=False))
        self._blank()
        self._pairs(*((report.ref, _outcome(report)) for report in reports))
        self._blank()
        self._pairs(
            ("Agents", _agents(reports)),
            ("Isolation", ", ".join(_distinct(reports, "isolation")) or "no agent was started"),
            ("Time", f"{seconds:.1f} s from the first label to the end"),
        )
        self._blank()

    def unfinished(
        self, whereabouts: Sequence[tuple[str, str]], seconds: float, logs: Path
    ) -> None:
        """Say that the story takes too long, where each issue stands, and where to look."""
        self._console.print(
            Text(f"  The story did not end within {seconds:g} s.", style="bold red")
        )
        self._pairs(*whereabouts, ("Logs", str(logs)))
        self._blank()

    def kept(self, pid: int) -> None:
        """Say that the stack keeps running and how to stop it."""
        self._console.print(f"  The rig keeps running. Stop it with Ctrl-C here, or: kill {pid}")

    def stopping(self) -> None:
        """Say that the stack stops now and how to keep it next time."""
        self._console.print(
            "  The rig stops now, its links with it; rig demo --keep leaves it running."
        )

    def _pairs(self, *pairs: tuple[str, str]) -> None:
        width = max(len(name) for name, _ in pairs)
        for name, value in pairs:
            text = Text()
            text.append(f"  {name.ljust(width)}  ", style="dim")
            text.append(value)
            self._console.print(text)

    def _blank(self) -> None:
        self._console.print()


def _can_write(symbols: str, encoding: str) -> bool:
    try:
        symbols.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _table(reports: Sequence[IssueReport]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("Issue", "State", "PR", "Commit"):
        table.add_column(name, no_wrap=True)
    for name in ("Time", "Runs", "Tokens", "Cost"):
        table.add_column(name, no_wrap=True, justify="right")
    for report in reports:
        table.add_row(
            report.ref,
            "merged" if report.verified else report.state,
            f"#{report.pr}" if report.pr else "-",
            short(report.merge_sha) if report.merge_sha else "-",
            f"{report.seconds:.1f} s",
            str(report.runs),
            f"{report.tokens:,}",
            cost(report),
        )
    return table


def cost(report: IssueReport) -> str:
    """Return what an issue cost; what nobody could price is named, not left out."""
    known = dollars(report.cost_micro_usd)
    if report.cost_unknown_runs == 0:
        return known
    return f"{known} + {counted(report.cost_unknown_runs, 'unpriced run')}"


def _outcome(report: IssueReport) -> str:
    if report.verified:
        return f"{report.pr_url}  verified: on main in git, issue closed on GitHub"
    acting = f"; {report.who_must_act} must act" if report.who_must_act else ""
    why = one_line(report.reason or report.state, _LONGEST_REASON)
    return f"{report.pr_url or 'no pull request'}  not merged: {why}{acting}"


def _agents(reports: Sequence[IssueReport]) -> str:
    models = _distinct(reports, "models")
    if models == (SCRIPTED,):
        return f"{SCRIPTED}: rules, no model was called and nothing was paid"
    return ", ".join(models) or "none was started"


def _distinct(reports: Sequence[IssueReport], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for report in reports for name in getattr(report, field)))
