"""What every figure shall reach. A goal belongs to the line whose name begins with its words."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bench.result import Result


class Standing(StrEnum):
    """How a figure stands to its goal, in the words of the table."""

    REACHED = "ok"
    BY_SHARE = "ok by its share of the limit"
    MISSED = "MISSED"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A bound on one figure.

    Attributes:
        line: how the name of its line begins.
        figure: whether the value is bounded, or its ratio to the machine's own figure.
        bound: from which side.
        number: the bound, in the line's unit; a ratio has none.
        set_where: the line's limit on the machine for which the bound on a value was set. Another
            machine is asked for the same share of its own limit.
    """

    line: str
    figure: Literal["value", "ratio"]
    bound: Literal["at least", "at most"]
    number: float
    set_where: float | None = None

    @property
    def share(self) -> float | None:
        """The bound on the ratio that stands for the bound on the value, None without one."""
        return None if self.set_where is None else self.number / self.set_where

    def standing(self, result: Result) -> Standing:
        """Say how a line stands to the goal; a line without the figure misses it."""
        if self._within(result[self.figure], self.number):
            return Standing.REACHED
        if self.share is not None and self._within(result["ratio"], self.share):
            return Standing.BY_SHARE
        return Standing.MISSED

    def _within(self, figure: float | None, bound: float) -> bool:
        if figure is None:
            return False
        return figure >= bound if self.bound == "at least" else figure <= bound

    def __str__(self) -> str:
        sign = "≥" if self.bound == "at least" else "≤"
        times = "x" if self.figure == "ratio" else ""
        share = "" if self.share is None else f" or {self.share:.2f}x"
        return f"{sign} {self.number:,g}{times}{share}"


def _value(
    line: str,
    bound: Literal["at least", "at most"],
    number: float,
    *,
    set_where: float | None = None,
) -> Goal:
    return Goal(line=line, figure="value", bound=bound, number=number, set_where=set_where)


def _ratio(line: str, bound: Literal["at least", "at most"], number: float) -> Goal:
    return Goal(line=line, figure="ratio", bound=bound, number=number)


GOALS = (
    _ratio("webhooks accepted", "at least", 0.8),
    _value("webhook answer p99", "at most", 15, set_where=14),
    _ratio("webhook to claim, idle, p50", "at most", 1.5),
    _value("appends", "at least", 2000, set_where=9314),
    _value("claims", "at least", 2500, set_where=6417),
    _value("rebuild of", "at least", 150_000),
    _value("label to agent process, warm, p50", "at most", 1),
    _value("demo, command to exit", "at most", 60),
    _value("import rigtasks (", "at most", 150),
    _value("servers, warm start", "at most", 3),
)


def goal_of(result: Result) -> Goal | None:
    """Return the goal of a line, None where it has none."""
    return next((goal for goal in GOALS if result["name"].startswith(goal.line)), None)


def missed(results: Iterable[Result]) -> list[str]:
    """Return the names of the lines that do not reach their goals."""
    return [
        line["name"]
        for line in results
        if (goal := goal_of(line)) is not None and goal.standing(line) is Standing.MISSED
    ]
