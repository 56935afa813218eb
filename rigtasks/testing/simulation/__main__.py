"""`python -m rigtasks.testing.simulation`: run seeds, replay one, or look for planted faults."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import msgspec

from rigtasks.testing.simulation.goals import Goal, Goals
from rigtasks.testing.simulation.mutants import MUTANTS, find
from rigtasks.testing.simulation.plan import MOST_ISSUES, Curse, Fault, Plan, plan_of
from rigtasks.testing.simulation.run import Outcome, run_seed
from rigtasks.testing.simulation.shrink import replay_flags, shrink

#: With so many seeds every goal has to be reached.
SEEDS_FOR_ALL_GOALS = 2_000
#: Seeds that one process takes at a time.
_SHARE = 20
_COMMAND = "python -m rigtasks.testing.simulation"

Say = Callable[[str], None]


class Share(msgspec.Struct, kw_only=True):
    """What some seeds came to; the first that failed ends its share.

    Args:
        seeds: how many were run.
        lifecycles: issues that came to an end or name who must act.
        steps: how many steps they took.
        events: how many events were stored.
        seconds: of CPU.
        reached: how often each rare situation was reached.
        failed: the first outcome in which an invariant broke.
    """

    seeds: int = 0
    lifecycles: int = 0
    steps: int = 0
    events: int = 0
    seconds: float = 0.0
    reached: Counter[Goal] = msgspec.field(default_factory=Counter)
    failed: Outcome | None = None

    def add(self, other: "Share") -> None:
        """Take in what other seeds came to."""
        self.seeds += other.seeds
        self.lifecycles += other.lifecycles
        self.steps += other.steps
        self.events += other.events
        self.seconds += other.seconds
        self.reached += other.reached
        self.failed = self.failed or other.failed


def run_share(seeds: range) -> Share:
    """Run seeds one after the other, in this process."""
    began, goals, share = time.process_time(), Goals(), Share()
    for seed in seeds:
        outcome = run_seed(plan_of(seed), goals)
        share.seeds += 1
        share.lifecycles += outcome.lifecycles
        share.steps += outcome.steps
        share.events += outcome.events
        if outcome.failure is not None:
            share.failed = outcome
            break
    share.seconds = time.process_time() - began
    share.reached = goals.reached
    return share


def run_seeds(seeds: range, *, jobs: int, say: Say) -> Share:
    """Run seeds on several cores until one fails, and return what they came to.

    Args:
        seeds: which.
        jobs: how many processes work on them.
        say: takes the summary, line by line.
    """
    shares = [seeds[at : at + _SHARE] for at in range(0, len(seeds), _SHARE)]
    total = Share()
    with ProcessPoolExecutor(jobs) as pool:
        for share in pool.map(run_share, shares):
            total.add(share)
            if total.failed is not None:
                pool.shutdown(cancel_futures=True)
                break
    seconds = max(total.seconds, 1e-9)
    say(
        f"{total.seeds} seeds of 1 to {MOST_ISSUES} issues, {total.lifecycles} lifecycles, "
        f"{total.steps} steps, {total.events} events in {total.seconds:.1f} s of CPU: "
        f"{total.seeds / seconds:.1f} seeds and {total.lifecycles / seconds:.0f} lifecycles "
        "a second and core"
    )
    say(f"{len(total.reached)} of {len(Goal)} goals reached")
    return total


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for; return 0 where all held."""
    asked = _parser().parse_args(arguments)
    if asked.mutants:
        return _look_for_mutants(asked.seeds, asked.jobs)
    if asked.seed is not None:
        return _replay(_chosen(asked))
    total = run_seeds(range(asked.start, asked.start + asked.seeds), jobs=asked.jobs, say=_say)
    failed = total.failed
    if failed is not None:
        _say(f"seed {failed.plan.seed}: {failed.failure}")
        small = shrink(failed)
        _say(f"smaller: {small.failure}")
        _say(f"run it again: {_COMMAND} {replay_flags(small.plan)}")
        return 1
    missing = [goal for goal in Goal if goal not in total.reached]
    for goal in missing:
        _say(f"never reached: {goal}")
    return int(bool(missing) and asked.seeds >= SEEDS_FOR_ALL_GOALS)


def _look_for_mutants(seeds: int, jobs: int) -> int:
    missed = 0
    with ProcessPoolExecutor(jobs) as pool:
        searches = {name: pool.submit(find, name, range(seeds)) for name in MUTANTS}
        for name, search in searches.items():
            found = search.result()
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--mutants", action="store_true", help="look for planted faults instead")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
