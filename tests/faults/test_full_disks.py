"""Disks that are full: row A31."""

import pytest
from faulty_rig import FaultyRig
from ledger import tally_of_issues
from outcomes import Outcomes
from shop import Town, shop_files
from small_disk import small_disk

LARGE = {**shop_files(), "data.txt": "0123456789abcdef\n" * 200_000}


@pytest.mark.make_faults
@pytest.mark.timeout(400)
def test_a_full_disk_of_a_worker_costs_runs_and_no_attempts(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    issue = town.shop(files=LARGE).issue()

    with small_disk(rig.data_dir / "runs", megabytes=2):
        issue.label()
        failed = issue.wait("RUN_FAILED", seconds=90)["data"]
    healed = rig.now()

    issue.wait("ISSUE_DONE", seconds=200)
    outcomes.add(
        "A31",
        "the disk of a worker full",
        tally_of_issues(rig, [issue]),
        recovery=(rig.now() - healed).total_seconds(),
    )
    assert failed["failure"] in {"infra", "environment"}, failed
    assert rig.rows("SELECT attempts FROM issues WHERE ref = %s", issue.ref) == [(0,)]
