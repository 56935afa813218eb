"""What people do around the rig's pull request is seen by the rig's reads, and by its pushes."""

import pytest
from towns import BRANCH, FIXED, Town, Work

from rigtasks.github.checks import read_check_suites, read_statuses
from rigtasks.github.contents import read_branch_head
from rigtasks.github.errors import NotFound
from rigtasks.github.identities import Role
from rigtasks.github.issues import (
    DELETED,
    Comment,
    comment_once,
    look_for_issue,
    marker,
    read_comments,
    read_issue,
)
from rigtasks.github.pulls import read_pull_request, read_pull_requests_closing
from rigtasks.github.reviews import ReviewState, read_reviews
from rigtasks.workspace.errors import LeaseLost
from rigtasks.workspace.push import PushOutcome


def test_an_issue_is_closed_opened_again_and_deleted(town: Town) -> None:
    api = town.api(Role.CONDUCTOR)
    number = town.create_issue("Prices")

    town.edit_issue(number, state="closed")
    closed = read_issue(api, number)
    town.edit_issue(number, state="open")
    opened = read_issue(api, number)
    town.delete_issue(number)

    assert (closed.state, opened.state) == ("closed", "open")
    assert closed.closed_at is not None
    assert look_for_issue(api, number).state == DELETED
    with pytest.raises(NotFound) as never_there:
        look_for_issue(api, number + 40)
    assert not never_there.value.is_gone


def test_the_newest_status_of_a_context_counts(town: Town, work: Work, pull: int) -> None:
    api, head = town.api(Role.CONDUCTOR), work.head or ""
    assert read_statuses(api, head) == ()
    assert read_check_suites(api, head) == ()

    town.set_status(head, "test", "pending")
    town.set_status(head, "test", "success")
    town.set_status(head, "lint", "failure")

    seen = {one.context: one.state for one in read_statuses(api, head)}
    assert seen == {"test": "success", "lint": "failure"}
    assert read_pull_request(api, pull).mergeable_state == "unstable"


def test_an_approval_stays_bound_to_the_commit_it_was_given_for(
    town: Town, work: Work, pull: int
) -> None:
    api, old = town.api(Role.CONDUCTOR), work.head

    town.approve(pull)
    work.push(work.commit({"more.py": "x = 1\n"}))

    (approval,) = read_reviews(api, pull)
    assert (approval.state, approval.commit_id) == (ReviewState.APPROVED, old)
    assert approval.user == town.account("mona")
    assert read_pull_request(api, pull).head.sha == work.head != old


def test_a_conflict_with_the_base_is_seen(town: Town, work: Work, pull: int) -> None:
    api = town.api(Role.CONDUCTOR)
    assert read_pull_request(api, pull).mergeable is True

    tip = town.push("main", {"price.py": "def price(x):\n    return x // 1\n"})

    found = read_pull_request(api, pull)
    assert (found.mergeable, found.mergeable_state) == (False, "dirty")
    assert found.head.sha == work.head
    assert read_branch_head(api, "main") == tip


def test_a_base_that_moved_elsewhere_is_no_conflict(town: Town, pull: int) -> None:
    town.push("main", {"other.py": "x = 1\n"})

    found = read_pull_request(town.api(Role.CONDUCTOR), pull)

    assert (found.mergeable, found.mergeable_state) == (True, "clean")
    assert found.changed_files == 1


def test_a_push_gives_way_to_somebody_elses(town: Town, work: Work, pull: int) -> None:
    api = town.api(Role.CONDUCTOR)
    theirs = town.push(BRANCH, {"theirs.py": "x = 1\n"})
    mine = work.commit({"mine.py": "x = 2\n"})

    with pytest.raises(LeaseLost):
        work.push(mine)

    assert read_branch_head(api, BRANCH) == theirs
    assert read_pull_request(api, pull).head.sha == theirs


def test_pushing_again_what_is_there_changes_nothing(town: Town, work: Work) -> None:
    sha = work.commit({"price.py": FIXED})

    first, again = work.push(sha), work.push(sha)

    assert (first, again) == (PushOutcome.PUSHED, PushOutcome.ALREADY_THERE)
    assert read_branch_head(town.api(Role.CONDUCTOR), BRANCH) == sha


def test_a_pull_request_that_was_closed_unmerged_closes_nothing(town: Town, pull: int) -> None:
    api = town.api(Role.CONDUCTOR)

    town.edit_issue(pull, state="closed")

    assert read_pull_request(api, pull).state == "closed"
    assert read_pull_requests_closing(api, 1, state="open") == ()
    assert read_pull_requests_closing(api, 1, state="closed") == ()
    assert read_issue(api, 1).state == "open"


def test_a_second_comment_of_the_rig_goes_and_those_of_people_stay(town: Town) -> None:
    api, number = town.api(Role.CONDUCTOR), town.create_issue("Prices")
    town.comment("mona", number, f"mine {marker('status')}")
    text = {"body": f"Queued\n\n{marker('status')}"}
    first, second = (
        api.write("POST", f"/issues/{number}/comments", text, Comment) for _ in range(2)
    )

    kept = comment_once(api, number, key="status", body="Queued")

    assert kept.id == first.id != second.id
    of_mona, left = read_comments(api, number)
    assert of_mona.user == town.account("mona")
    assert left.id == first.id
    api.delete(f"/issues/comments/{second.id}")
    assert len(read_comments(api, number)) == 2
