"""Processes that may open or start nothing more: row A55. They fail and do not hang."""

import time

import pytest
from bounds import no_new_files, no_new_processes
from conductors import CONDUCTOR
from faulty_rig import FaultyRig, family
from ledger import tally_of_deliveries, tally_of_issues
from outcomes import Outcomes
from recovery import back_after
from running_rig import wait_until
from senders import Senders
from shop import Town

STARVED_SECONDS = 8.0

pytestmark = [pytest.mark.make_faults, pytest.mark.timeout(400)]


def test_a_receiver_and_a_conductor_without_files_to_open_come_back(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()
    senders = Senders(rig.addresses["web"], rig.addresses["webhook_secret"], threads=2)
    starved = [*family(rig.process("web")), *family(rig.process(CONDUCTOR))]

    with no_new_files(starved), senders.sending():
        issue.label()
        time.sleep(STARVED_SECONDS)
    back = back_after(rig)

    issue.wait("ISSUE_DONE", seconds=200)
    outcomes.add(
        "A55",
        "no file left to open for receiver and conductor",
        tally_of_issues(rig, [issue]) + tally_of_deliveries(rig, senders.accepted),
        injected=len(starved),
        recovery=back,
        goal=10.0,
    )
    assert set(senders.statuses) <= {0, 202, 503}, senders.statuses


def test_a_worker_that_can_start_nothing_gives_its_claim_up(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    name = rig.need_a_worker()
    issue = town.shop().issue()

    with no_new_processes(family(rig.process(name))):
        issue.label()
        claimed = issue.wait("ISSUE_ASSIGNED", seconds=60)
        wait_until(
            lambda: {"RUN_FAILED", "RUN_RELEASED", "LEASE_EXPIRED"} & set(issue.types()),
            "the end of a claim that could not be worked on",
            seconds=60,
        )
        given_up = rig.now()
    rig.need_workers(name)

    issue.wait("ISSUE_DONE", seconds=200)
    outcomes.add(
        "A55",
        "no process left to start for a worker: it gives its claim up",
        tally_of_issues(rig, [issue]),
        recovery=(given_up - claimed["at"]).total_seconds(),
        goal=60.0,
    )
    assert rig.rows("SELECT attempts FROM issues WHERE ref = %s", issue.ref) == [(0,)]
