"""What the verbs print: tables for people, tab-separated lines for pipes, JSON for programs."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from rigtasks.gate.escape import plain

_WIDEST = 200


class Output(StrEnum):
    """The forms an answer can have."""

    TABLE = "table"
    JSON = "json"


def write_json(value: Any) -> None:
    """Print a value as JSON, for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")


def write_line(text: str) -> None:
    """Print one line as data."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Tell a person something beside the data, on standard error."""
    sys.stderr.write(f"{text}\n")


def write_table(titles: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Print rows: aligned under titles on a terminal, tab-separated without titles in a pipe.

    Args:
        titles: of the columns.
        rows: one cell for each title; None is shown as a dash, a time in UTC.
        empty: said on standard error when there is no row.
    """
    if not rows:
        note(empty)
        return
    cells = [[_shown(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        sys.stdout.writelines("\t".join(row) + "\n" for row in cells)
        return
    cells.insert(0, [title.upper() for title in titles])
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        write_line("  ".join(padded).rstrip())


def write_fields(fields: Sequence[tuple[str, object]]) -> None:
    """Print named values one below the other; those without a value are left out."""
    known = [(name, _shown(value)) for name, value in fields if value not in (None, "")]
    width = max(len(name) for name, _ in known)
    for name, value in known:
        write_line(f"{name:<{width}}  {value}")


def _shown(cell: object) -> str:
    match cell:
        case None | "":
            return "-"
        case datetime():
            return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        case _:
            return plain(str(cell), limit=_WIDEST)
