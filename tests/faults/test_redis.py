"""Redis wiped, killed, cut off and slow: rows A16 to A21. It carries hints, so nothing is lost."""

import time
from contextlib import closing

import pytest
import redis
from faulty_rig import QUEUE, FaultyRig
from ledger import Tally, tally_of_issues
from outcomes import Outcomes
from running_rig import wait_until
from shop import CONFIG, Town
from times import REPUBLISH_SECONDS

LONG = f"{CONFIG}setupCommand: sleep 12\n"
#: One top-up, and what a busy machine takes to do it.
HINTED_SECONDS = REPUBLISH_SECONDS + 7.0
_CLAIMABLE = """
SELECT count(*) FROM issues WHERE claim_queue = %s
   AND (claim_after IS NULL OR claim_after <= clock_timestamp())
"""


def claimable(rig: FaultyRig) -> int:
    ((number,),) = rig.rows(_CLAIMABLE, QUEUE)
    return int(number)


def hinted_after(rig: FaultyRig) -> float:
    """Return the seconds until there is a bell for each claimable issue: the relay's one rule."""
    began = time.monotonic()
    wait_until(lambda: rig.broker.llen(QUEUE) == claimable(rig) > 0, "a bell for each issue")
    return time.monotonic() - began


@pytest.mark.incident("A1")
@pytest.mark.timeout(240)
def test_whatever_becomes_of_redis_each_issue_is_worked_on_once(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    running = town.shop(config=LONG).issue()
    running.label()
    run = running.wait("WORK_STARTED")["data"]
    queued = town.shop().issue()
    queued.label()
    hinted_after(rig)

    cut = rig.to_redis.reset()
    after_reset = hinted_after(rig)
    rig.broker.flushall()
    after_flush = hinted_after(rig)
    rig.crash_redis()
    rig.valkey.start()
    after_crash = hinted_after(rig)

    assert running.types()[-1] != "RUN_RELEASED"
    for issue in (running, queued):
        issue.wait("ISSUE_DONE", seconds=90)
    judged = tally_of_issues(rig, [running, queued])
    assert [one["run_id"] for one in running.runs() if one["stage"] == "implement"] == [
        run["run_id"]
    ], "the run was begun again, or ended"
    outcomes.add(
        "A18", "Redis connections reset in a run", judged, injected=cut,
        recovery=after_reset, goal=HINTED_SECONDS,
    )  # fmt: skip
    outcomes.add(
        "A17", "Redis wiped", judged, recovery=after_flush, goal=HINTED_SECONDS
    )  # fmt: skip
    outcomes.add(
        "A16", "Redis killed, empty again", judged, recovery=after_crash, goal=HINTED_SECONDS
    )


@pytest.mark.make_faults
@pytest.mark.timeout(600)
def test_fifty_queued_issues_survive_wipes_again_and_again(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers("dev-a", "dev-b")
    shop = town.shop(config=LONG)
    issues = [shop.issue(title=f"Orders of exactly the limit are charged, {n}") for n in range(50)]
    for issue in issues:
        issue.label()
    wait_until(lambda: claimable(rig) >= 48, "fifty approved issues", seconds=120)

    back = 0.0
    for _ in range(10):
        rig.broker.flushall()
        back = max(back, hinted_after(rig))

    streams = [issue.ref for issue in issues]
    (started,) = rig.rows(
        "SELECT count(*) - count(DISTINCT stream) FROM runs JOIN issues USING (stream)"
        " WHERE ref = ANY (%s) AND runs.ended_at IS NULL",
        streams,
    )
    for issue in issues:
        issue.close()
    for issue in issues:
        issue.wait("ISSUE_CANCELLED", seconds=240)
    outcomes.add(
        "A17",
        "Redis wiped with 50 queued and 2 running",
        Tally((), () if started == (0,) else (f"{started} live claims too many",)),
        injected=10,
        recovery=back,
        goal=HINTED_SECONDS,
    )


@pytest.mark.make_faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("seconds", [10, 60])
def test_a_silent_redis_delays_and_loses_nothing(
    town: Town, rig: FaultyRig, outcomes: Outcomes, seconds: int
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()

    with rig.to_redis.silent():
        issue.label()
        wait_until(lambda: rig.answers("/healthz") == 200, "the receiver")
        time.sleep(seconds)
        assert "ISSUE_ASSIGNED" not in issue.types()
    healed = rig.now()

    claimed = issue.wait("ISSUE_ASSIGNED", seconds=90)
    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add(
        "A19",
        f"Redis silent for {seconds} s",
        tally_of_issues(rig, [issue]),
        recovery=(claimed["at"] - healed).total_seconds(),
        goal=30.0,
    )


@pytest.mark.make_faults
@pytest.mark.timeout(300)
def test_a_slow_redis_does_not_slow_the_receiver(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()

    with rig.to_redis.late(1.0):
        issue.label()
        slow = [measured(rig) for _ in range(20)]
    rig.broker.client_pause(10_000)
    paused = [measured(rig) for _ in range(20)]

    issue.wait("ISSUE_DONE", seconds=120)
    outcomes.add(
        "A20",
        "Redis a second late, then paused for 10 s: the receiver's slowest answer",
        tally_of_issues(rig, [issue]),
        injected=2,
        recovery=max(slow + paused),
        goal=2.0,
    )


@pytest.mark.make_faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("what", "name", "bad", "good"),
    [
        ("Redis full", "maxmemory", "1", "0"),
        ("Redis wants another password", "requirepass", "another", None),
        ("Redis is read only", "min-replicas-to-write", "3", "0"),
    ],
)
def test_a_redis_that_refuses_is_named_and_waited_for(
    town: Town, rig: FaultyRig, outcomes: Outcomes, what: str, name: str, bad: str, good: str | None
) -> None:
    rig.need_a_worker()
    issue = town.shop().issue()
    password = rig.valkey.password
    with closing(redis.Redis.from_url(rig.addresses["redis_url"])) as client:
        client.config_set(name, bad)
        if good is None:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        try:
            issue.label()
            wait_until(
                lambda: rig.rows("SELECT 1 FROM service_status WHERE name = 'redis' AND NOT ok"),
                "the alarm about Redis",
            )
            approved = "ISSUE_APPROVED" in issue.types()
        finally:
            client.config_set(name, password if good is None else good)
    healed = rig.now()

    claimed = issue.wait("ISSUE_ASSIGNED", seconds=180)  # a conductor may have ended of it
    issue.wait("ISSUE_DONE", seconds=90)
    outcomes.add(
        "A21",
        what,
        tally_of_issues(rig, [issue]),
        recovery=(claimed["at"] - healed).total_seconds(),
        goal=30.0,
    )
    assert not approved, "nothing of it reached the conductor"


def measured(rig: FaultyRig) -> float:
    began = time.monotonic()
    assert rig.answers("/healthz") == 200
    return time.monotonic() - began
