"""Writes: done once, found again, and never repeated blindly."""

from typing import Any

import pytest
from scripted_hub import BASE, HEAD, Hub, Reply, personal, pull

from rigtasks.errors import UnknownEffect
from rigtasks.github.checks import CheckDraft, put_check_run
from rigtasks.github.errors import Forbidden, NotFound, Unprocessable
from rigtasks.github.issues import comment_once
from rigtasks.github.merge import (
    HeadMoved,
    Merged,
    MergeMisconfigured,
    MergeOutcome,
    MergeRequest,
    NotMergeable,
    is_on_base,
    merge,
)
from rigtasks.github.pull_request_facts import read_pull_request_facts
from rigtasks.github.pulls import open_pull_request, read_pull_request
from rigtasks.github.repositories import read_required_checks
from rigtasks.github.reviews import ReviewDraft, ReviewEvent, post_review_once, read_threads

REPO = "/repos/octo/shop"
PULL, MERGE = f"GET {REPO}/pulls/6", f"PUT {REPO}/pulls/6/merge"
COMMITS = f"GET {REPO}/commits"
FAILED = Reply(status=502, body={"message": "Server Error"})
BASE_MOVED = Reply(
    status=405, body={"message": "Base branch was modified. Review and try the merge again."}
)
DONE = Reply(body={"sha": "c" * 40, "merged": True, "message": "Pull Request successfully merged"})


def base_commit(message: str, sha: str = "d" * 40) -> dict[str, Any]:
    return {"sha": sha, "commit": {"message": message}}


def try_merge(hub: Hub, *answers: Reply) -> MergeOutcome:
    hub.on(MERGE, *answers)
    hub.on(PULL, Reply(body=pull()))
    hub.on(COMMITS, Reply(body=[base_commit("something else", BASE)]))
    return merge(personal(hub), merge_request())


def merge_request() -> MergeRequest:
    return MergeRequest(
        number=6,
        head_sha=HEAD,
        base_ref="main",
        title="Round prices (#6)",
        message="Rig-Run: 7f",
        marker="Rig-Run: 7f",
    )


def test_the_merge_names_the_head_it_is_for(hub: Hub) -> None:
    assert try_merge(hub, DONE) == Merged(sha="c" * 40)

    (asked,) = hub.calls(MERGE)
    assert asked.body == {
        "sha": HEAD,
        "merge_method": "squash",
        "commit_title": "Round prices (#6)",
        "commit_message": "Rig-Run: 7f",
    }


def test_a_moved_head_ends_the_attempt(hub: Hub) -> None:
    moved = Reply(status=409, body={"message": "Head branch was modified."})

    assert isinstance(try_merge(hub, moved), HeadMoved)
    assert len(hub.calls(MERGE)) == 1


def test_a_moved_base_is_waited_out_twice_and_no_more(hub: Hub) -> None:
    assert try_merge(hub, BASE_MOVED, BASE_MOVED, DONE) == Merged(sha="c" * 40)
    assert isinstance(try_merge(hub, BASE_MOVED), NotMergeable)
    assert len(hub.calls(MERGE)) == 6


def test_the_pauses_for_a_moved_base_are_four_and_eight_seconds(hub: Hub) -> None:
    hub.on(MERGE, BASE_MOVED, BASE_MOVED, DONE)
    api = personal(hub)
    waited: list[float] = []
    api._sleep, api._time_scale = waited.append, 0.5  # noqa: SLF001

    merge(api, merge_request())

    assert waited == [2.0, 4.0]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Changes must be made through the merge queue", MergeMisconfigured),
        ("You're not authorized to push to this branch.", MergeMisconfigured),
        ("Squash merges are not allowed on this repository.", MergeMisconfigured),
        ("Pull Request is not mergeable", NotMergeable),
        ('Required status check "test" is expected.', NotMergeable),
    ],
)
def test_other_refusals_are_not_repeated(hub: Hub, message: str, expected: type[Any]) -> None:
    outcome = try_merge(hub, Reply(status=405, body={"message": message}))

    assert isinstance(outcome, expected)
    assert outcome.reason == message  # type: ignore[union-attr]
    assert len(hub.calls(MERGE)) == 1


