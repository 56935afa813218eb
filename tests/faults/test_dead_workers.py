"""Workers that die, freeze and come back: rows A01, A02, A04 and the stop of a redeploy."""

import re
import signal
import time

import pytest
from begun import SLOW, SLOWER, begun
from faulty_rig import FaultyRig, family, seconds_until_gone
from ledger import Tally, tally_of_issues
from on_github import changes, on_github
from outcomes import Outcomes
from running_rig import Json, wait_until
from shop import Town
from times import LEASE_SECONDS, REPUBLISH_SECONDS, SWEEP_SECONDS

from rigtasks.local.records import is_alive

AGENT_SECONDS = 2.0
#: From the death to the next claim, at this scale: the lease, a sweep, a lost bell.
REDISPATCH_SECONDS = LEASE_SECONDS + SWEEP_SECONDS + REPUBLISH_SECONDS
SLACK_SECONDS = 5.0


@pytest.mark.incident("A9")
@pytest.mark.timeout(240)
def test_a_killed_worker_takes_its_agent_along_and_another_one_goes_on(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a", "dev-b")
    issue = town.shop(config=SLOW).issue()
    issue.label()
    run, agents = begun(issue, rig)
    worker = rig.worker_of(run["run_id"])

    died = rig.now()
    rig.kill(worker)
    orphaned = seconds_until_gone(agents, most=30)

    again = issue.wait("ISSUE_ASSIGNED", count=2, seconds=60)
    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add(
        "A01",
        "worker killed: its agent's processes",
        Tally(),
        recovery=orphaned,
        goal=AGENT_SECONDS,
    )
    outcomes.add(
        "A01",
        "worker killed: dispatched again",
        tally_of_issues(rig, [issue]),
        recovery=(again["at"] - died).total_seconds(),
        goal=REDISPATCH_SECONDS + SLACK_SECONDS,
    )
    assert issue.wait("LEASE_EXPIRED")["data"]["run_id"] == run["run_id"]
    assert issue.runs()[0]["status"] == "lost"
    left = rig.data_dir / "runs" / run["run_id"]
    wait_until(lambda: not left.exists(), "the end of its checkout", seconds=30)


@pytest.mark.timeout(240)
def test_a_worker_that_wakes_after_its_lease_changes_nothing_and_ends_its_agent(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a", "dev-b")
    issue = town.shop(config=SLOW).issue()
    issue.label()
    run, agents = begun(issue, rig)
    zombie = rig.worker_of(run["run_id"])

    with rig.suspended(zombie):
        assert issue.wait("LEASE_EXPIRED")["data"]["run_id"] == run["run_id"]
        issue.wait("ISSUE_DONE", seconds=90)
        rig.wait_told(issue.ref)
        before = on_github(issue)
        events = issue.types()
        assert any(is_alive(agent) for agent in agents), "the agent was to freeze, not to end"
    ended = seconds_until_gone(agents, most=30)

    time.sleep(2 * SWEEP_SECONDS)  # whatever it still wanted to say would be said by now
    assert issue.types() == events
    outcomes.add(
        "A04",
        "worker frozen past its lease, then woken",
        tally_of_issues(rig, [issue]) + changes(before, on_github(issue)),
        recovery=ended,
        goal=AGENT_SECONDS + SLACK_SECONDS,
    )
    assert no_run_folder(rig, run)


@pytest.mark.make_faults
@pytest.mark.timeout(240)
def test_a_frozen_worker_whose_agent_went_on_is_refused_by_its_old_epoch(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a", "dev-b")
    issue = town.shop(config=SLOW).issue()
    issue.label()
    run, agents = begun(issue, rig)
    zombie = rig.worker_of(run["run_id"])
    asleep = [one for one in family(rig.process(zombie)) if one not in agents]

    for process in asleep:
        process.suspend()
    issue.wait("LEASE_EXPIRED")
    issue.wait("ISSUE_DONE", seconds=90)
    rig.wait_told(issue.ref)
    before, events = on_github(issue), issue.types()
    for process in reversed(asleep):
        process.resume()

    ended = seconds_until_gone(agents, most=30)
    wait_until(lambda: no_run_folder(rig, run), "the end of the old run")
    assert issue.types() == events
    outcomes.add(
        "A04",
        "only the worker frozen, its agent finishes meanwhile",
        tally_of_issues(rig, [issue]) + changes(before, on_github(issue)),
        recovery=ended,
        goal=AGENT_SECONDS + SLACK_SECONDS,
    )


@pytest.mark.timeout(240)
def test_a_stopped_worker_gives_its_claim_back_and_another_one_takes_the_same_branch(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a", "dev-b")
    issue = town.shop(config=SLOW).issue()
    issue.label()
    run, agents = begun(issue, rig)
    name = rig.worker_of(run["run_id"])

    began = time.monotonic()
    worker = rig.kill(name, signal.SIGTERM)
    stopped = time.monotonic() - began

    assert not is_alive(worker)
    assert not any(is_alive(agent) for agent in agents)
    assert issue.wait("RUN_RELEASED")["data"]["run_id"] == run["run_id"]
    issue.wait("WORK_STARTED", count=2, seconds=60)
    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add(
        "C9",
        "worker stopped by SIGTERM",
        tally_of_issues(rig, [issue]),
        recovery=stopped,
        goal=10.0,
    )
    assert issue.types().count("BRANCH_CREATED") == 1
    assert not {"LEASE_EXPIRED", "RUN_LOST", "RUN_FAILED"} & set(issue.types())
    assert rig.workers[name].wait() == 0


@pytest.mark.timeout(240)
def test_a_killed_conductor_publishes_once_after_all(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()
    issue.label()
    issue.wait("TESTS_PASSED")

    rig.kill("worker-conductor")

    issue.wait("ISSUE_DONE", seconds=120)
    outcomes.add("A15", "conductor killed with commits to publish", tally_of_issues(rig, [issue]))
    assert [one["stage"] for one in issue.runs()].count("implement") == 1


@pytest.mark.make_faults
@pytest.mark.timeout(400)
def test_an_issue_that_kills_its_runs_ends_with_a_person(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a")
    issue = town.shop(config=SLOWER).issue()
    issue.label()

    for lost in range(1, 6):
        run, agents = begun(issue, rig, count=lost)
        worker = rig.process("dev-a")
        child = next(one for one in worker.children() if one.pid != worker.pid)
        child.kill()
        orphaned = seconds_until_gone(agents, most=30)
        assert orphaned < AGENT_SECONDS, "the agent outlived the process that watched it"
        issue.wait("LEASE_EXPIRED", count=lost, seconds=60)
        assert is_alive(worker), "the worker died with its child"
        assert run["epoch"] == lost

    told = issue.wait("ESCALATED", seconds=60)["data"]
    issue.wait_comment("lost")
    outcomes.add(
        "A02",
        "pool child killed, five times on one issue",
        tally_of_issues(rig, [issue], lane="queued"),
        injected=5,
    )
    assert told["who_must_act"]
    assert issue.types().count("ISSUE_ASSIGNED") == 5


def no_run_folder(rig: FaultyRig, run: Json) -> bool:
    """Tell whether nothing is left of a run on the disk."""
    assert re.fullmatch("[0-9a-f-]{36}", run["run_id"])
    return not (rig.data_dir / "runs" / run["run_id"]).exists()
