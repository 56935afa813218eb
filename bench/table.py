"""The figures as one aligned table."""

from collections.abc import Iterable, Sequence

from bench.goals import goal_of
from bench.result import Result

_HEAD = ("", "value", "unit", "limit", "ratio", "goal", "")
_LEFT = (0, 2, 6)
_WHOLE_FROM = 100


def table(results: Iterable[Result]) -> str:
    """Return one row per line; a `-` where the machine has no figure of its own."""
    rows = [_HEAD, *(_row(each) for each in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(_aligned(row, widths) for row in rows)


def _row(line: Result) -> tuple[str, ...]:
    goal = goal_of(line)
    return (
        line["name"],
        figure(line["value"]),
        line["unit"],
        "-" if line["limit"] is None else figure(line["limit"]),
        "-" if line["ratio"] is None else f"{line['ratio']:.2f}",
        "" if goal is None else str(goal),
        "" if goal is None else goal.standing(line),
    )


def figure(number: float) -> str:
    """Return a number with as many digits as a measurement of that size has."""
    return f"{number:,.0f}" if abs(number) >= _WHOLE_FROM else f"{number:.2f}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        text.ljust(width) if column in _LEFT else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()
