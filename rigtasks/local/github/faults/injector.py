"""Keeps the plan in force, how far it got, and what it did."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from rigtasks.local.github.faults.decide import (
    DeliveryFacts,
    Facts,
    RequestFacts,
    at_the_start,
    decide,
)
from rigtasks.local.github.faults.plan import (
    NO_FAULTS,
    DeliveryRule,
    FaultPlan,
    RequestRule,
    as_data,
    kind_of,
)

_KEPT = 10_000


class Injected(msgspec.Struct, frozen=True, kw_only=True):
    """One fault that was put in.

    Attributes:
        number: counts from 1 since the plan was put in place.
        rule: its place in the plan, from 0.
        kind: what went wrong.
        what: `METHOD address` of the request, or the webhook's event.
        caller: who asked; empty for webhooks.
        seconds: since the plan was put in place.
    """

    number: int
    rule: int
    kind: str
    what: str
    caller: str
    seconds: float


class FaultInjector:
    """Asks the plan about each request and webhook.

    Args:
        clock: seconds that only go up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.install(NO_FAULTS)

    def install(self, plan: FaultPlan) -> None:
        """Put a plan in place of the one in force; its counts begin anew."""
        with self._lock:
            self._plan = plan
            self._progress = at_the_start(plan)
            self._started = self._clock()
            self._count = 0
            self._log: deque[Injected] = deque(maxlen=_KEPT)

    @property
    def seconds(self) -> float:
        """Return how long the plan is in place."""
        return self._clock() - self._started

    def of_request(self, facts: RequestFacts) -> tuple[RequestRule, ...]:
        """Return what goes wrong with a request, and note it."""
        struck = self._struck(facts, f"{facts.method} {facts.path}", facts.caller)
        return tuple(rule for rule in struck if isinstance(rule, RequestRule))

    def of_delivery(self, event: str, action: str | None) -> tuple[DeliveryRule, ...]:
        """Return what goes wrong with a webhook, and note it."""
        facts = DeliveryFacts(event=event, action=action, seconds=self.seconds)
        struck = self._struck(facts, facts.name, "")
        return tuple(rule for rule in struck if isinstance(rule, DeliveryRule))

    def report(self) -> dict[str, Any]:
        """Tell the plan, how far each rule got, and the newest 10,000 faults in order."""
        with self._lock:
            return {
                "plan": as_data(self._plan),
                "rules": [
                    {"kind": kind_of(rule), "matched": met.matched, "injected": met.injected}
                    for rule, met in zip(self._plan.faults, self._progress, strict=True)
                ],
                "injected_count": self._count,
                "injected": list(self._log),
            }

    def _struck(self, facts: Facts, what: str, caller: str) -> list[RequestRule | DeliveryRule]:
        if not self._plan.faults:
            return []
        with self._lock:
            chosen, self._progress = decide(self._plan, self._progress, facts)
            for place in chosen:
                self._count += 1
                self._log.append(
                    Injected(
                        number=self._count,
                        rule=place,
                        kind=kind_of(self._plan.faults[place]),
                        what=what,
                        caller=caller,
                        seconds=round(facts.seconds, 3),
                    )
                )
            return [self._plan.faults[place] for place in chosen]
