"""Add up what an agent says it consumed."""

from collections.abc import Iterable

from rigtasks.agent.events import AnyEvent, UsageReport
from rigtasks.lifecycle.events.base import Usage

REPORTED = "reported"
UNPRICED = "unpriced"


def total_usage(events: Iterable[AnyEvent], *, model: str) -> Usage:
    """Fold the reports of one call; a cumulative one replaces all before it."""
    total: Usage | None = None
    for event in events:
        if isinstance(event, UsageReport):
            reported = _as_usage(event)
            total = reported if event.cumulative else add_usage(total, reported)
    return total or Usage(model=model)


def add_usage(first: Usage | None, second: Usage) -> Usage:
    """Add the usage of a further call; what one of them could not price, the sum cannot."""
    if first is None:
        return second
    priced = first.cost_micro_usd is not None and second.cost_micro_usd is not None
    return Usage(
        model=second.model,
        turns=first.turns + second.turns,
        input_uncached=first.input_uncached + second.input_uncached,
        cache_read=first.cache_read + second.cache_read,
        cache_write=first.cache_write + second.cache_write,
        output=first.output + second.output,
        cost_micro_usd=(first.cost_micro_usd or 0) + (second.cost_micro_usd or 0)
        if priced
        else None,
        cost_basis=second.cost_basis if priced else UNPRICED,
    )


def _as_usage(report: UsageReport) -> Usage:
    return Usage(
        model=report.model,
        turns=report.turns,
        input_uncached=report.input_uncached,
        cache_read=report.cache_read,
        cache_write=report.cache_write,
        output=report.output,
        cost_micro_usd=report.cost_micro_usd,
        cost_basis=UNPRICED if report.cost_micro_usd is None else REPORTED,
    )
