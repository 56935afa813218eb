"""Time the steps of a run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rigtasks.agent.outcome import FAILED, PASSED, StepReport


class Step:
    """One step while it happens; it has failed unless it says otherwise."""

    def __init__(self) -> None:
        self.status = FAILED
        self.detail = ""
        self.cost_micro_usd: int | None = 0

    def passed(self, detail: str = "") -> None:
        """Note that the step did what it was for."""
        self.status = PASSED
        self.detail = detail


class StepLog:
    """Collects the steps of a run in order."""

    def __init__(self) -> None:
        self._reports: list[StepReport] = []

    @property
    def reports(self) -> tuple[StepReport, ...]:
        """Return the steps so far."""
        return tuple(self._reports)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time a step; what ends it early is its detail."""
        began = time.monotonic()
        step = Step()
        try:
            yield step
        except Exception as end:
            step.status = FAILED
            step.detail = str(end)
            raise
        finally:
            self._reports.append(
                StepReport(
                    name=name,
                    status=step.status,
                    seconds=time.monotonic() - began,
                    cost_micro_usd=step.cost_micro_usd,
                    detail=step.detail,
                )
            )
