"""The fixed cap of one run: go on, wrap up, or stop with the work saved."""

from enum import StrEnum

from rigtasks.errors import Rejected

_WRAP_UP_TENTHS = 9


class Standing(StrEnum):
    """How a run stands to its cap."""

    WITHIN = "within"
    WRAP_UP = "wrap_up"
    EXCEEDED = "exceeded"


def decide(spent: int | None, cap: int) -> Standing:
    """Tell what a run may do next; asked before every call of the agent.

    Args:
        spent: micro-dollars so far; None when nobody knows, which counts as the whole cap.
        cap: micro-dollars for the run; 0 allows nothing.

    Raises:
        Rejected: a figure is negative.
    """
    left = remaining(spent, cap)
    if left == 0:
        return Standing.EXCEEDED
    if (cap - left) * 10 >= cap * _WRAP_UP_TENTHS:
        return Standing.WRAP_UP
    return Standing.WITHIN


def remaining(spent: int | None, cap: int) -> int:
    """Give the micro-dollars that are left, never less than 0; none when the cost is unknown.

    Raises:
        Rejected: a figure is negative.
    """
    if cap < 0 or (spent is not None and spent < 0):
        raise Rejected("Neither a cap nor what was spent can be negative.", code="bad-budget")
    return 0 if spent is None else max(0, cap - spent)
