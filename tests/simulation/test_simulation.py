"""A version of the simulation that fits into every test run; `make simulate` goes further.

420 seeds of 1 to 3 issues and 60 to 240 steps of chaos for each, then the way back to order: about
a minute of one core. `SEEDS` is the one setting of how many; every goal is reached by them.
"""

import pytest

from rigtasks.testing.simulation.__main__ import main
from rigtasks.testing.simulation.goals import Goal, Goals
from rigtasks.testing.simulation.mutants import find, planted
from rigtasks.testing.simulation.plan import Curse, Fault, Plan, plan_of
from rigtasks.testing.simulation.run import Outcome, run_seed
from rigtasks.testing.simulation.shrink import replay_flags, shrink

pytestmark = pytest.mark.timeout(1_500)  # machines can be busy with much else

SEEDS = range(420)


@pytest.fixture(scope="module")
def many() -> tuple[tuple[Outcome, ...], Goals]:
    goals = Goals()
    return tuple(run_seed(plan_of(seed), goals) for seed in SEEDS), goals


def test_every_invariant_holds_through_chaos_and_after_it(
    many: tuple[tuple[Outcome, ...], Goals],
) -> None:
    outcomes, _ = many

    assert [f"seed {one.plan.seed}: {one.failure}" for one in outcomes if one.failure] == []
    assert sum(one.lifecycles for one in outcomes) >= len(SEEDS)


def test_the_seeds_get_into_every_situation_they_are_for(
    many: tuple[tuple[Outcome, ...], Goals],
) -> None:
    _, goals = many

    assert goals.missing() == ()


def test_a_seed_is_the_same_every_time() -> None:
    first, again = (run_seed(plan_of(3), Goals()) for _ in range(2))

    assert first == again
    assert first.digest != run_seed(plan_of(4), Goals()).digest


def test_without_any_fault_every_issue_is_done() -> None:
    goals = Goals()

    outcome = run_seed(Plan(seed=1, issues=3, steps=300, faults=frozenset()), goals)

    assert outcome.failure is None
    assert goals.reached[Goal.DONE] == 3


@pytest.mark.parametrize(
    ("curse", "goal"),
    [
        (Curse.STUBBORN, Goal.REVIEW_ROUNDS),
        (Curse.HOPELESS, Goal.ATTEMPTS),
        (Curse.POISON, Goal.LOST_RUNS),
        (Curse.OVERTAKEN, Goal.CONFLICTS),
    ],
)
def test_what_never_goes_well_ends_with_a_person(curse: Curse, goal: Goal) -> None:
    goals = Goals()

    outcome = run_seed(Plan(seed=2, issues=1, steps=100, faults=frozenset(), curse=curse), goals)

    assert outcome.failure is None
    assert goal in goals.reached
    assert Goal.DONE not in goals.reached


@pytest.mark.parametrize(
    ("mutant", "seeds"),
    [
        ("no CI gate", 60),
        ("no timer in review", 60),
        ("no expiry of leases", 60),
        ("repairs again", 60),
        ("no epoch check", 120),
        ("no sha in the merge", 60),
        ("no permission check", 60),
        ("no deadline of a lease", 60),
        ("no budget", 60),
        ("no label gate", 30),
        ("no human gate", 30),
        ("a file lifts vetoes", 30),
        ("a file lifts checks", 60),
        ("no review gate", 60),
        ("asks on after a limit", 60),
        ("no cap on what comes back", 60),
    ],
)
def test_a_planted_fault_is_found(mutant: str, seeds: int) -> None:
    found = find(mutant, range(seeds))

    assert found is not None
    assert found.failure is not None


def test_a_failing_seed_shrinks_and_runs_again_as_it_was() -> None:
    with planted("no timer in review"):
        found = run_seed(plan_of(0), Goals())
        small = shrink(found)
        again = run_seed(small.plan, Goals())

    assert found.failure is not None
    assert small.failure == again.failure is not None
    assert small.plan.steps < found.plan.steps
    assert len(small.plan.faults) < len(found.plan.faults)


def test_a_plan_is_named_by_flags_that_run_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(seed=5, issues=1, steps=60, faults=frozenset({Fault.WORKER_DIES}))

    code = main(replay_flags(plan).split())

    digest = run_seed(plan, Goals()).digest
    assert code == 0
    assert digest[:12] in capsys.readouterr().out