@pytest.mark.parametrize("lost", [FAILED, Reply(hang_up=True), Reply(body=b"<html>")])
def test_a_merge_whose_answer_was_lost_is_found_on_the_pull_request(hub: Hub, lost: Reply) -> None:
    hub.on(MERGE, lost)
    merged = pull(state="closed", merged=True, merge_commit_sha="e" * 40)
    hub.on(PULL, Reply(body=merged))

    outcome = merge(personal(hub), merge_request())

    assert outcome == Merged(sha="e" * 40, found=True)
    assert len(hub.calls(MERGE)) == 1


def test_a_half_done_merge_is_found_on_the_base_branch(hub: Hub) -> None:
    hub.on(MERGE, FAILED)
    hub.on(PULL, Reply(body=pull()))
    commits = [base_commit("other"), base_commit("Round prices (#6)\n\nRig-Run: 7f", "f" * 40)]
    hub.on(COMMITS, Reply(body=commits))

    assert merge(personal(hub), merge_request()) == Merged(sha="f" * 40, found=True)
    assert len(hub.calls(MERGE)) == 1


def test_a_merge_that_cannot_be_found_stays_unknown_and_is_not_repeated(hub: Hub) -> None:
    with pytest.raises(UnknownEffect, match="not merged so far"):
        try_merge(hub, FAILED)

    assert len(hub.calls(MERGE)) == 1
    assert hub.asked[-1].method == "GET"


def test_a_merge_that_cannot_even_be_read_stays_unknown(hub: Hub) -> None:
    hub.on(MERGE, FAILED)
    hub.on(PULL, FAILED)

    with pytest.raises(UnknownEffect, match="Reading failed as well"):
        merge(personal(hub), merge_request())

    assert len(hub.calls(MERGE)) == 1


@pytest.mark.parametrize(
    ("status", "on_base"),
    [("identical", True), ("behind", True), ("ahead", False), ("diverged", False)],
)
def test_a_commit_is_on_the_base_when_the_base_is_not_behind_it(
    hub: Hub, status: str, *, on_base: bool
) -> None:
    hub.on(f"GET {REPO}/compare/main...{HEAD}", Reply(body={"status": status}))

    assert is_on_base(personal(hub), "main", HEAD) is on_base


def test_mergeable_is_asked_again_a_bounded_number_of_times(hub: Hub) -> None:
    unsettled = Reply(body=pull(mergeable=None, mergeable_state="unknown"))
    hub.on(PULL, unsettled, unsettled, Reply(body=pull()))
    assert read_pull_request(personal(hub), 6).mergeable is True
    assert len(hub.calls(PULL)) == 3

    hub.on(PULL, unsettled)
    assert read_pull_request(personal(hub), 6).mergeable is None
    assert len(hub.calls(PULL)) == 3 + 4

    hub.on(PULL, Reply(body=pull(mergeable=None, state="closed")))
    read_pull_request(personal(hub), 6)
    assert len(hub.calls(PULL)) == 7 + 1


def test_a_pull_request_just_announced_may_be_missing_for_a_moment(hub: Hub) -> None:
    missing = Reply(status=404, body={"message": "Not Found"})
    hub.on(PULL, missing, Reply(body=pull()))
    assert read_pull_request(personal(hub), 6).number == 6

    hub.on(PULL, missing)
    with pytest.raises(NotFound):
        read_pull_request(personal(hub), 6)
    assert len(hub.calls(PULL)) == 2 + 3


