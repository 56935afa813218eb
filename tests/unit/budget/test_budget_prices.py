"""List prices: four counters, each at its own rate, and no price where there is none."""

from datetime import UTC, datetime

import pytest

from rigtasks.budget.prices import Tokens, Vendor, price_micro_usd

AT = datetime(2026, 11, 20, tzinfo=UTC)
MILLION = 1_000_000


def dollars(
    model: str, vendor: Vendor = Vendor.ANTHROPIC, *, requests: int = 1, **tokens: int
) -> float | None:
    found = price_micro_usd(Tokens(**tokens), model=model, vendor=vendor, requests=requests, at=AT)
    return None if found is None else found / MILLION


def test_each_counter_has_its_own_rate() -> None:
    assert dollars("claude-opus-4-8", input_uncached=100_000) == 0.5
    assert dollars("claude-opus-4-8", cache_read=100_000) == 0.05
    assert dollars("claude-opus-4-8", cache_write=100_000) == 0.625
    assert dollars("claude-opus-4-8", output=100_000) == 2.5


def test_the_counters_are_disjoint() -> None:
    together = dollars(
        "claude-opus-4-8[1m]", input_uncached=303, cache_read=4000, cache_write=2100, output=123
    )

    assert together == 0.019715


@pytest.mark.parametrize("model", ["claude-opus-99", "nonsense", "", "<synthetic>"])
def test_an_unknown_model_is_unpriced_and_never_free(model: str) -> None:
    assert dollars(model, input_uncached=1) is None


def test_a_model_of_another_vendor_is_unknown() -> None:
    assert dollars("gpt-5.2-codex", Vendor.ANTHROPIC, output=1) is None
    assert dollars("gpt-5.2-codex", Vendor.OPENAI, output=100_000) == 1.4


def test_nothing_costs_nothing_whatever_the_model() -> None:
    assert dollars("nonsense") == 0


def test_a_price_is_rounded_up() -> None:
    assert dollars("claude-opus-4-8", cache_read=1) == 0.000001


def test_many_requests_are_not_one_long_one() -> None:
    long = dollars("claude-sonnet-4-5", input_uncached=MILLION)
    short = dollars("claude-sonnet-4-5", requests=20, input_uncached=MILLION)

    assert long == 6.0
    assert short == 3.0
