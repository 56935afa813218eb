"""Real signals to real processes of the running stack: nothing is lost, nothing happens twice."""

import re
import signal
import time
from collections.abc import Iterator

import pytest
import redis
from running_rig import Json, RunningRig, wait_until
from shop import CONFIG, Issue, Town

from rigtasks.local.records import is_alive, wait_gone

SLOW = f"{CONFIG}setupCommand: sleep 4\n"
WORKER = "worker-dev-e-python"
SWEEP_SECONDS = 1.0
LEASE_SECONDS = 6.0


@pytest.fixture
def broker(rig: RunningRig) -> Iterator["redis.Redis[bytes]"]:
    client = redis.Redis.from_url(rig.addresses["redis_url"])
    yield client
    client.close()


@pytest.mark.incident("A9")
def test_a_killed_worker_loses_its_claim_and_another_run_finishes(
    town: Town, rig: RunningRig
) -> None:
    issue = town.shop(config=SLOW).issue()
    issue.label()
    first = issue.wait("WORK_STARTED")["data"]
    agents = wait_until(lambda: rig.agents_of(first["run_id"]), "an agent's process")

    worker = rig.kill(WORKER)

    rig.wait_restarted(WORKER, worker)
    assert all(wait_gone(agent, 5) for agent in agents)
    expired = issue.wait("LEASE_EXPIRED")["data"]
    assert expired["run_id"] == first["run_id"]
    issue.wait("MERGED", seconds=60)
    assert_finished_once(issue, implementations=2)
    assert issue.runs()[0]["status"] == "lost"


def test_a_stopped_worker_gives_its_claim_back_at_once(town: Town, rig: RunningRig) -> None:
    issue = town.shop(config=SLOW).issue()
    issue.label()
    first = issue.wait("WORK_STARTED")["data"]
    agents = wait_until(lambda: rig.agents_of(first["run_id"]), "an agent's process")
    began = time.monotonic()

    rig.kill(WORKER, signal.SIGTERM)

    released = issue.wait("RUN_RELEASED", seconds=10)["data"]
    assert time.monotonic() - began < 10
    assert released["run_id"] == first["run_id"]
    assert not any(is_alive(agent) for agent in agents)
    issue.wait("MERGED", seconds=60)
    assert_finished_once(issue, implementations=2)
    assert not {"LEASE_EXPIRED", "RUN_LOST", "RUN_FAILED"} & set(issue.types())


def test_a_killed_conductor_publishes_once_after_all(town: Town, rig: RunningRig) -> None:
    issue = town.shop().issue()
    issue.label()
    issue.wait("TESTS_PASSED")

    rig.kill("worker-conductor")

    issue.wait("MERGED", seconds=90)
    assert_finished_once(issue, implementations=1)


@pytest.mark.incident("A1")
def test_a_wiped_redis_loses_no_issue(
    town: Town, rig: RunningRig, broker: "redis.Redis[bytes]"
) -> None:
    issues = [town.shop().issue() for _ in range(3)]
    with rig.suspended(WORKER):
        for issue in issues:
            issue.label()
        for issue in issues:
            issue.wait("ISSUE_APPROVED")
        wait_until(lambda: broker.llen("dev-e-python"), "bells in the queue")
        claimed_before = [run for issue in issues for run in issue.runs()]

        broker.flushall()

        assert broker.llen("dev-e-python") == 0

    assert claimed_before == []
    for issue in issues:
        issue.wait("ISSUE_DONE", seconds=90)
        assert issue.types().count("ISSUE_ASSIGNED") == 1
        assert issue.types().count("PR_CREATED") == 1


def test_a_killed_relay_is_replaced_and_publishes_what_waited(town: Town, rig: RunningRig) -> None:
    issue = town.shop().issue()

    relay = rig.kill("relay")
    issue.label()

    rig.wait_restarted("relay", relay)
    issue.wait("ISSUE_ASSIGNED")
    assert issue.types().count("ISSUE_APPROVED") == 1
    issue.close()
    issue.wait("ISSUE_CANCELLED")


def test_two_clocks_and_a_killed_one_run_each_period_once(rig: RunningRig) -> None:
    arguments = ("celery", "-A", "rigtasks", "beat", "--loglevel", "INFO")
    second = rig.start("second-beat", *arguments, "--schedule", "second-schedule")
    try:
        log = rig.data_dir / "logs" / "second-beat.log"
        wait_until(lambda: b"beat: Starting" in log.read_bytes(), "a second Beat")
        first = rig.kill("beat")
        rig.wait_restarted("beat", first)
        (began,) = rig.rows("SELECT clock_timestamp()")[0]
        time.sleep(6 * SWEEP_SECONDS)
        rows = rig.rows(
            "SELECT period_start, count(*) FROM ticks WHERE job = 'expired_leases'"
            " AND period_start > %s GROUP BY period_start ORDER BY 1",
            began,
        )
    finally:
        second.terminate()
        second.wait(20)

    assert second.returncode == 0
    assert 3 <= len(rows) <= 7
    assert {number for _, number in rows} == {1}
    log_of_conductor = (rig.data_dir / "logs" / "worker-conductor.log").read_text()
    refused = re.findall("ignored: this period was begun already", log_of_conductor)
    assert len(refused) >= 3


def assert_finished_once(issue: Issue, *, implementations: int) -> None:
    """One merge, one pull request, one branch, and epochs that only rise."""
    runs = issue.runs()
    epochs = [run["epoch"] for run in runs]
    assert epochs == sorted(set(epochs))
    assert [run["stage"] for run in runs].count("implement") == implementations
    assert issue.types().count("MERGED") == 1
    assert issue.types().count("PR_CREATED") == 1
    assert len(issue.pulls()) == 1
    assert len([name for name in issue.branches() if name.startswith("feature/")]) <= 1
    assert no_agents(issue.rig, runs)


def no_agents(rig: RunningRig, runs: list[Json]) -> bool:
    return not any(rig.agents_of(run["run_id"]) for run in runs)
