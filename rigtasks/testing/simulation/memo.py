"""Pure functions whose answers a simulation keeps, since its texts are few and come again.

Only functions of their arguments alone are here: what they answer the second time is what they
would have computed. Planted faults lie elsewhere.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from importlib import import_module
from unittest.mock import patch

_MOST = 4096
#: Where the callers find them.
_PURE = (
    "rigtasks.conductor.change.parse_diff",
    "rigtasks.conductor.change.inspect",
    "rigtasks.conductor.publish.parse_diff",
    "rigtasks.conductor.publish.inspect",
    "rigtasks.conductor.gate_facts.closed_issues",
    "rigtasks.conductor.reviews.parse_diff",
    "rigtasks.gate.rules.closes.closed_issues",
    "rigtasks.routing.intake.parse_agent_config",
    "rigtasks.testing.simulation.workers.parse_agent_config",
)


@contextmanager
def remembering() -> Iterator[None]:
    """Let the pure functions remember their answers for a while."""
    with ExitStack() as stack:
        for name, kept in _KEPT.items():
            stack.enter_context(patch(name, kept))
        yield


def _kept(name: str) -> object:
    module, _, function = name.rpartition(".")
    return lru_cache(maxsize=_MOST)(getattr(import_module(module), function))


_KEPT = {name: _kept(name) for name in _PURE}
