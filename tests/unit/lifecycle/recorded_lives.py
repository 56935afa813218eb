"""Lives of issues told step by step: each command with what it led to, and what it left alone."""

from typing import Any
from uuid import UUID, uuid5

import msgspec

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.lifecycle.commands import Command, FinishRun
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.react import outstanding
from rigtasks.lifecycle.settlement import displaced_usage
from rigtasks.lifecycle.timers import Timers, next_wakeup
from rigtasks.testing.life import NAMESPACE, Life

#: Fields of the state that a person does not read and that move with every event.
_CLOCKS = ("updated_at", "entered_at")


class RecordedLife(Life):
    """A life that writes down each step."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[dict[str, Any]] = []
        self._told = ""

    def tell(self, command: Command) -> tuple[Event, ...]:
        self._told = type(command).__name__
        return super().tell(command)

    def store(self, *events: Event) -> tuple[Event, ...]:
        before, known = self.state, len(self.effects)
        super().store(*events)
        after = self.state
        step: dict[str, Any] = {
            "told": self._told or "stored",
            "events": [{"type": one.type, **msgspec.to_builtins(one)} for one in events],
        }
        if events and after is not None:
            due = next_wakeup(after, self.now, Timers())
            step |= {
                "changes": _difference(before, after),
                "effects": [
                    f"{type(one).__name__} {msgspec.to_builtins(one)}"
                    for one in self.effects[known:]
                ],
                "outstanding": [one.kind.value for one in outstanding(after)],
                "owed": len(displaced_usage(events, before, after)),
                "wakes_in": None if due is None else (due - self.now).total_seconds(),
                "shown": after.shown,
                "wanted": [after.wanted_stage, after.wanted_queue],
                "spent": after.spent_micro_usd,
                "waits_for_person": after.waits_for_person,
            }
        self.steps.append(step)
        self._told = ""
        return events

    def end(self, run_id: UUID, result: Any, *, cost: int | None = 0) -> tuple[Event, ...]:
        """End a run with a result and a cost in micro-dollars, None for one nobody knows."""
        basis = CostBasis.UNPRICED if cost is None else CostBasis.COMPUTED
        usage = Usage(
            model="m", turns=2, input_uncached=10, cache_read=20, cache_write=30, output=40,
            cost_micro_usd=cost, cost_basis=basis,
        )  # fmt: skip
        return self.tell(
            FinishRun(
                run_id=run_id,
                epoch=self.issue.epoch,
                ending="ok",
                seconds=3.0,
                usage=usage,
                steps=(),
                result=result,
            )
        )


def some_id(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def _difference(before: Any, after: Any) -> dict[str, Any]:
    was = {} if before is None else msgspec.to_builtins(before)
    return {
        name: value
        for name, value in msgspec.to_builtins(after).items()
        if name not in _CLOCKS and was.get(name, was) != value
    }
