"""Secrets that are changed while the rig runs: row A56."""

import time

import pytest
from faulty_rig import FaultyRig
from ledger import Tally, tally_of_deliveries, tally_of_issues
from outcomes import Outcomes
from recovery import back_after
from running_rig import wait_until
from senders import Senders
from served import rows, serve
from shop import Town

from rigtasks.local.ports import LOOPBACK
from rigtasks.local.postgres import ROLE

OLD, NEW = "the-secret-of-before", "the-secret-of-after"
EACH = 30

pytestmark = [pytest.mark.make_faults, pytest.mark.timeout(400)]


def test_webhooks_signed_with_either_secret_count_while_it_is_changed(
    database_url: str, outcomes: Outcomes
) -> None:
    old, new = (Senders("", secret, threads=2) for secret in (OLD, NEW))
    for secret, previous, senders in (
        (OLD, "", (old,)),
        (NEW, OLD, (old, new)),
        (NEW, "", (new,)),
    ):
        settings = {"RIG_WEBHOOK_SECRET": secret, "RIG_WEBHOOK_SECRET_PREVIOUS": previous}
        with serve(database_url, **settings) as receiver:
            for sender in senders:
                sender.url = f"http://{LOOPBACK}:{receiver.port}"
                before = len(sender.accepted)
                with sender.sending():
                    wait_until(lambda: len(sender.accepted) >= before + EACH, "deliveries")  # noqa: B023  # waited for here
            if not previous and secret == NEW:
                late = Senders(f"http://{LOOPBACK}:{receiver.port}", OLD, threads=1)
                with late.sending():
                    wait_until(lambda: late.statuses.total() > 3, "refusals")  # noqa: B023
    stored = {row[0] for row in rows(database_url, "SELECT delivery_id FROM deliveries")}

    outcomes.add(
        "A56",
        "the webhooks' secret changed",
        Tally(tuple(sorted((old.accepted | new.accepted) - stored))),
        injected=2,
    )
    assert set(old.statuses) | set(new.statuses) == {202}
    assert set(late.statuses) == {401}, late.statuses
    assert not late.accepted & stored


def test_a_postgres_that_wants_another_password_is_waited_for(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()
    senders = Senders(rig.addresses["web"], rig.addresses["webhook_secret"], threads=2)
    changing = f"ALTER ROLE {ROLE} PASSWORD %s"

    with senders.sending():
        rig.rows(changing, "another")
        try:
            rig.to_postgres.reset()
            issue.label()
            wait_until(lambda: senders.statuses[503] > 0, "a refusal", seconds=60)
            time.sleep(5)
        finally:
            rig.rows(changing, rig.postgres.password)
        back = back_after(rig)

    issue.wait("ISSUE_DONE", seconds=200)
    outcomes.add(
        "A56",
        "Postgres wants another password",
        tally_of_issues(rig, [issue]) + tally_of_deliveries(rig, senders.accepted),
        recovery=back,
        goal=10.0,
    )
    assert set(senders.statuses) <= {202, 503}, senders.statuses
