"""Workers that are stopped in the middle of something: what they had done so far goes on."""

import signal
import time
from pathlib import Path

import pytest
from faulty_rig import FaultyRig
from ledger import tally_of_claims, tally_of_issues
from outcomes import Outcomes
from running_rig import Json, wait_until
from shop import CONFIG, Issue, Town
from times import ALL

from rigtasks.local.records import is_alive

#: The tests of these shops say when they run, and take their time.
SLOW_TESTS = (
    "stack: python\ntestCommand: touch at-it.tmp; sleep 3; rm at-it.tmp; python -m unittest -q\n"
)
#: Held to where the machine is the rig's own: beside other tests git waits for its turn.
GONE_SECONDS = 10.0 if ALL else None


def begun(issue: Issue, rig: FaultyRig, sign: str) -> tuple[Json, str]:
    """Return an issue's first run and its worker, once a file shows how far it is."""
    run = issue.wait("WORK_STARTED")["data"]
    checkout = rig.data_dir / "runs" / run["run_id"] / "repository"
    wait_until((checkout / sign).exists, f"the sign {sign}")
    return run, rig.worker_of(run["run_id"])


def during_tests(town: Town, rig: FaultyRig) -> tuple[Issue, Json, str]:
    """Return an issue whose tests run, its run and the worker; another worker is free."""
    rig.need_workers("dev-a", "dev-b")
    issue = town.shop(config=SLOW_TESTS).issue()
    issue.label()
    return issue, *begun(issue, rig, "at-it.tmp")


def during_edits(town: Town, rig: FaultyRig, line: str, **settings: str) -> tuple[Issue, str]:
    """Return an issue whose agent has done something and takes its time, and the only worker."""
    rig.need_workers()
    rig.start_worker(
        "dev-slow",
        settings={
            **settings,
            "RIG_PROVIDER": "command",
            "RIG_PROVIDER_COMMAND": f"sh -c '{line}; touch told.tmp; sleep 60'",
            "RIG_COST_PER_CALL_USD": "0",
        },
    )
    issue = town.shop().issue()
    issue.label()
    _, worker = begun(issue, rig, "told.tmp")
    return issue, worker


def stop(rig: FaultyRig, worker: str) -> float:
    """Tell a worker to stop, and return the seconds until it is gone."""
    began = time.monotonic()
    rig.kill(worker, signal.SIGTERM)
    return time.monotonic() - began


def subjects(issue: Issue) -> list[str]:
    """Return the subjects of the commits of the only pull request."""
    (pull,) = issue.pulls()
    path = f"/repos/{issue.repo}/pulls/{pull['number']}/commits"
    return [one["commit"]["message"].splitlines()[0] for one in issue.person.pages(path)]


def changed(issue: Issue) -> set[str]:
    (pull,) = issue.pulls()
    path = f"/repos/{issue.repo}/pulls/{pull['number']}/files"
    return {one["filename"] for one in issue.person.pages(path)}


