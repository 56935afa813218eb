"""Add up what an agent says it consumed."""

from collections.abc import Iterable

from rigtasks.agent.events import AnyEvent, UsageReport
from rigtasks.budget.usage import CostBasis, Usage


def total_usage(events: Iterable[AnyEvent], *, model: str) -> Usage:
    """Fold the reports of one call; a cumulative one replaces all before it."""
    total: Usage | None = None
    for event in events:
        if isinstance(event, UsageReport):
            reported = _as_usage(event)
            total = reported if event.cumulative or total is None else total + reported
    return total or Usage(model=model)


def _as_usage(report: UsageReport) -> Usage:
    return Usage(
        model=report.model,
        turns=report.turns,
        input_uncached=report.input_uncached,
        cache_read=report.cache_read,
        cache_write=report.cache_write,
        output=report.output,
        cost_micro_usd=report.cost_micro_usd,
        cost_basis=CostBasis.UNPRICED if report.cost_micro_usd is None else CostBasis.REPORTED,
    )
