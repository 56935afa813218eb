"""Postgres crashed, cut off, locked and full: rows A24, A25, A28 and A29."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg2
import pytest
from faulty_rig import FaultyRig
from ledger import tally_of_deliveries, tally_of_issues
from outcomes import Outcomes
from proxy import Loss
from recovery import back_after
from running_rig import wait_until
from senders import Senders
from shop import CONFIG, Issue, Town
from times import ALL

from rigtasks.eventstore.connection import libpq_url

SLOW = f"{CONFIG}setupCommand: sleep 4\n"
CRASHES = 20 if ALL else 2
#: After five lost runs a person is called, and here a crash may cost a lease.
CRASHES_OF_AN_ISSUE = 4
BACK_SECONDS = 10.0
#: Six answers that never come, one after the other, each given up after 34 s; and the work.
SILENCE_SECONDS = 360.0
#: What the store's own writes contain, as they go over the wire.
APPEND, CLAIM, DONE = b"CALL rig_append", b"CALL rig_claim", b"UPDATE outbox SET done_at"
#: The end of the data of a COPY: the last thing before the receiver waits for its commit.
COPY_DONE = b"c\x00\x00\x00\x04"


def senders_of(rig: FaultyRig, *, threads: int = 2) -> Senders:
    return Senders(rig.addresses["web"], rig.addresses["webhook_secret"], threads=threads)


@pytest.mark.timeout(900)
def test_a_crashed_postgres_is_a_503_and_everything_is_back_after_it(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    senders, back, chance = senders_of(rig), 0.0, random.Random(24)  # noqa: S311 - a seed
    issues: list[Issue] = []

    with senders.sending():
        for crash in range(CRASHES):
            if crash % CRASHES_OF_AN_ISSUE == 0:
                issues.append(town.shop(config=SLOW).issue())
                issues[-1].label()
                issues[-1].wait("WORK_STARTED")
            time.sleep(chance.uniform(0.0, 2.0))
            rig.crash_postgres()
            refused = rig.answers()
            time.sleep(1.0)
            rig.postgres.start()
            back = max(back, back_after(rig))
            assert refused == 503
            if crash % CRASHES_OF_AN_ISSUE == CRASHES_OF_AN_ISSUE - 1:
                issues[-1].wait("ISSUE_DONE", seconds=120)

    issues[-1].wait("ISSUE_DONE", seconds=120)
    outcomes.add(
        "A24",
        "Postgres crashed while 2 send webhooks",
        tally_of_issues(rig, issues) + tally_of_deliveries(rig, senders.accepted),
        injected=CRASHES,
        recovery=back,
        goal=BACK_SECONDS,
    )
    assert senders.statuses[503] > 0
    assert set(senders.statuses) <= {202, 503}, senders.statuses
    assert senders.accepted


@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    "loss", [Loss.RESET, pytest.param(Loss.SILENCE, marks=pytest.mark.make_faults)]
)
def test_a_commit_that_is_never_answered_counts_once(
    town: Town, rig: FaultyRig, outcomes: Outcomes, loss: Loss
) -> None:
    rig.need_a_worker()
    issue, injected = town.shop().issue(), rig.to_postgres.injected

    with rig.to_postgres.deaf({APPEND: 3, CLAIM: 1, DONE: 2}, loss):
        issue.label()
        issue.wait("ISSUE_DONE", seconds=120 if loss is Loss.RESET else SILENCE_SECONDS)

    outcomes.add(
        "A25",
        f"answers to commits lost, then {loss}",
        tally_of_issues(rig, [issue]),
        injected=rig.to_postgres.injected - injected,
    )
    assert rig.to_postgres.injected - injected == 6


@pytest.mark.make_faults
@pytest.mark.timeout(120)
def test_a_receiver_whose_commit_is_never_answered_says_503_in_time(
    rig: FaultyRig, outcomes: Outcomes
) -> None:
    senders = senders_of(rig, threads=4)
    wait_until(lambda: rig.answers() == 200, "a healthy receiver")

    with rig.to_postgres.deaf({COPY_DONE: 2}, Loss.SILENCE), senders.sending():
        wait_until(lambda: senders.statuses[503] >= 1, "a refusal")
        before = len(senders.accepted)
        wait_until(lambda: len(senders.accepted) > before, "an accepted delivery")

    outcomes.add(
        "A25",
        "the receiver's commit is never answered: its slowest answer",
        tally_of_deliveries(rig, senders.accepted),
        injected=2,
        recovery=senders.slowest,
        goal=10.0,
    )
    assert set(senders.statuses) <= {202, 503}, senders.statuses


@pytest.mark.make_faults
@pytest.mark.timeout(300)
def test_a_lock_on_the_events_delays_and_loses_nothing(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()
    senders = senders_of(rig)

    with locked(rig, "LOCK TABLE events IN ACCESS EXCLUSIVE MODE"), senders.sending():
        issue.label()
        time.sleep(15)
        assert rig.answers("/healthz") == 200
    healed = rig.now()

    approved = issue.wait("ISSUE_APPROVED", seconds=60)
    issue.wait("ISSUE_DONE", seconds=120)
    outcomes.add(
        "A28",
        "events locked for 15 s",
        tally_of_issues(rig, [issue]) + tally_of_deliveries(rig, senders.accepted),
        recovery=(approved["at"] - healed).total_seconds(),
        goal=30.0,
    )
    assert set(senders.statuses) <= {202, 503}
    assert senders.slowest < 10.0


@pytest.mark.make_faults
@pytest.mark.timeout(300)
def test_no_session_left_is_a_503_and_then_goes_on(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()
    senders = senders_of(rig)

    with senders.sending():
        with every_session_taken(rig):
            with rig.to_postgres.refusing():
                time.sleep(2.0)  # what the rig held is taken as well
            issue.label()
            wait_until(lambda: senders.statuses[503] > 0, "a refusal", seconds=60)
        healed = rig.now()
        claimed = issue.wait("ISSUE_ASSIGNED", seconds=90)

    issue.wait("ISSUE_DONE", seconds=120)
    outcomes.add(
        "A29",
        "every session of Postgres taken",
        tally_of_issues(rig, [issue]) + tally_of_deliveries(rig, senders.accepted),
        recovery=(claimed["at"] - healed).total_seconds(),
        goal=60.0,
    )
    assert set(senders.statuses) <= {202, 503}
    assert senders.slowest < 10.0


@contextmanager
def locked(rig: FaultyRig, statement: str) -> Iterator[None]:
    with closing(psycopg2.connect(libpq_url(rig.addresses["database_url"]))) as session:
        with session.cursor() as cursor:
            cursor.execute(statement)
        yield
        session.rollback()


@contextmanager
def every_session_taken(rig: FaultyRig) -> Iterator[None]:
    """Take each session that gets free, until the end."""
    url, held, stop = libpq_url(rig.addresses["database_url"]), [], threading.Event()

    def take() -> None:
        while not stop.is_set():
            try:
                held.append(psycopg2.connect(url))
            except psycopg2.OperationalError:
                stop.wait(0.01)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(take)
        try:
            wait_until(lambda: len(held) > 100, "a hundred sessions")
            yield
        finally:
            stop.set()
    for session in held:
        session.close()
