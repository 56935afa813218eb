"""What every figure shall reach. A goal belongs to the line whose name begins with its words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bench.result import Result


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A bound on one figure.

    Attributes:
        line: how the name of its line begins.
        figure: whether the value is bounded, or its ratio to the machine's own figure.
        bound: from which side.
        number: the bound, in the line's unit; a ratio has none.
    """

    line: str
    figure: Literal["value", "ratio"]
    bound: Literal["at least", "at most"]
    number: float

    def holds(self, result: Result) -> bool:
        """Say whether a line reaches the goal; a line without the figure does not."""
        reached = result[self.figure]
        if reached is None:
            return False
        return reached >= self.number if self.bound == "at least" else reached <= self.number

    def __str__(self) -> str:
        sign = "≥" if self.bound == "at least" else "≤"
        times = "x" if self.figure == "ratio" else ""
        return f"{sign} {self.number:,g}{times}"


def _value(line: str, bound: Literal["at least", "at most"], number: float) -> Goal:
    return Goal(line=line, figure="value", bound=bound, number=number)


def _ratio(line: str, bound: Literal["at least", "at most"], number: float) -> Goal:
    return Goal(line=line, figure="ratio", bound=bound, number=number)


GOALS = (
    _ratio("webhooks accepted", "at least", 0.8),
    _value("webhook answer p99", "at most", 15),
    _ratio("webhook to claim, idle, p50", "at most", 1.5),
    _value("appends", "at least", 2000),
    _value("claims", "at least", 2500),
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
        if (goal := goal_of(line)) is not None and not goal.holds(line)
    ]