@pytest.mark.timeout(240)
def test_a_run_stopped_during_its_tests_is_finished_from_there_by_another_worker(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    issue, run, name = during_tests(town, rig)

    # when it is told to stop, and told once more
    began = time.monotonic()
    worker = rig.process(name)
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    rig.kill(name, signal.SIGTERM)
    stopped = time.monotonic() - began

    # then its work is on the branch before anybody goes on with it, and nobody is asked to look
    assert not is_alive(worker)
    assert rig.workers[name].wait() == 0
    released = issue.wait("RUN_RELEASED")["data"]
    assert released["run_id"] == run["run_id"]
    kept = issue.wait("ISSUE_UNASSIGNED", seconds=30)["data"]
    assert kept["unfinished_sha"] == released["unfinished"]["head_sha"]
    again = issue.wait("WORK_STARTED", count=2, seconds=60)["data"]
    assert again["head_sha"] == kept["unfinished_sha"]
    assert "PR_CREATED" not in issue.types()

    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add(
        "C9",
        "worker stopped by SIGTERM while tests ran",
        tally_of_issues(rig, [issue]),
        recovery=stopped,
        goal=GONE_SECONDS,
    )
    assert [one.partition(":")[0] for one in subjects(issue)] == ["wip", "fix"]
    assert changed(issue) == {"shop/prices.py", "tests/test_prices.py"}
    assert not {"LEASE_EXPIRED", "RUN_LOST", "RUN_FAILED", "ISSUE_FAILED"} & set(issue.types())
    assert rig.rows("SELECT attempts FROM issues WHERE ref = %s", issue.ref) == [(0,)]


@pytest.mark.timeout(240)
def test_a_run_stopped_while_its_agent_edits_hands_over_what_is_there(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    issue, name = during_edits(town, rig, "echo half=1 > shop/half.py; echo x > shop/half.pyc")

    stopped = stop(rig, name)
    kept = issue.wait("ISSUE_UNASSIGNED", seconds=30)["data"]
    rig.need_workers("dev-a")

    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add(
        "C9",
        "worker stopped by SIGTERM while its agent edited",
        tally_of_issues(rig, [issue]),
        recovery=stopped,
        goal=GONE_SECONDS,
    )
    assert kept["unfinished_sha"]
    assert subjects(issue)[0].startswith("wip: ")
    assert {"shop/half.py", "told.tmp", "shop/prices.py"} <= changed(issue)
    assert "shop/half.pyc" not in changed(issue)


@pytest.mark.make_faults
@pytest.mark.timeout(240)
def test_unfinished_work_that_the_policy_forbids_is_left_behind_with_the_reason(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    issue, name = during_edits(town, rig, "mkdir -p .github; echo no > .github/CODEOWNERS")

    stop(rig, name)
    dropped = issue.wait("ISSUE_UNASSIGNED", seconds=30)["data"]
    rig.need_workers("dev-a")

    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add("C9", "forbidden unfinished work", tally_of_issues(rig, [issue]))
    assert dropped["unfinished_sha"] is None
    assert "CODEOWNERS" in dropped["reason"]
    assert [one.partition(":")[0] for one in subjects(issue)] == ["fix"]


@pytest.mark.make_faults
@pytest.mark.timeout(240)
@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.6])
def test_a_worker_killed_while_it_stops_loses_its_claim_and_nothing_happens_twice(
    seconds: float, town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    issue, _, name = during_tests(town, rig)

    rig.process(name).send_signal(signal.SIGTERM)
    time.sleep(seconds)
    rig.kill(name, signal.SIGKILL)

    issue.wait("ISSUE_DONE", seconds=120)
    tally = tally_of_issues(rig, [issue]) + tally_of_claims(rig, [issue])
    outcomes.add("C9", f"worker killed {seconds} s after SIGTERM", tally)
    ended = {"LEASE_EXPIRED", "RUN_RELEASED"} & set(issue.types())
    assert len(ended) == 1
    assert "RUN_FAILED" not in issue.types()


@pytest.mark.make_faults
@pytest.mark.timeout(240)
def test_a_worker_stopped_while_its_finished_work_is_pushed_changes_nothing(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a")
    issue = town.shop(config=CONFIG).issue()
    issue.label()
    issue.wait("TESTS_PASSED")

    stop(rig, "dev-a")

    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add("C9", "worker stopped while its work is pushed", tally_of_issues(rig, [issue]))
    assert "RUN_RELEASED" not in issue.types()
    assert issue.types().count("ISSUE_ASSIGNED") == 1


@pytest.mark.make_faults
@pytest.mark.timeout(240)
def test_a_large_checkout_costs_the_unfinished_work_and_not_the_time(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    write = "for n in $(seq 1 40); do head -c 25000000 /dev/urandom > big-$n.bin; done"
    issue, name = during_edits(town, rig, write, RIG_GRACE_SECONDS="5")

    stopped = stop(rig, name)
    released = issue.wait("RUN_RELEASED")["data"]
    rig.need_workers("dev-a")

    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add(
        "C9",
        "worker stopped by SIGTERM, 1 GB changed",
        tally_of_issues(rig, [issue]),
        recovery=stopped,
        goal=GONE_SECONDS,
    )
    assert released["unfinished"] is None
    assert released["not_kept"]
    assert not list(Path(rig.data_dir / "runs").glob("*/repository"))
