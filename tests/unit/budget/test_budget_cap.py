"""A run goes on below nine tenths of its cap, wraps up there, and stops at the cap."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.budget.cap import Standing, decide, remaining
from rigtasks.errors import Rejected


@pytest.mark.parametrize(
    ("spent", "cap", "standing", "left"),
    [
        (0, 1_000_000, Standing.WITHIN, 1_000_000),
        (899_999, 1_000_000, Standing.WITHIN, 100_001),
        (900_000, 1_000_000, Standing.WRAP_UP, 100_000),
        (999_999, 1_000_000, Standing.WRAP_UP, 1),
        (1_000_000, 1_000_000, Standing.EXCEEDED, 0),
        (5_000_000, 1_000_000, Standing.EXCEEDED, 0),
        (None, 1_000_000, Standing.EXCEEDED, 0),
        (0, 0, Standing.EXCEEDED, 0),
        (0, 1, Standing.WITHIN, 1),
    ],
)
def test_the_cap_decides(spent: int | None, cap: int, standing: Standing, left: int) -> None:
    assert decide(spent, cap) is standing
    assert remaining(spent, cap) == left


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**15))
@settings(max_examples=200, deadline=None)
def test_spending_more_never_eases_a_standing(cap: int, spent: int, more: int) -> None:
    order = list(Standing)

    assert order.index(decide(spent, cap)) <= order.index(decide(spent + more, cap))
    assert order.index(decide(spent, cap)) <= order.index(decide(None, cap))


@pytest.mark.parametrize(("spent", "cap"), [(-1, 5), (1, -5), (None, -5)])
def test_negative_figures_are_rejected(spent: int | None, cap: int) -> None:
    with pytest.raises(Rejected) as caught:
        decide(spent, cap)

    assert caught.value.code == "bad-budget"
