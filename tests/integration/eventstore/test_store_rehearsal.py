from uuid import uuid4

from rigtasks.eventstore.claims import Limits, NotClaimed
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.eventstore.switches import RIG

TABLES = ("events", "issues", "runs", "leases", "claim_counts", "outbox", "wakeups")


def test_a_paused_rig_rehearses_as_well(stores: Stores, database: Database) -> None:
    stores.switches.set(RIG, reason="maintenance", actor="ada")

    stores.claims.rehearse()

    assert database.rows("SELECT count(*) FROM issues") == [(0,)]


def test_a_rehearsed_claim_leaves_nothing_behind(stores: Stores, database: Database) -> None:
    # given a store without an issue
    # when a fresh worker rehearses its claim, twice
    stores.claims.rehearse()
    stores.claims.rehearse()

    # then no table has a row of it, no lease lives, and there is still nothing to claim
    counts = {table: database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}  # noqa: S608 - our own names
    assert counts == dict.fromkeys(TABLES, 0)
    assert stores.claims.live() == ()
    answer = stores.claims.claim(
        queue="dev-e-python",
        agent="dev-e-python",
        holder="dev-e-1",
        run_id=uuid4(),
        lease_seconds=60.0,
        limits=Limits(),
    )
    assert answer is NotClaimed.NOTHING
