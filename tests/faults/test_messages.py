"""What should not be in a queue, and who should not ring: rows A13, A14, A15 and A23."""

import json
import re
import time
import uuid

import pytest
from faulty_rig import QUEUE, FaultyRig
from ledger import Tally, tally_of_issues
from outcomes import Outcomes
from running_rig import wait_until
from shop import Town
from times import SWEEP_SECONDS

WORK = "rig.agent.work"


def message(task: str, arguments: object, *, body: str | None = None) -> str:
    """Write a message by hand as Celery would, or with a body of another kind."""
    identity = str(uuid.uuid4())
    written = json.dumps([arguments, {}, {}]) if body is None else body
    return json.dumps(
        {
            "body": written,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": task, "id": identity, "root_id": identity},
            "properties": {
                "correlation_id": identity,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": QUEUE},
                "priority": 0,
                "delivery_tag": identity,
            },
        }
    )


POISON = {
    "no JSON": "{",
    "not a message": '{"a": 1}',
    "a list": "[1, 2]",
    "bytes": b"\xff\xfe\x00",
    "another content type": message(WORK, [QUEUE, "x"]).replace(
        '"application/json"', '"application/x-python-serialize"'
    ),
    "a body that is no JSON": message(WORK, [], body="gASVEAAA"),
    "an unknown task": message("os.system", ["true"]),
    "arguments of long ago": message(WORK, ["a run", 3, "old"]),
    "no arguments": message(WORK, []),
    "a number for a queue": message(WORK, [7, None]),
    "another queue": message(WORK, ["review-e", "x"]),
    "an issue nobody knows": message(WORK, [QUEUE, "issue:1:1:1"]),
}


@pytest.mark.timeout(240)
def test_poison_in_a_queue_is_dropped_and_kills_nobody(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    name = rig.need_a_worker()
    worker, conductor = rig.process(name), rig.process("worker-conductor")
    issue, before = town.shop().issue(), dropped(rig)

    for poison in POISON.values():
        rig.broker.lpush(QUEUE, poison)
        rig.broker.lpush("conductor", poison)
    issue.label()

    issue.wait("ISSUE_DONE", seconds=120)
    wait_until(lambda: rig.broker.llen(QUEUE) == 0, "an empty queue")
    outcomes.add(
        "A23",
        "poison in the queues of a worker and of the conductor",
        tally_of_issues(rig, [issue]),
        injected=2 * len(POISON),
    )
    assert rig.process(name) == worker, "the worker died of it"
    assert rig.process("worker-conductor") == conductor, "the conductor died of it"
    assert dropped(rig) - before == 2 * len(POISON) - 1, "the one that only names nobody is a bell"


def dropped(rig: FaultyRig) -> int:
    """Return how many messages the rig says it dropped."""
    told = rig.rows("SELECT detail FROM service_status WHERE starts_with(name, 'dropped ')")
    return sum(int(detail.split()[0]) for (detail,) in told)


@pytest.mark.make_faults
@pytest.mark.timeout(240)
def test_a_killed_relay_publishes_what_it_did_not_note(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    """Its note that an entry was published is what gets lost, then it dies as well."""
    rig.need_a_worker()
    issue = town.shop().issue()

    with rig.suspended("relay"):
        issue.label()
        wait_until(lambda: rig.rows("SELECT 1 FROM outbox WHERE published_at IS NULL"), "a hint")
    relay = rig.kill("relay")
    died = rig.now()

    rig.wait_restarted("relay", relay)
    claimed = issue.wait("ISSUE_ASSIGNED", seconds=60)
    issue.wait("ISSUE_DONE", seconds=120)
    outcomes.add(
        "A15",
        "relay killed with work to publish",
        tally_of_issues(rig, [issue]),
        recovery=(claimed["at"] - died).total_seconds(),
        goal=30.0,
    )


@pytest.mark.make_faults
@pytest.mark.timeout(240)
def test_two_clocks_and_a_killed_one_run_each_period_once(
    rig: FaultyRig, outcomes: Outcomes
) -> None:
    arguments = ("celery", "-A", "rigtasks", "beat", "--loglevel", "INFO")
    second = rig.start("second-beat", *arguments)
    try:
        log = rig.data_dir / "logs" / "second-beat.log"
        wait_until(lambda: b"beat: Starting" in log.read_bytes(), "a second Beat", seconds=90)
        first = rig.kill("beat")
        rig.wait_restarted("beat", first)
        began = rig.now()
        time.sleep(6 * SWEEP_SECONDS)
        rows = rig.rows(
            "SELECT period_start, count(*) FROM ticks WHERE job = 'expired_leases'"
            " AND period_start > %s GROUP BY period_start ORDER BY 1",
            began,
        )
    finally:
        second.terminate()
        second.wait(20)

    twice = tuple(str(period) for period, number in rows if number != 1)
    outcomes.add("A13", "Beat killed beside another one: periods run twice", Tally((), twice))
    assert second.returncode == 0
    assert 3 <= len(rows) <= 7
    log_of_conductor = (rig.data_dir / "logs" / "worker-conductor.log").read_text()
    refused = re.findall("ignored: this period was begun already", log_of_conductor)
    assert len(refused) >= 3
