"""`python -m rigtasks.testing.simulation`: run seeds, replay one, or look for planted faults."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

import msgspec

from rigtasks.testing.simulation.goals import Goals
from rigtasks.testing.simulation.mutants import MUTANTS, find
from rigtasks.testing.simulation.plan import Curse, Fault, Plan, plan_of
from rigtasks.testing.simulation.run import Outcome, run_seed
from rigtasks.testing.simulation.shrink import replay_flags, shrink

#: With so many seeds every goal has to be reached.
SEEDS_FOR_ALL_GOALS = 2_000
_COMMAND = "python -m rigtasks.testing.simulation"

Say = Callable[[str], None]


def run_seeds(seeds: range, goals: Goals, say: Say) -> Outcome | None:
    """Run seeds and return the first that fails, None where all invariants held.

    Args:
        seeds: which.
        goals: where rare situations are counted.
        say: takes the summary, line by line.
    """
    began = time.process_time()
    lifecycles = steps = events = 0
    for seed in seeds:
        outcome = run_seed(plan_of(seed), goals)
        lifecycles += outcome.lifecycles
        steps += outcome.steps
        events += outcome.events
        if outcome.failure is not None:
            return outcome
    seconds = max(time.process_time() - began, 1e-9)
    say(
        f"{len(seeds)} seeds, {lifecycles} lifecycles, {steps} steps, {events} events in "
        f"{seconds:.1f} s of CPU: {lifecycles / seconds:.0f} lifecycles a second"
    )
    say(f"{len(goals.reached)} of {len(goals.reached) + len(goals.missing())} goals reached")
    return None


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for; return 0 where all held."""
    asked = _parser().parse_args(arguments)
    if asked.mutants:
        return _look_for_mutants(asked.seeds)
    if asked.seed is not None:
        return _replay(_chosen(asked))
    goals = Goals()
    seeds = range(asked.start, asked.start + asked.seeds)
    failed = run_seeds(seeds, goals, _say)
    if failed is not None:
        _say(f"seed {failed.plan.seed}: {failed.failure}")
        small = shrink(failed)
        _say(f"smaller: {small.failure}")
        _say(f"run it again: {_COMMAND} {replay_flags(small.plan)}")
        return 1
    missing = goals.missing()
    for goal in missing:
        _say(f"never reached: {goal}")
    return int(bool(missing) and asked.seeds >= SEEDS_FOR_ALL_GOALS)


def _look_for_mutants(seeds: int) -> int:
    missed = 0
    for name in MUTANTS:
        found = find(name, range(seeds))
        missed += found is None
        words = "NOT FOUND" if found is None else f"seed {found.plan.seed}: {found.failure}"
        _say(f"{name:24} {words}")
    return int(missed > 0)


def _replay(plan: Plan) -> int:
    outcome = run_seed(plan, Goals())
    for line in outcome.trace:
        _say(line)
    held = outcome.failure or "all invariants held"
    _say(f"{held} ({outcome.steps} steps, {outcome.digest[:12]})")
    return int(outcome.failure is not None)


def _chosen(asked: argparse.Namespace) -> Plan:
    plan = plan_of(asked.seed)
    given = {name: getattr(asked, name) for name in ("issues", "steps")}
    changes = {name: value for name, value in given.items() if value is not None}
    if asked.faults is not None:
        named = () if asked.faults == "none" else asked.faults.split(",")
        changes["faults"] = frozenset(Fault(name) for name in named)
        changes["curse"] = None if asked.curse is None else Curse[asked.curse.upper()]
    return msgspec.structs.replace(plan, **changes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS_FOR_ALL_GOALS, help="how many seeds")
    parser.add_argument("--start", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="run this one again, with its last steps")
    parser.add_argument("--issues", type=int, help="with --seed: so many issues")
    parser.add_argument("--steps", type=int, help="with --seed: so many steps of chaos")
    parser.add_argument("--faults", help="with --seed: these kinds, by commas, or none")
    parser.add_argument("--curse", help="with --faults: what never goes well")
    parser.add_argument("--mutants", action="store_true", help="look for planted faults instead")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
