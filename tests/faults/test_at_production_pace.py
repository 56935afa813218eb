"""The figures of production, at production's pace: leases of a minute, hints every half minute."""

import time
from collections.abc import Iterator

import pytest
from faulty_rig import QUEUE, FaultyRig
from ledger import tally_of_issues
from outcomes import Outcomes
from recovery import back_after
from running_rig import new_data_dir, wait_until
from shop import CONFIG, Town

from rigtasks.local.github.seeding import Seeder

LONG = f"{CONFIG}setupCommand: sleep 45\n"
SETTINGS = {"RIG_PROVIDER": "scripted", "RIG_QUEUES": '["dev-e-python", "review-e"]'}

pytestmark = [pytest.mark.make_faults, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def slow_rig() -> Iterator[FaultyRig]:
    """A rig with the defaults of every timer."""
    running = FaultyRig(new_data_dir(), SETTINGS)
    try:
        running.wait_ready()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def slow_town(slow_rig: FaultyRig) -> Iterator[Town]:
    address, folder = slow_rig.addresses["github"], slow_rig.data_dir / "github"
    with Seeder.for_data_dir(address, folder) as seeder:
        yield Town(slow_rig, seeder)


def test_a_dead_workers_issue_is_dispatched_again_within_90_seconds(
    slow_town: Town, slow_rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig = slow_rig
    rig.need_workers("dev-a", "dev-b")
    issue = slow_town.shop(config=LONG).issue()
    issue.label()
    run = issue.wait("WORK_STARTED", seconds=120)["data"]

    died = rig.now()
    rig.kill(rig.worker_of(run["run_id"]))

    again = issue.wait("ISSUE_ASSIGNED", count=2, seconds=180)
    issue.wait("ISSUE_DONE", seconds=300)
    outcomes.add(
        "A01",
        "worker killed, production's pace",
        tally_of_issues(rig, [issue]),
        recovery=(again["at"] - died).total_seconds(),
        goal=90.0,
    )


def test_a_wiped_redis_is_back_within_60_seconds(
    slow_town: Town, slow_rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig = slow_rig
    rig.need_workers("dev-a")
    issue = slow_town.shop().issue()
    with rig.suspended("dev-a"):
        issue.label()
        wait_until(lambda: rig.broker.llen(QUEUE) > 0, "a bell", seconds=90)
        rig.broker.flushall()
    wiped = rig.now()

    claimed = issue.wait("ISSUE_ASSIGNED", seconds=120)
    issue.wait("ISSUE_DONE", seconds=300)
    outcomes.add(
        "A17",
        "Redis wiped, production's pace",
        tally_of_issues(rig, [issue]),
        recovery=(claimed["at"] - wiped).total_seconds(),
        goal=60.0,
    )


def test_a_restarted_postgres_is_back_within_10_seconds(
    slow_town: Town, slow_rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig = slow_rig
    rig.need_workers("dev-a")
    issue = slow_town.shop(config=LONG).issue()
    issue.label()
    run = issue.wait("WORK_STARTED", seconds=120)["data"]

    rig.crash_postgres()
    assert rig.answers() == 503
    time.sleep(5)
    rig.postgres.start()
    back = back_after(rig)

    issue.wait("ISSUE_DONE", seconds=300)
    outcomes.add(
        "A24",
        "Postgres crashed, production's pace: the run goes on",
        tally_of_issues(rig, [issue]),
        recovery=back,
        goal=10.0,
    )
    assert [one["run_id"] for one in issue.runs() if one["stage"] == "implement"] == [run["run_id"]]
