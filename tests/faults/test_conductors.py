"""Conductors frozen before a push and stopped in the middle of commits: rows A05 and A26."""

import random
import signal
import time
from itertools import cycle, islice

import pytest
from conductors import CONDUCTOR, another_conductor
from faulty_rig import FaultyRig, family
from ledger import tally_of_issues
from on_github import changes, on_github
from outcomes import Outcomes
from running_rig import wait_until
from shop import Town

from rigtasks.local.github.faults.plan import FaultPlan, Slow

STOPS = 8
#: Ends the session in which a conductor holds an issue's lock, as a network that is cut does.
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rig effect'"
)

pytestmark = pytest.mark.make_faults


def pushes(rig: FaultyRig) -> bool:
    """Tell whether the stack's conductor has a git at work."""
    return any(one.name().startswith("git") for one in family(rig.process(CONDUCTOR)))


@pytest.mark.timeout(600)
def test_a_conductor_that_wakes_between_its_intent_and_its_push_changes_nothing(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()
    town.seeder.plan_faults(FaultPlan(faults=(Slow(seconds=3.0, paths=("/*/*/info/refs",)),)))
    try:
        issue.label()
        issue.wait("PUSH_INTENT", seconds=120)
        with rig.suspended(CONDUCTOR):
            town.seeder.end_faults()
            assert issue.pulls() == []
            assert pushes(rig), "the fault came too late: it had pushed already"
            cut = len(rig.rows(_CUT))
            with another_conductor(rig, "second-conductor"):
                issue.wait("ISSUE_DONE", seconds=180)
                rig.wait_told(issue.ref)
            before, events = on_github(issue), issue.types()
    finally:
        town.seeder.end_faults()

    wait_until(lambda: not pushes(rig), "the end of the old push", seconds=120)
    other = town.shop().issue()
    other.label()
    other.wait("ISSUE_DONE", seconds=180)
    outcomes.add(
        "A05",
        "a conductor frozen between intent and push, then woken",
        tally_of_issues(rig, [issue, other]) + changes(before, on_github(issue)),
        injected=cut,
    )
    assert issue.types() == events


@pytest.mark.timeout(900)
def test_stops_in_the_middle_of_commits_leave_nothing_half_done(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a")
    chance = random.Random(26)  # noqa: S311 - a seed
    log = rig.data_dir / "logs" / f"{CONDUCTOR}.log"
    issues = [town.shop().issue() for _ in range(2)]
    for issue in issues:
        issue.label()

    for number in islice(cycle((signal.SIGTERM, signal.SIGQUIT)), STOPS):
        name = chance.choice((CONDUCTOR, CONDUCTOR, "dev-a"))
        time.sleep(chance.uniform(0.0, 2.0))
        written = log.stat().st_size
        rig.kill(name, number)
        if name == CONDUCTOR:
            wait_until(lambda: b"ready." in log.read_bytes()[written:], "a conductor", seconds=90)  # noqa: B023  # waited for here
        else:
            rig.need_workers("dev-a")

    for issue in issues:
        issue.wait("ISSUE_DONE", seconds=240)
        rig.wait_told(issue.ref)
    outcomes.add(
        "A26",
        "SIGTERM and SIGQUIT into whatever is being committed",
        tally_of_issues(rig, issues),
        injected=STOPS,
    )
