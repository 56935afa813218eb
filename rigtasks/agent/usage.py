"""Add up what an agent says it consumed."""

from collections.abc import Iterable

from rigtasks.agent.events import AnyEvent, UsageReport
from rigtasks.budget.usage import CostBasis, Usage


def total_usage(
    events: Iterable[AnyEvent], *, model: str, cost_micro_usd: int | None = None
) -> Usage:
    """Fold the reports of one call; a cumulative one replaces all before it.

    Args:
        events: what the agent did.
        model: whose usage it is where no report names one.
        cost_micro_usd: what a call costs that reported nothing; None where nobody knows.
    """
    total: Usage | None = None
    for event in events:
        if isinstance(event, UsageReport):
            total = add_report(total, event)
    return total or unreported_usage(model=model, cost_micro_usd=cost_micro_usd)


def add_report(total: Usage | None, report: UsageReport) -> Usage:
    """Take one more report into what was reported before."""
    reported = _as_usage(report)
    return reported if report.cumulative or total is None else total + reported


def unreported_usage(*, model: str, cost_micro_usd: int | None) -> Usage:
    """Return the usage of one call that told nothing of itself."""
    basis = CostBasis.UNPRICED if cost_micro_usd is None else CostBasis.COMPUTED
    return Usage(model=model, cost_micro_usd=cost_micro_usd, cost_basis=basis)


def _as_usage(report: UsageReport) -> Usage:
    priced = CostBasis.COMPUTED if report.computed else CostBasis.REPORTED
    return Usage(
        model=report.model,
        turns=report.turns,
        input_uncached=report.input_uncached,
        cache_read=report.cache_read,
        cache_write=report.cache_write,
        output=report.output,
        cost_micro_usd=report.cost_micro_usd,
        cost_basis=CostBasis.UNPRICED if report.cost_micro_usd is None else priced,
    )
