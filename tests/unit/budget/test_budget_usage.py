"""Usage adds up without inventing a price."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.budget.usage import NOTHING, CostBasis, Usage
from rigtasks.errors import Rejected

COUNTS = st.integers(0, 10**12)
PRICED = st.builds(
    Usage,
    input_uncached=COUNTS,
    cache_read=COUNTS,
    cache_write=COUNTS,
    output=COUNTS,
    cost_micro_usd=COUNTS,
    cost_basis=st.sampled_from([CostBasis.REPORTED, CostBasis.COMPUTED]),
)
UNPRICED = st.builds(Usage, input_uncached=COUNTS, output=COUNTS)
ANY = PRICED | UNPRICED


def test_each_counter_and_the_cost_are_added_on_their_own() -> None:
    one = Usage(
        model="m",
        turns=3,
        input_uncached=1,
        cache_read=20,
        cache_write=300,
        output=4_000,
        cost_micro_usd=5,
        cost_basis=CostBasis.REPORTED,
    )

    total = one + one

    assert msgspec.structs.astuple(total) == ("m", 6, 2, 40, 600, 8_000, 10, CostBasis.REPORTED)
    assert total.tokens == 8_642


@pytest.mark.parametrize(
    ("one", "other", "basis", "cost"),
    [
        (CostBasis.REPORTED, CostBasis.COMPUTED, CostBasis.COMPUTED, 2),
        (CostBasis.COMPUTED, CostBasis.COMPUTED, CostBasis.COMPUTED, 2),
        (CostBasis.REPORTED, CostBasis.UNPRICED, CostBasis.UNPRICED, None),
        (CostBasis.UNPRICED, CostBasis.UNPRICED, CostBasis.UNPRICED, None),
    ],
)
def test_a_sum_is_as_sure_as_its_weakest_part(
    one: CostBasis, other: CostBasis, basis: CostBasis, cost: int | None
) -> None:
    def usage(of: CostBasis) -> Usage:
        return Usage(cost_basis=of, cost_micro_usd=None if of is CostBasis.UNPRICED else 1)

    for total in (usage(one) + usage(other), usage(other) + usage(one)):
        assert total.cost_basis is basis
        assert total.cost_micro_usd == cost


@given(ANY, ANY, ANY)
@settings(max_examples=200, deadline=None)
def test_addition_has_no_order_and_starts_from_nothing(a: Usage, b: Usage, c: Usage) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert NOTHING + a == a


@given(ANY, UNPRICED)
@settings(max_examples=100, deadline=None)
def test_what_is_unknown_never_becomes_zero(known: Usage, unknown: Usage) -> None:
    assert (known + unknown).cost_micro_usd is None
    assert (known + unknown).tokens == known.tokens + unknown.tokens


@pytest.mark.parametrize(
    "figures",
    [
        {"input_uncached": -1},
        {"output": -1},
        {"cost_micro_usd": -1, "cost_basis": CostBasis.REPORTED},
        {"cost_micro_usd": 5},
        {"cost_basis": CostBasis.COMPUTED},
    ],
)
def test_figures_that_cannot_be_true_are_rejected(figures: dict[str, int]) -> None:
    with pytest.raises(Rejected) as caught:
        Usage(**figures)  # type: ignore[arg-type]

    assert caught.value.code == "bad-usage"
