"""What a run owes whose holder will not be heard any more. Unknown is never zero."""

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.liveness import TokenUsage
from rigtasks.lifecycle.state import ActiveRun, IssueState


def unreported_usage(run: ActiveRun) -> tuple[TokenUsage, ...]:
    """Return what the begun calls of a run cost when its holder cannot report them."""
    if run.calls == 0:
        return ()
    cost = run.cost_so_far
    basis = CostBasis.UNPRICED if cost is None else CostBasis.COMPUTED
    usage = Usage(cost_micro_usd=cost, cost_basis=basis)
    return (TokenUsage(run_id=run.run_id, agent=run.agent, usage=usage),)


def displaced_usage(
    events: tuple[Event, ...], before: IssueState | None, after: IssueState
) -> tuple[TokenUsage, ...]:
    """Return what a run owes that these events end without its own report.

    Args:
        events: what was decided.
        before: the issue before them.
        after: and after them.
    """
    run = None if before is None else before.run
    if run is None or (after.run is not None and after.run.run_id == run.run_id):
        return ()
    if any(isinstance(one, TokenUsage) and one.run_id == run.run_id for one in events):
        return ()
    return unreported_usage(run)
