"""What the conductor asks about many issues at once, on Postgres and in memory."""

import time
from uuid import uuid4

from store_house import approve, tell

from rigtasks.eventstore.claims import Claimed, Limits
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.queries import IssueSummary
from rigtasks.lifecycle.commands import (
    AdoptPullRequest,
    Cancel,
    Escalate,
    Hold,
    Refuse,
)
from rigtasks.lifecycle.events.intake import IssueRefused
from rigtasks.testing.memory_tables import MemoryReports

OVER = Cancel(reason="not wanted", by="maria")


def adopt(stores: Stores, stream: str, *, pr: int = 3, head_sha: str = "h1") -> None:
    tell(
        stores,
        stream,
        AdoptPullRequest(
            pr=pr,
            url=f"https://github.test/acme/api/pull/{pr}",
            branch="feature/issue-7-totals",
            head_sha=head_sha,
            base_branch="main",
            author_id=501,
        ),
    )


def claim(stores: Stores) -> Claimed:
    claimed = stores.claims.claim(
        queue="dev-e-python",
        agent="dev-e",
        holder="dev-e-1",
        run_id=uuid4(),
        lease_seconds=60.0,
        limits=Limits(),
    )
    assert isinstance(claimed, Claimed)
    return claimed


def idle(stores: Stores, *, most: int = 100) -> list[str]:
    return [one.stream for one, _ in stores.issues.idle(seconds=0.0, most=most)]


def refusal(number: int) -> IssueRefused:
    return IssueRefused(
        ref=f"acme/api#{number}",
        repo_id=1,
        repo="acme/api",
        number=number,
        generation=1,
        title="Totals are wrong",
        code="no-stack",
        sentence="no stack was found",
        who_must_act="maria",
    )


def streams(found: tuple[IssueSummary, ...]) -> list[str]:
    return [one.stream for one in found]


def test_an_issue_is_found_by_its_pull_request_and_its_head(stores: Stores) -> None:
    first, other = approve(stores, 7), approve(stores, 8)
    adopt(stores, first)
    adopt(stores, other, pr=4)

    found = stores.issues.by_pull_request(repo_id=1, pr=3)

    assert found is not None
    assert (found.stream, found.pr, found.head_sha) == (first, 3, "h1")
    assert found.branch == "feature/issue-7-totals"
    assert found == stores.issues.newest(repo_id=1, number=7)
    assert streams(stores.issues.by_head(repo_id=1, head_sha="h1")) == [first, other]
    assert stores.issues.by_pull_request(repo_id=2, pr=3) is None
    assert stores.issues.by_head(repo_id=2, head_sha="h1") == ()

    tell(stores, first, OVER)
    assert streams(stores.issues.by_head(repo_id=1, head_sha="h1")) == [other]
    assert stores.issues.by_pull_request(repo_id=1, pr=3) is not None


def test_the_newest_of_several_issues_of_a_pull_request_is_meant(stores: Stores) -> None:
    first = approve(stores, 7)
    adopt(stores, first)
    tell(stores, first, OVER)
    second = approve(stores, 7, generation=2)
    adopt(stores, second)

    found = stores.issues.by_pull_request(repo_id=1, pr=3)

    assert found is not None
    assert found.stream == second


def test_the_open_issues_of_a_repository_are_listed(stores: Stores) -> None:
    later = approve(stores, 12)
    over = approve(stores, 9)
    approve(stores, 3, repo_id=2, repo="acme/web", ref="acme/web#3")
    first = approve(stores, 7)
    tell(stores, first, OVER)
    again = approve(stores, 7, generation=2)
    tell(stores, over, OVER)

    def listed(*numbers: int) -> list[str]:
        return streams(stores.issues.of_repository(repo_id=1, numbers=numbers))

    assert listed() == [again, later]
    assert listed(9) == [again, over, later]
    assert listed(3, 7, 40) == [again, later]
    assert stores.issues.of_repository(repo_id=3, numbers=(7,)) == ()

    tell(stores, again, OVER)
    assert listed() == [later]
    assert listed(7) == [again, later]


def test_what_nothing_moves_is_idle_the_longest_first(stores: Stores) -> None:
    first, second, third = (approve(stores, number) for number in (9, 7, 8))
    time.sleep(0.02)

    assert idle(stores) == [first, second, third]
    assert idle(stores, most=1) == [first]
    assert stores.issues.idle(seconds=3_600.0) == ()
    seconds = [round(one, 3) for _, one in stores.issues.idle(seconds=0.0)]
    assert all(0.02 <= one < 60.0 for one in seconds)
    assert seconds == sorted(seconds, reverse=True)


def test_what_runs_waits_for_a_person_or_is_over_is_not_idle(stores: Stores) -> None:
    running, escalated, over, held, refused = (
        approve(stores, number) for number in (7, 8, 9, 10, 11)
    )
    assert claim(stores).stream == running
    tell(stores, escalated, Escalate(reason="silent", who_must_act="ada"))
    tell(stores, over, OVER)
    tell(stores, refused, Refuse(refused=refusal(11)))
    tell(stores, held, Hold(waits_for="dependency", sentence="waits for #3", blocking=True))
    time.sleep(0.02)

    assert idle(stores) == [held]


def test_an_issue_whose_queue_moves_waits_for_its_turn(stores: Stores) -> None:
    first, second = approve(stores, 7), approve(stores, 8)
    elsewhere = approve(stores, 9, queue="dev-e-node", stack="node")
    time.sleep(0.02)
    assert idle(stores) == [first, second, elsewhere]

    assert claim(stores).stream == first
    assert idle(stores) == [elsewhere]

    later = approve(stores, 10)
    time.sleep(0.02)
    assert idle(stores) == [elsewhere, later]


def said(stores: Stores) -> tuple[dict[str, str], dict[str, tuple[bool, str]]]:
    """Return the words of the watchers and the services."""
    if isinstance(stores.reports, MemoryReports):
        return stores.reports.watchers, stores.reports.services
    watchers = stores.database.rows("SELECT name, detail FROM watchers")
    services = stores.database.rows("SELECT name, ok, detail FROM service_status")
    return dict(watchers), {name: (ok, detail) for name, ok, detail in services}


def test_the_last_word_of_a_watcher_and_of_a_service_stands(stores: Stores) -> None:
    stores.reports.watcher_succeeded("reconcile", "2 repositories")
    stores.reports.watcher_succeeded("sweep", "nothing to do")
    stores.reports.watcher_succeeded("reconcile", "3 repositories")
    stores.reports.service("redis", ok=True, detail="answers")
    stores.reports.service("redis", ok=False, detail="does not answer")

    assert said(stores) == (
        {"reconcile": "3 repositories", "sweep": "nothing to do"},
        {"redis": (False, "does not answer")},
    )
