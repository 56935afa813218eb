"""One line of the table, as `bench/results.json` keeps it."""

from dataclasses import dataclass, field
from typing import TypedDict


class Result(TypedDict):
    """One figure; `limit` is the machine's own in the same run, None where it has none."""

    name: str
    unit: str
    value: float
    limit: float | None
    ratio: float | None


def result(name: str, unit: str, value: float, limit: float | None = None) -> Result:
    """Return a line with the ratio of its value to its limit."""
    ratio = None if limit is None else value / limit
    return Result(name=name, unit=unit, value=value, limit=limit, ratio=ratio)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a bench found: lines of the table, and what to tell beside it."""

    results: list[Result]
    notes: list[str] = field(default_factory=list)
