"""What a figure has to reach, on the machine a goal was set for and on a slower one."""

import pytest

from bench.goals import GOALS, Goal, Standing, goal_of, missed
from bench.result import result
from bench.table import table

RATE = Goal(line="appends", figure="value", bound="at least", number=2000, set_where=8000)
WAIT = Goal(line="answer", figure="value", bound="at most", number=15, set_where=10)
RATIO = Goal(line="intake", figure="ratio", bound="at least", number=0.8)


@pytest.mark.parametrize(
    ("goal", "value", "limit", "standing"),
    [
        (RATE, 2000, 8000, Standing.REACHED),
        (RATE, 2000, 80_000, Standing.REACHED),
        (RATE, 1999, 8000, Standing.MISSED),
        (RATE, 1000, 4000, Standing.BY_SHARE),
        (RATE, 999, 4000, Standing.MISSED),
        (RATE, 1999, None, Standing.MISSED),
        (WAIT, 15, None, Standing.REACHED),
        (WAIT, 30, 20, Standing.BY_SHARE),
        (WAIT, 31, 20, Standing.MISSED),
        (RATIO, 80, 100, Standing.REACHED),
        (RATIO, 79, 100, Standing.MISSED),
        (RATIO, 80, None, Standing.MISSED),
    ],
)
def test_a_slower_machine_is_asked_for_the_same_share_of_its_limit(
    goal: Goal, value: float, limit: float | None, standing: Standing
) -> None:
    assert goal.standing(result("a line", "per s", value, limit)) is standing


def test_what_is_missed_is_named_and_what_a_slow_machine_reaches_is_told_apart() -> None:
    slow = result("appends with outbox", "per s", 1500, 5000)
    short = result("claims, 8 workers", "per s", 100, 5000)

    assert missed([slow, short, result("idle stack, memory", "MB", 1)]) == ["claims, 8 workers"]
    lines = table([slow, short]).splitlines()
    assert lines[1].endswith("≥ 2,000 or 0.21x  ok by its share of the limit")
    assert lines[2].endswith("≥ 2,500 or 0.39x  MISSED")


def test_no_line_has_two_goals() -> None:
    for goal in GOALS:
        assert goal_of(result(goal.line, "", 0)) is goal
