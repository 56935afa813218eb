"""Reviews that wait to be submitted, threads and what becomes of them after a push."""

from typing import Any

from common_ground import Ground, Json

COMMENT = {"path": "a.txt", "line": 2, "body": "Why?"}


def changed(ground: Ground) -> Json:
    """Open a pull request that changes the second line of a file of five."""
    ground.commit("work", {"a.txt": "one\n2\nthree\nfour\nfive\n"})
    return ground.pull()


def threads(ground: Ground, number: int) -> list[Json]:
    query = """query($owner: String!, $name: String!, $number: Int!) {
      repository(owner: $owner, name: $name) { pullRequest(number: $number) {
        reviewThreads(first: 10) { nodes { id isResolved isOutdated line originalLine
          comments(first: 10) { nodes { databaseId body } } } } } } }"""
    owner, _, name = ground.name.partition("/")
    answer = ground.graphql(ground.owner, query, owner=owner, name=name, number=number)
    found: list[Json] = answer["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    return found


def test_a_pending_review_is_seen_by_its_author_only_until_it_is_submitted(
    ground: Ground,
) -> None:
    pull = changed(ground)
    path = f"/pulls/{pull['number']}"
    reviewer = ground.app("reviewer")
    body = {"body": "First look", "comments": [COMMENT]}
    begun = ground.call(reviewer, "POST", f"{path}/reviews", body)
    assert (begun["state"], "submitted_at" in begun) == ("PENDING", False)
    for api, seen in ((reviewer, 1), (ground.owner, 0)):
        assert len(ground.call(api, "GET", f"{path}/reviews")) == seen
        assert len(ground.call(api, "GET", f"{path}/comments")) == seen
    hidden = f"{path}/reviews/{begun['id']}"
    assert ground.refused(ground.owner, "GET", hidden)[0] == 404
    assert threads(ground, pull["number"]) == []
    status, said = ground.refused(reviewer, "POST", f"{path}/reviews", body)
    assert (status, "one pending review per pull request" in said) == (422, True)
    assert ground.heard("pull_request_review_comment.created") == []
    done = ground.call(reviewer, "POST", f"{hidden}/events", {"event": "REQUEST_CHANGES"})
    assert (done["state"], done["submitted_at"] is None) == ("CHANGES_REQUESTED", False)
    assert len(threads(ground, pull["number"])) == 1
    (told,) = ground.heard("pull_request_review.submitted")
    assert told.payload["review"]["state"] == "changes_requested"
    (said_to_all,) = ground.heard("pull_request_review_comment.created")
    assert said_to_all.payload["comment"]["body"] == "Why?"
    status, _ = ground.refused(reviewer, "POST", f"{hidden}/events", {"event": "APPROVE"})
    assert status == 422


def test_a_pending_review_can_be_thrown_away(ground: Ground) -> None:
    pull = changed(ground)
    path = f"/pulls/{pull['number']}/reviews"
    reviewer = ground.app("reviewer")
    begun = ground.call(reviewer, "POST", path, {"comments": [COMMENT]})
    gone = ground.call(reviewer, "DELETE", f"{path}/{begun['id']}")
    assert gone["id"] == begun["id"]
    assert ground.call(reviewer, "GET", path) == []
    assert ground.call(reviewer, "GET", f"/pulls/{pull['number']}/comments") == []
    made = ground.approve(pull["number"])
    status, said = ground.refused(reviewer, "DELETE", f"{path}/{made['id']}")
    assert (status, "non-pending pull request review" in said) == (422, True)


def test_a_pending_approval_does_not_count(ground: Ground) -> None:
    ground.seeder.protect(ground.name, required_approving_review_count=1)
    pull = changed(ground)
    path = f"/pulls/{pull['number']}/reviews"
    begun = ground.call(ground.writer, "POST", path, {"body": "fine"})
    assert ground.state(pull["number"]) == "blocked"
    ground.call(ground.writer, "POST", f"{path}/{begun['id']}/events", {"event": "APPROVE"})
    assert ground.state(pull["number"]) == "clean"


def test_replies_belong_to_the_thread_and_to_reviews_of_their_own(ground: Ground) -> None:
    pull = changed(ground)
    path = f"/pulls/{pull['number']}/comments"
    body = {**COMMENT, "commit_id": pull["head"]["sha"]}
    first = ground.call(ground.app("reviewer"), "POST", path, body)
    second = ground.call(ground.writer, "POST", f"{path}/{first['id']}/replies", {"body": "So"})
    third = ground.call(ground.owner, "POST", path, {"in_reply_to": second["id"], "body": "Ah"})
    assert [one.get("in_reply_to_id") for one in (first, second, third)] == [
        None,
        first["id"],
        first["id"],
    ]
    reviews = ground.call(ground.owner, "GET", f"/pulls/{pull['number']}/reviews")
    assert [(one["state"], one["id"]) for one in reviews] == [
        ("COMMENTED", one["pull_request_review_id"]) for one in (first, second, third)
    ]
    (thread,) = threads(ground, pull["number"])
    given = {"pullRequestReviewThreadId": thread["id"], "body": "Again"}
    answer = ground.mutate(
        ground.app("author"), "addPullRequestReviewThreadReply", given, "comment { body }"
    )
    assert answer["data"]["addPullRequestReviewThreadReply"]["comment"] == {"body": "Again"}
    (thread,) = threads(ground, pull["number"])
    assert [one["body"] for one in thread["comments"]["nodes"]] == ["Why?", "So", "Ah", "Again"]


def test_line_comments_are_shown_changed_and_removed(ground: Ground) -> None:
    pull = changed(ground)
    path = f"/pulls/{pull['number']}/comments"
    body = {**COMMENT, "commit_id": pull["head"]["sha"]}
    made = ground.call(ground.app("reviewer"), "POST", path, body)
    one = f"/pulls/comments/{made['id']}"
    assert ground.call(ground.owner, "GET", one)["line"] == 2
    assert [row["id"] for row in ground.call(ground.owner, "GET", "/pulls/comments")] == [
        made["id"]
    ]
    assert ground.refused(ground.app("author"), "PATCH", one, {"body": "no"})[0] == 403
    edited = ground.call(ground.app("reviewer"), "PATCH", one, {"body": "Because?"})
    assert edited["body"] == "Because?"
    ground.call(ground.app("reviewer"), "DELETE", one)
    assert ground.refused(ground.owner, "GET", one)[0] == 404
    assert threads(ground, pull["number"]) == []
    (told,) = ground.heard("pull_request_review_comment.edited")
    assert told.payload["changes"]["body"]["from"] == "Why?"
    assert len(ground.heard("pull_request_review_comment.deleted")) == 1


def test_a_thread_follows_its_line_until_the_line_is_changed(ground: Ground) -> None:
    pull = changed(ground)
    path = f"/pulls/{pull['number']}/comments"
    head = pull["head"]["sha"]
    made = ground.call(ground.app("reviewer"), "POST", path, {**COMMENT, "commit_id": head})
    lower = ground.commit("work", {"a.txt": "zero\none\n2\nthree\nfour\nfive\n"})
    moved = ground.call(ground.owner, "GET", f"/pulls/comments/{made['id']}")
    assert (moved["line"], moved["original_line"]) == (3, 2)
    assert (moved["commit_id"], moved["original_commit_id"]) == (lower, head)
    ground.commit("work", {"a.txt": "zero\none\ntwo!\nthree\nfour\nfive\n"})
    gone = ground.call(ground.owner, "GET", f"/pulls/comments/{made['id']}")
    assert (gone["line"], gone["position"], gone["original_line"]) == (None, None, 2)
    (thread,) = threads(ground, pull["number"])
    assert (thread["isOutdated"], thread["line"], thread["isResolved"]) == (True, None, False)


def test_threads_that_must_be_resolved_hold_the_merge(ground: Ground) -> None:
    rule = {"type": "pull_request", "parameters": {"required_review_thread_resolution": True}}
    ground.ruleset(rule)
    pull = changed(ground)
    body = {**COMMENT, "commit_id": pull["head"]["sha"]}
    ground.call(ground.app("reviewer"), "POST", f"/pulls/{pull['number']}/comments", body)
    assert "A conversation must be resolved" in ground.unmerged(pull["number"])
    (thread,) = threads(ground, pull["number"])
    given: dict[str, Any] = {"threadId": thread["id"]}
    ground.mutate(ground.app("conductor"), "resolveReviewThread", given)
    assert ground.state(pull["number"]) == "clean"
    ground.mutate(ground.app("conductor"), "unresolveReviewThread", given)
    assert ground.state(pull["number"]) == "blocked"
    names = [one.name for one in ground.town.receiver.heard]
    assert ground.heard("pull_request_review_thread.resolved")
    assert ground.heard("pull_request_review_thread.unresolved"), names


def test_the_text_of_a_review_can_be_changed_by_its_author(ground: Ground) -> None:
    pull = changed(ground)
    path = f"/pulls/{pull['number']}/reviews"
    made = ground.call(ground.app("reviewer"), "POST", path, {"event": "COMMENT", "body": "Hm"})
    one = f"{path}/{made['id']}"
    assert ground.refused(ground.app("author"), "PUT", one, {"body": "no"})[0] == 403
    assert ground.call(ground.app("reviewer"), "PUT", one, {"body": "Ah"})["body"] == "Ah"
    (told,) = ground.heard("pull_request_review.edited")
    assert told.payload["changes"]["body"]["from"] == "Hm"
