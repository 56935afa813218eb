"""What a run reports, whatever its stage was."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from rigtasks.agent.outcome import StepReport
from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.errors import RigError, StaleEpoch
from rigtasks.lifecycle.caps import budget_used_up
from rigtasks.lifecycle.commands import Accepted, Failed, Reviewed
from rigtasks.lifecycle.events.base import Step
from rigtasks.lifecycle.events.work import Unfinished
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import IssueState

Result = TypeVar("Result", bound=Accepted | Failed | Reviewed)

_TAIL = 8_000
_DETAIL = 500

#: A run that never called an agent consumed nothing, and that is known.
NO_AGENT = Usage(model="", cost_micro_usd=0, cost_basis=CostBasis.REPORTED)


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run: its result, and what it took.

    Args:
        result: what came of it.
        ending: of the last call of the agent.
        usage: of all of them.
        steps: in order.
        unfinished: what a run that was told to stop hands over.
        not_kept: why it hands over nothing although its agent had begun.
    """

    result: Accepted | Failed | Reviewed
    ending: str
    usage: Usage
    steps: tuple[Step, ...]
    unfinished: Unfinished | None = None
    not_kept: str = ""

    @property
    def words(self) -> str:
        """Return the outcome in words, for the log and for Flower."""
        match self.result:
            case Accepted():
                return f"done: tests green at {self.result.head_sha}"
            case Reviewed():
                return f"done: reviewed {self.result.head_sha}"
            case Failed():
                return f"failed ({self.result.failure}): {self.result.reason}"


def failed(failure: FailureClass, reason: str, *, retry_seconds: float | None = None) -> RunReport:
    """Return the report of a run that ended before its agent was called."""
    result = Failed(failure=failure, reason=reason, retry_seconds=retry_seconds)
    return RunReport(result=result, ending="not_started", usage=NO_AGENT, steps=())


def over_budget(state: IssueState) -> RunReport | None:
    """Return the report of a run that nobody may pay for, None where the issue has money left."""
    reason = budget_used_up(state.spent_micro_usd, state.limits.max_cost_micro_usd)
    return None if reason is None else failed(FailureClass.BUDGET, reason)


def broken(error: Exception) -> Failed:
    """Return the result of a run whose surroundings failed."""
    return Failed(failure=FailureClass.INFRA, reason=f"{type(error).__name__}: {error}")


def kept(store: Callable[[], Result]) -> Result | Failed:
    """Return the result that `store` keeps, or its failure; the run's usage is reported anyway.

    Raises:
        StaleEpoch: the claim was lost.
    """
    try:
        return store()
    except StaleEpoch:
        raise
    except (RigError, OSError) as error:
        return broken(error)


def steps_of(reports: tuple[StepReport, ...]) -> tuple[Step, ...]:
    """Return the steps as the events carry them, with bounded details."""
    return tuple(
        Step(
            name=one.name,
            status=one.status,
            seconds=one.seconds,
            cost_micro_usd=one.cost_micro_usd,
            detail=one.detail[:_DETAIL],
        )
        for one in reports
    )


def tail(output: str) -> str:
    """Return the end of a command's output, short enough for an event."""
    return output[-_TAIL:]
