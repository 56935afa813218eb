"""The ways issues take on the running stack, the straight one and the others."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from uuid import uuid4

import pytest
import requests
from running_rig import Json, RunningRig, wait_until
from shop import CONFIG, Issue, Town, issue_body, shop_files

from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.switches import RIG, Switches, repository_scope
from rigtasks.local.demo.seed import FiledIssue
from rigtasks.local.demo.verification import problems_of_merge

BY_HAND = f"{CONFIG}merge:\n  mode: never\n"
SLOW = f"{CONFIG}setupCommand: sleep 3\n"
VERY_SLOW = f"{CONFIG}setupCommand: sleep 90\n"
TOP_UP_SECONDS = 3.0


@contextmanager
def switches(rig: RunningRig) -> Iterator[Switches]:
    connection = Connection(rig.addresses["database_url"], application_name="tests")
    try:
        yield Switches(connection)
    finally:
        connection.close()


@dataclass(frozen=True, kw_only=True)
class Stories:
    """Issues that go their ways side by side."""

    straight: Issue
    waited_for: Issue
    waiting: Issue
    unsolvable: Issue
    merged_by_hand: Issue
    closed: Issue
    held: Issue


@pytest.fixture(scope="module")
def second_worker(rig: RunningRig) -> Iterator[None]:
    """Another worker of the Python queue, started the way one adds capacity."""
    arguments = ("celery", "-A", "rigtasks", "worker", "-Q", "dev-e-python", "-n", "second@%h")
    worker = rig.start("second-worker", *arguments)
    yield
    worker.terminate()
    assert worker.wait(30) == 0


@pytest.fixture(scope="module")
def stories(town: Town, second_worker: None) -> Stories:  # noqa: ARG001  # only has to run
    straight = town.shop().issue()
    pair = town.shop(files=shop_files(modules=("prices", "gifts")))
    waited_for = pair.issue()
    waiting = pair.issue("Gifts of exactly the limit are charged", body=depends_on(waited_for))
    unsolvable = town.shop().issue("A nicer shop", body="The shop should be nicer.")
    merged_by_hand = town.shop(config=BY_HAND).issue()
    closed = town.shop(config=BY_HAND).issue()
    held = town.shop().issue()
    with switches(town.rig) as stops:
        stops.set(repository_scope(held.repo_id), reason="release day", actor="maria")
    for issue in (waiting, straight, waited_for, unsolvable, merged_by_hand, closed, held):
        issue.label()
    return Stories(
        straight=straight,
        waited_for=waited_for,
        waiting=waiting,
        unsolvable=unsolvable,
        merged_by_hand=merged_by_hand,
        closed=closed,
        held=held,
    )


def depends_on(other: Issue) -> str:
    return f"{issue_body('gifts')}\nDepends on #{other.number}.\n"


def test_a_stop_of_the_whole_rig_keeps_every_worker_from_claiming(
    town: Town, rig: RunningRig
) -> None:
    issue = town.shop().issue()
    with switches(rig) as stops:
        with rig.suspended("worker-dev-e-python"):
            issue.label()
            issue.wait("ISSUE_APPROVED")
            assert stops.set(RIG, reason="maintenance", actor="maria")
        time.sleep(2 * TOP_UP_SECONDS)
        claimed_meanwhile = issue.runs()

        assert stops.lift(RIG, actor="maria")

    assert claimed_meanwhile == []
    issue.wait("ISSUE_ASSIGNED", seconds=30)
    issue.close()
    issue.wait("ISSUE_CANCELLED")


def test_the_straight_way_ends_merged_and_closed(stories: Stories) -> None:
    issue = stories.straight

    merged = issue.wait("MERGED", seconds=60)["data"]

    issue.wait("ISSUE_DONE")
    assert problems(issue, merged) == ()
    assert {"ISSUE_APPROVED", "TESTS_PASSED", "REVIEW_PASSED", "CI_PASSED"} <= set(issue.types())
    assert issue.types().count("PR_CREATED") == 1
    assert [run["stage"] for run in issue.runs()] == ["implement", "review"]
    assert {run["isolation"] for run in issue.runs()} == {"bubblewrap"}
    issue.wait_comment("· done ·")
    assert len(issue.comments()) == 1
    assert "routed to dev-e-python" in issue.rig.outcomes(issue.repo, issue.number)


def test_the_same_label_told_five_times_more_starts_nothing(
    stories: Stories, rig: RunningRig
) -> None:
    issue = stories.straight
    issue.wait("MERGED", seconds=60)
    runs = issue.runs()
    ledger = (rig.get("/api/deliveries", repo=issue.repo, limit="200") or {})["items"]
    first = next(one for one in ledger if one["action"] == "labeled")
    delivery = rig.get(f"/api/deliveries/{first['delivery']}") or {}

    answers = [send(rig, delivery, str(uuid4())) for _ in range(5)]
    again = send(rig, delivery, first["delivery"])

    assert answers == [202] * 5
    assert again in {200, 202}
    ledger = (rig.get("/api/deliveries", repo=issue.repo, limit="200") or {})["items"]
    copies = [one for one in ledger if one["duplicate_of"] == first["delivery"]]
    assert len(copies) == 5
    assert all(one["outcome"] for one in copies)
    assert issue.runs() == runs
    assert issue.types().count("ISSUE_APPROVED") == 1


def test_an_issue_nobody_can_solve_ends_with_a_person(stories: Stories) -> None:
    issue = stories.unsolvable

    failed = issue.wait("ISSUE_FAILED", seconds=60)["data"]

    assert failed["failure"] == "work"
    assert failed["who_must_act"] == "a maintainer of the repository"
    assert issue.types().count("RUN_FAILED") == 3
    assert len(issue.runs()) == 3
    issue.wait_comment("a maintainer of the repository")
    assert not {"PUSH_INTENT", "PR_CREATED", "ISSUE_DONE"} & set(issue.types())
    assert issue.branches() == ["main"]
    assert issue.pulls() == []
    assert issue.on_github()["state"] == "open"


def test_a_pull_request_merged_by_a_person_is_theirs(stories: Stories, town: Town) -> None:
    issue = stories.merged_by_hand
    pull = issue.wait("PR_CREATED", seconds=60)["data"]["pr"]

    town.owner.merge(issue.repo, pull, merge_method="squash")

    outside = issue.wait("MERGE_OUTSIDE_RIG")["data"]
    issue.wait("ISSUE_DONE")
    assert outside["by"] == "maria"
    assert "MERGED" not in issue.types()
    assert issue.on_github()["state"] == "closed"


def test_a_pull_request_closed_unmerged_sends_its_issue_back(stories: Stories, town: Town) -> None:
    issue = stories.closed
    first = issue.wait("PR_CREATED", seconds=60)["data"]["pr"]

    town.owner.call("PATCH", f"/repos/{issue.repo}/pulls/{first}", {"state": "closed"})

    issue.wait("PR_CLOSED")
    issue.wait("PR_CREATED", count=2, seconds=60)
    assert "ISSUE_CANCELLED" not in issue.types()
    assert "MERGED" not in issue.types()
    assert len(issue.pulls("open")) == 1
    assert issue.on_github()["state"] == "open"
    issue.close()
    issue.wait("ISSUE_CANCELLED")


def test_a_stop_of_one_repository_holds_its_issues_until_it_is_lifted(
    stories: Stories, rig: RunningRig
) -> None:
    issue = stories.held
    held = issue.wait("ISSUE_HELD")["data"]
    assert held["waits_for"] == "pause"
    assert "release day" in held["sentence"]
    issue.wait_comment("maria paused this repository")
    assert issue.runs() == []

    with switches(rig) as stops:
        assert stops.lift(repository_scope(issue.repo_id), actor="maria")

    issue.wait("ISSUE_ASSIGNED", seconds=60)
    issue.close()
    issue.wait("ISSUE_CANCELLED")


def test_an_issue_waits_for_what_it_depends_on(stories: Stories) -> None:
    first, second = stories.waited_for, stories.waiting
    held = second.wait("ISSUE_HELD")["data"]
    assert held["waits_for"] == "dependency"
    assert f"#{first.number}" in held["sentence"]

    second.wait("MERGED", seconds=90)

    done = first.wait("ISSUE_DONE")
    claimed = second.wait("ISSUE_ASSIGNED")
    assert done["position"] < claimed["position"]
    assert second.types().count("ISSUE_HELD") == 1
    assert second.types().count("ISSUE_APPROVED") == 2


@pytest.mark.usefixtures("second_worker")
def test_one_at_a_time_in_a_repository_and_the_critical_one_first(town: Town) -> None:
    shop = town.shop(files=shop_files(SLOW, modules=("prices", "gifts", "fees")))
    first = shop.issue()
    first.label()
    first.wait("WORK_STARTED")
    normal = shop.issue("Gifts", body=issue_body("gifts"))
    normal.label()
    normal.wait("ISSUE_APPROVED")
    critical = shop.issue("Fees", body=issue_body("fees"))
    critical.label("priority: critical")
    critical.label()

    claimed = critical.wait("ISSUE_ASSIGNED", seconds=60)
    waiting = normal.types()

    assert "ISSUE_ASSIGNED" not in waiting
    assert claimed["data"]["epoch"] == 1
    for issue in (first, normal, critical):
        issue.close()
    spans = [span for issue in (first, normal, critical) for span in run_spans(issue)]
    assert len(spans) >= 2
    assert not overlapping(spans)


def test_a_label_removed_from_a_waiting_issue_withdraws_it(town: Town, rig: RunningRig) -> None:
    shop = town.shop()
    with switches(rig) as stops:
        stops.set(repository_scope(shop.repo_id), reason="closed", actor="maria")
    issue = shop.issue()
    issue.label()
    issue.wait("ISSUE_HELD")

    issue.unlabel()

    cancelled = issue.wait("ISSUE_CANCELLED")["data"]
    assert cancelled["by"] == "maria"
    assert issue.runs() == []
    assert issue.wait_outcome("cancelled: the label agent-ready was removed")
    with switches(rig) as stops:
        assert stops.lift(repository_scope(shop.repo_id), actor="maria")  # what is told waits


def test_a_label_removed_from_a_running_issue_ends_its_agent(town: Town, rig: RunningRig) -> None:
    issue = town.shop(config=VERY_SLOW).issue()
    issue.label()
    run = issue.wait("WORK_STARTED")["data"]["run_id"]
    wait_until(lambda: rig.agents_of(run), "an agent's process")

    issue.unlabel()

    issue.wait("ISSUE_CANCELLED")
    wait_until(lambda: not rig.agents_of(run), "the end of the agent's processes", seconds=10)
    wait_until(lambda: issue.runs()[0]["ended_at"], "the end of the run")
    time.sleep(TOP_UP_SECONDS)
    assert len(issue.runs()) == 1
    assert issue.branches() == ["main"]
    assert issue.pulls() == []
    assert not (rig.data_dir / "runs" / run).exists()


def problems(issue: Issue, merged: Json) -> tuple[str, ...]:
    """Return what git and GitHub hold against the merge."""
    filed = FiledIssue(
        person=issue.person,
        repo_id=issue.repo_id,
        repo=issue.repo,
        number=issue.number,
        title="",
    )
    return problems_of_merge(filed, merged["pr"], merged["merge_sha"])


def send(rig: RunningRig, delivery: Json, guid: str) -> int:
    """Deliver a webhook once more, signed, under a delivery id."""
    body = json.dumps(delivery["payload"]).encode()
    secret = rig.addresses["webhook_secret"].encode()
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{rig.addresses['web']}/api/webhook/github",
            data=body,
            headers={
                "Content-Type": "application/json",
                "X-GitHub-Event": delivery["event"],
                "X-GitHub-Delivery": guid,
                "X-Hub-Signature-256": "sha256="
                + hmac.new(secret, body, hashlib.sha256).hexdigest(),
            },
            timeout=20,
        )
    return answer.status_code


def run_spans(issue: Issue) -> list[tuple[str, str]]:
    """Return when each run began and ended; one that goes on ends after everything."""
    return [(run["started_at"], run["ended_at"] or "9999") for run in issue.runs()]


def overlapping(spans: list[tuple[str, str]]) -> bool:
    ordered = sorted(spans)
    return any(later[0] < earlier[1] for earlier, later in pairwise(ordered))
