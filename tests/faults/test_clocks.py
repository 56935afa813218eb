"""Clocks that are hours off: rows A13 and A33. Only the database's clock decides."""

import pytest
from clocks import off_by
from faulty_rig import FaultyRig
from ledger import tally_of_issues
from outcomes import Outcomes
from running_rig import wait_until
from shop import Town

_LEASE = """
SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM leases JOIN issues USING (stream)
 WHERE ref = %s
"""


@pytest.mark.make_faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("hours", [2, -2])
def test_a_worker_whose_clock_is_hours_off_works_like_any_other(
    town: Town, rig: FaultyRig, outcomes: Outcomes, hours: int
) -> None:
    rig.need_workers()
    rig.start_worker(f"off-by-{hours}", settings=off_by(rig.data_dir, hours=hours))
    issue = town.shop().issue()

    issue.label()
    issue.wait("WORK_STARTED", seconds=60)
    left = [float(row[0]) for row in rig.rows(_LEASE, issue.ref)]

    issue.wait("ISSUE_DONE", seconds=120)
    outcomes.add("A33", f"clock of a worker {hours:+d} h off", tally_of_issues(rig, [issue]))
    assert all(seconds < 10 for seconds in left), "its own clock went into the lease"
    assert not {"LEASE_EXPIRED", "RUN_LOST", "RUN_FAILED"} & set(issue.types())


@pytest.mark.make_faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("hours", [1, -1])
def test_a_beat_whose_clock_is_off_rings_in_the_databases_periods(
    rig: FaultyRig, outcomes: Outcomes, hours: int
) -> None:
    name = f"beat-off-by-{hours}"
    arguments = ("celery", "-A", "rigtasks", "beat", "--loglevel", "INFO")
    beat = rig.start(name, *arguments, settings=off_by(rig.data_dir, hours=hours))
    try:
        log = rig.data_dir / "logs" / f"{name}.log"
        wait_until(lambda: b"Sending due task" in log.read_bytes(), "its ring", seconds=90)
        began = rig.now()
        wait_until(
            lambda: rig.rows(
                "SELECT 1 FROM ticks WHERE started_at > %s HAVING count(*) > 20", began
            ),
            "twenty periods",
        )
    finally:
        beat.terminate()
        beat.wait(30)

    future = rig.rows(
        "SELECT job, period_start FROM ticks WHERE period_start > clock_timestamp()"
        " AND started_at > %s",
        began,
    )
    outcomes.add("A13", f"clock of Beat {hours:+d} h off", tally_of_issues(rig, []))
    assert future == []
