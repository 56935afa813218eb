"""Make a failing seed small: fewer kinds of faults, fewer issues, fewer steps, the same failure."""

from collections.abc import Iterator

import msgspec

from rigtasks.testing.simulation.goals import Goals
from rigtasks.testing.simulation.plan import Fault, Plan
from rigtasks.testing.simulation.run import Outcome, run_seed

_FEWEST_STEPS = 10


def shrink(found: Outcome, *, most: int = 60) -> Outcome:
    """Return the smallest plan found that breaks the same invariant.

    Args:
        found: a failing outcome.
        most: how many smaller plans are tried at the most.
    """
    tried = 0
    smallest = found
    progress = True
    while progress and tried < most:
        progress = False
        for plan in _smaller(smallest.plan):
            tried += 1
            outcome = run_seed(plan, Goals())
            if _kind(outcome) == _kind(found):
                smallest, progress = outcome, True
                break
            if tried >= most:
                break
    return smallest


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Return plans that are smaller by one thing, the largest savings first."""
    if plan.steps > _FEWEST_STEPS:
        yield msgspec.structs.replace(plan, steps=plan.steps // 2)
    faults = sorted(plan.faults)
    half = len(faults) // 2
    if half:
        yield msgspec.structs.replace(plan, faults=frozenset(faults[:half]))
        yield msgspec.structs.replace(plan, faults=frozenset(faults[half:]))
    if plan.issues > 1:
        yield msgspec.structs.replace(plan, issues=plan.issues - 1)
    if plan.curse is not None:
        yield msgspec.structs.replace(plan, curse=None)
    for fault in faults:
        yield msgspec.structs.replace(plan, faults=plan.faults - {fault})


def _kind(outcome: Outcome) -> str | None:
    """Return the number of the invariant, or the kind of error, without its details."""
    return None if outcome.failure is None else outcome.failure[:20].rpartition(":")[0]


def replay_flags(plan: Plan) -> str:
    """Return the flags by which a plan is run again."""
    faults = ",".join(sorted(Fault(fault) for fault in plan.faults)) or "none"
    curse = "" if plan.curse is None else f" --curse {plan.curse.name.lower()}"
    size = f"--issues {plan.issues} --steps {plan.steps}"
    return f"--seed {plan.seed} {size} --faults {faults}{curse}"