@pytest.mark.parametrize("key", ["", "a b", "-->", "a--b", "x" * 300, "é"])
def test_a_marker_cannot_end_the_comment_it_hides_in(hub: Hub, key: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        comment_once(personal(hub), 5, key=key, body="x")

    assert not [each for each in hub.asked if each.method != "GET"]


def test_a_pull_request_that_exists_already_is_adopted(hub: Hub) -> None:
    listing, create = f"GET {REPO}/pulls", f"POST {REPO}/pulls"
    hub.on(listing, Reply(body=[]), Reply(body=[pull()]))
    exists = {"message": "A pull request already exists for octo:feature/issue-5-prices."}
    hub.on(create, Reply(status=422, body={"message": "Validation Failed", "errors": [exists]}))
    branch = {"branch": "feature/issue-5-prices", "base": "main", "title": "t", "body": "b"}

    opened = open_pull_request(personal(hub), **branch)

    assert (opened.adopted, opened.pull_request.number) == (True, 6)
    assert (
        hub.calls(listing)[0].query
        == "per_page=100&state=open&head=octo%3Afeature%2Fissue-5-prices"
    )


def test_a_pull_request_of_the_branch_into_another_base_is_not_adopted(hub: Hub) -> None:
    other = pull(base={"ref": "next", "sha": BASE, "repo": None})
    hub.on(f"GET {REPO}/pulls", Reply(body=[other]))
    refused = {"message": "Validation Failed", "errors": [{"message": "No commits between"}]}
    hub.on(f"POST {REPO}/pulls", Reply(status=422, body=refused))

    with pytest.raises(Unprocessable, match="No commits between"):
        open_pull_request(
            personal(hub), branch="feature/issue-5-prices", base="main", title="t", body="b"
        )


def test_a_review_for_another_commit_or_by_another_account_is_not_ours(hub: Hub) -> None:
    def review(number: int, user: int, commit: str) -> dict[str, Any]:
        person = {"id": user, "login": "x", "type": "Bot"}
        body = "x <!-- rig:review/1 -->"
        return {
            "id": number,
            "user": person,
            "state": "APPROVED",
            "body": body,
            "commit_id": commit,
        }

    listing = f"GET {REPO}/pulls/6/reviews"
    hub.on(listing, Reply(body=[review(1, 2, HEAD), review(2, 1, BASE)]))
    hub.on(f"POST {REPO}/pulls/6/reviews", Reply(body=review(3, 1, HEAD)))
    draft = ReviewDraft(key="review/1", commit_id=HEAD, event=ReviewEvent.APPROVE, body="Good.")
    api = personal(hub)

    assert post_review_once(api, 6, draft).id == 3
    (asked,) = hub.calls(f"POST {REPO}/pulls/6/reviews")
    assert (asked.body["commit_id"], asked.body["event"]) == (HEAD, "APPROVE")
    hub.on(listing, Reply(body=[review(3, 1, HEAD)]))
    assert post_review_once(api, 6, draft).id == 3
    assert len(hub.calls(f"POST {REPO}/pulls/6/reviews")) == 1


def test_a_check_run_of_another_app_is_never_taken_for_ours(hub: Hub) -> None:
    run = {
        "id": 5,
        "name": "rig/merge-gate",
        "head_sha": HEAD,
        "status": "queued",
        "conclusion": None,
        "external_id": "gate:1",
        "app": {"id": 9, "slug": "impostor"},
    }
    hub.on(f"GET {REPO}/commits/{HEAD}/check-runs", Reply(body={"check_runs": [run]}))
    hub.on(f"POST {REPO}/check-runs", Reply(status=201, body=run | {"id": 6}))
    draft = CheckDraft(
        name="rig/merge-gate",
        head_sha=HEAD,
        external_id="gate:1",
        status="queued",
        conclusion=None,
        title="t",
        summary="s",
    )

    assert put_check_run(personal(hub), draft).id == 6


def test_protection_that_may_not_be_read_is_unknown_and_not_empty(hub: Hub) -> None:
    hub.on(f"GET {REPO}/branches/main", Reply(body={"name": "main", "protected": True}))
    hub.on(f"GET {REPO}/rules/branches/main", Reply(body=[{"type": "merge_queue"}]))
    protection = f"GET {REPO}/branches/main/protection"

    hub.on(protection, Reply(status=403, body={"message": "Resource not accessible"}))
    hidden = read_required_checks(personal(hub), "main")
    hub.on(protection, Reply(status=404, body={"message": "Branch not protected"}))
    absent = read_required_checks(personal(hub), "main")
    hub.on(protection, Reply(status=404, body={"message": "Not Found"}))
    unclear = read_required_checks(personal(hub), "main")

    assert (hidden.known, hidden.unknown_sources) == (False, ("branch protection",))
    assert (absent.known, absent.checks, absent.merge_queue) == (True, (), True)
    assert not unclear.known


def test_required_checks_of_protection_and_rulesets_are_joined(hub: Hub) -> None:
    checks = [{"context": "test", "app_id": 15368}, {"context": "lint", "app_id": -1}]
    summary = {"required_status_checks": {"contexts": ["test", "lint"], "checks": checks}}
    hub.on(f"GET {REPO}/branches/main", Reply(body={"protected": True, "protection": summary}))
    ruled = [{"context": "e2e", "integration_id": 3}, {"context": "test", "integration_id": 15368}]
    rule = {"type": "required_status_checks", "parameters": {"required_status_checks": ruled}}
    hub.on(f"GET {REPO}/rules/branches/main", Reply(body=[rule, {"type": "deletion"}]))

    found = read_required_checks(personal(hub), "main")

    assert [(each.context, each.app_id) for each in found.checks] == [
        ("test", 15368),
        ("lint", None),
        ("e2e", 3),
    ]


def thread_page(names: list[str], *, more: str | None) -> Reply:
    node = {
        "isResolved": False,
        "isOutdated": False,
        "path": "price.py",
        "line": None,
        "resolvedBy": None,
        "comments": {"nodes": [{"databaseId": 1, "body": "x", "author": None}]},
    }
    page = {
        "nodes": [{"id": name, **node} for name in names],
        "pageInfo": {"hasNextPage": more is not None, "endCursor": more},
    }
    pulled = {"pullRequest": {"reviewThreads": page}}
    return Reply(body={"data": {"repository": pulled}})


def test_all_pages_of_threads_are_read(hub: Hub) -> None:
    hub.on("POST /graphql", thread_page(["a", "b"], more="cursor"), thread_page(["c"], more=None))

    threads = read_threads(personal(hub), 6)

    assert [thread.id for thread in threads] == ["a", "b", "c"]
    assert threads[0].opened_by is None
    asked = hub.calls("POST /graphql")
    assert [each.body["variables"]["after"] for each in asked] == [None, "cursor"]


def test_facts_name_what_could_not_be_read(hub: Hub) -> None:
    hub.on(PULL, Reply(body=pull(changed_files=2)))
    hub.on(f"GET {REPO}/pulls/6/reviews", FAILED)
    hub.on(f"GET {REPO}/commits/{HEAD}/check-suites", Reply(status=403, body={"message": "No"}))
    hub.on(f"GET {REPO}/commits/{HEAD}/check-runs", Reply(status=403, body={"message": "No"}))
    hub.on(f"GET {REPO}/pulls/6/commits", Reply(body=[{"sha": BASE, "commit": {"message": "x"}}]))
    hub.on(f"GET {REPO}/pulls/6/files", Reply(body=[]))
    hub.on("POST /graphql", thread_page([], more=None))
    hub.on(f"GET {REPO}/commits/{HEAD}/statuses", Reply(body=[]))
    hub.on(f"GET {REPO}/issues/6/events", Reply(body=[]))

    facts = read_pull_request_facts(personal(hub), 6)

    unknown = [each.source for each in facts.unknown_sources]
    assert unknown == ["commits", "files", "check_suites", "reviews", "check_runs", "protection"]
    assert facts.files_truncated
    assert not facts.required_checks.known
    assert facts.codeowners is None


def test_without_the_pull_request_there_are_no_facts(hub: Hub) -> None:
    hub.on(PULL, Reply(status=403, body={"message": "No"}))

    with pytest.raises(Forbidden):
        read_pull_request_facts(personal(hub), 6)
