"""Faults of every kind, one on top of the other, chosen by a seed; then rest: row A58.

`RIG_FAULTS_SEED` repeats a choice, `RIG_FAULTS_SECONDS` lets it go on for longer.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest
from conductors import CONDUCTOR
from faulty_rig import FaultyRig, family
from ledger import tally_of_deliveries, tally_of_issues
from outcomes import Outcomes
from running_rig import wait_until
from senders import Senders
from shop import Town
from test_github import DAYS

from rigtasks.local.github.faults.plan import FaultPlan

SECONDS = float(os.environ.get("RIG_FAULTS_SECONDS", "240"))
SEED = int(os.environ.get("RIG_FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
DRAIN_SECONDS = 600.0
ISSUE_EVERY_SECONDS = 20.0
SUPERVISED = ("relay", "beat", "web", CONDUCTOR, "worker-review-e")
WORKERS = ("dev-a", "dev-b")
Chance = random.Random
Fault = Callable[[Town, FaultyRig, Chance], None]


def kill_a_part(_: Town, rig: FaultyRig, chance: Chance) -> None:
    rig.kill(chance.choice(SUPERVISED))


def kill_a_worker(_: Town, rig: FaultyRig, chance: Chance) -> None:
    rig.kill(chance.choice(WORKERS))
    rig.need_workers(*WORKERS)


def freeze_a_worker(_: Town, rig: FaultyRig, chance: Chance) -> None:
    with rig.suspended(chance.choice(WORKERS)):
        time.sleep(chance.uniform(1.0, 9.0))


def freeze_a_part(_: Town, rig: FaultyRig, chance: Chance) -> None:
    with rig.suspended(chance.choice(SUPERVISED)):
        time.sleep(chance.uniform(0.5, 5.0))


def wipe_redis(_: Town, rig: FaultyRig, __: Chance) -> None:
    rig.broker.flushall()


def crash_redis(_: Town, rig: FaultyRig, __: Chance) -> None:
    rig.crash_redis()
    rig.valkey.start()


def crash_postgres(_: Town, rig: FaultyRig, chance: Chance) -> None:
    rig.crash_postgres()
    time.sleep(chance.uniform(0.0, 2.0))
    rig.postgres.start()


def cut_connections(_: Town, rig: FaultyRig, chance: Chance) -> None:
    proxy = chance.choice((rig.to_redis, rig.to_postgres))
    chance.choice((proxy.reset, proxy.half_close))()


def slow_network(_: Town, rig: FaultyRig, chance: Chance) -> None:
    with chance.choice((rig.to_redis, rig.to_postgres)).late(0.2):
        time.sleep(chance.uniform(1.0, 4.0))


def silent_network(_: Town, rig: FaultyRig, chance: Chance) -> None:
    with chance.choice((rig.to_redis, rig.to_postgres)).silent():
        time.sleep(chance.uniform(1.0, 8.0))


def bad_github(town: Town, _: FaultyRig, chance: Chance) -> None:
    day = chance.choice(DAYS)
    town.seeder.plan_faults(FaultPlan(seed=chance.randrange(1 << 30), faults=day.rules))
    time.sleep(chance.uniform(3.0, 10.0))
    town.seeder.end_faults()


FAULTS: Mapping[Fault, int] = {
    kill_a_part: 3,
    kill_a_worker: 1,
    freeze_a_worker: 1,
    freeze_a_part: 2,
    wipe_redis: 2,
    crash_redis: 1,
    crash_postgres: 1,
    cut_connections: 3,
    slow_network: 1,
    silent_network: 1,
    bad_github: 3,
}


@pytest.mark.make_faults
@pytest.mark.timeout(SECONDS + 3 * DRAIN_SECONDS)
def test_everything_at_once_and_then_each_issue_comes_to_its_end(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_workers(*WORKERS)
    chance, done, issues = random.Random(SEED), Counter[str](), [town.shop().issue()]  # noqa: S311 - a seed
    senders = Senders(rig.addresses["web"], rig.addresses["webhook_secret"], threads=1)
    began = time.monotonic()
    issues[0].label()
    with senders.sending():
        while (passed := time.monotonic() - began) < SECONDS:
            if passed > len(issues) * ISSUE_EVERY_SECONDS:
                issues.append(town.shop().issue())
                issues[-1].label()
            (fault,) = chance.choices(list(FAULTS), list(FAULTS.values()))
            fault(town, rig, chance)
            done[fault.__name__] += 1
            time.sleep(chance.uniform(0.0, 4.0))
    healed = time.monotonic()

    rig.need_workers(*WORKERS)
    with suppress(AssertionError):  # what did not come to its end is told by the ledger
        for issue in issues:
            left = DRAIN_SECONDS - (time.monotonic() - healed)
            wait_until(lambda: ended(rig, issue.ref), issue.ref, seconds=left)  # noqa: B023
    drained = time.monotonic() - healed
    for issue in issues:
        rig.wait_told(issue.ref)

    outcomes.add(
        "A58",
        f"everything at once for {SECONDS:.0f} s, {len(issues)} issues (seed {SEED}): {dict(done)}",
        tally_of_issues(rig, issues) + tally_of_deliveries(rig, senders.accepted),
        injected=done.total(),
        recovery=drained,
        goal=DRAIN_SECONDS,
    )
    assert family(rig.process(CONDUCTOR))


def ended(rig: FaultyRig, ref: str) -> bool:
    return rig.rows("SELECT lane FROM issues WHERE ref = %s", ref) == [("done",)]
