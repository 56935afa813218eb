"""Workers behind networks that fall silent: rows A19 and A54, in network namespaces."""

import time

import pytest
from begun import SLOWER, begun
from far_worker import far_worker
from faulty_rig import FaultyRig, seconds_until_gone
from ledger import tally_of_issues
from outcomes import Outcomes
from shop import Town
from times import LEASE_SECONDS, SCALE

from rigtasks.local.records import is_alive

OFFLINE_SECONDS = 600 * SCALE
#: Each way. Far more than 300 ms at this pace, where leases are as short as the pace is fast.
FAR_SECONDS = 0.05

pytestmark = pytest.mark.make_faults


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seconds", [10, 60])
def test_a_worker_that_could_not_hear_redis_hears_the_bell_again(
    town: Town, rig: FaultyRig, outcomes: Outcomes, seconds: int
) -> None:
    rig.need_workers()
    with far_worker(rig, f"deaf-for-{seconds}") as far:
        issue = town.shop().issue()
        with far.to_redis.pulled():
            issue.label()
            issue.wait("ISSUE_APPROVED")
            time.sleep(seconds)
            assert "ISSUE_ASSIGNED" not in issue.types()
        healed = rig.now()
        claimed = issue.wait("ISSUE_ASSIGNED", seconds=120)
        issue.wait("ISSUE_DONE", seconds=120)

    outcomes.add(
        "A19",
        f"a worker's network to Redis silent for {seconds} s",
        tally_of_issues(rig, [issue]),
        recovery=(claimed["at"] - healed).total_seconds(),
        goal=30.0,
    )


@pytest.mark.timeout(600)
def test_a_worker_that_was_offline_loses_its_claim_and_takes_work_again(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a")
    with far_worker(rig, "far") as far, far.far_away(FAR_SECONDS):
        with rig.suspended("dev-a"):
            lost = town.shop(config=SLOWER).issue()
            lost.label()
            run, agents = begun(lost, rig)
        assert rig.worker_of(run["run_id"]) == far.name

        began = time.monotonic()
        with far.cut_off():
            ended = seconds_until_gone(agents, most=30)
            lost.wait("LEASE_EXPIRED", seconds=60)
            lost.wait("ISSUE_DONE", seconds=120)
            time.sleep(max(0.0, OFFLINE_SECONDS - (time.monotonic() - began)))
        healed = rig.now()

        rig.need_workers(far.name)
        again = town.shop().issue()
        again.label()
        claimed = again.wait("ISSUE_ASSIGNED", seconds=120)
        again.wait("ISSUE_DONE", seconds=180)
        assert is_alive(rig.process(far.name))

    judged = tally_of_issues(rig, [lost, again])
    outcomes.add(
        "A54", "a far worker offline: its agent is ended before its lease is", judged,
        recovery=ended, goal=LEASE_SECONDS,
    )  # fmt: skip
    outcomes.add(
        "A54",
        f"a far worker offline for {OFFLINE_SECONDS:.0f} s: it claims again",
        judged,
        recovery=(claimed["at"] - healed).total_seconds(),
        goal=30.0,
    )
