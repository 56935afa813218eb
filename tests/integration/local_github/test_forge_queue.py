"""The merge queue: what it refuses, what it tests, and in which order it merges."""

import pytest
from common_ground import Ground, Json

CHECKS = {
    "type": "required_status_checks",
    "parameters": {"required_status_checks": [{"context": "test"}]},
}
QUEUE = {"type": "merge_queue", "parameters": {"merge_method": "SQUASH"}}


@pytest.fixture
def queued(ground: Ground) -> Ground:
    ground.ruleset(CHECKS, QUEUE)
    return ground


def ready(ground: Ground, branch: str) -> Json:
    pull = ground.pull(branch)
    ground.check(pull["head"]["sha"])
    return pull


def enqueue(ground: Ground, pull: Json, **given: object) -> Json:
    selected = "mergeQueueEntry { position state headCommit { oid } pullRequest { number } }"
    return ground.mutate(
        ground.app("conductor"),
        "enqueuePullRequest",
        {"pullRequestId": pull["node_id"], **given},
        selected,
    )


def groups(ground: Ground, action: str = "checks_requested") -> list[Json]:
    return [one.payload for one in ground.heard(f"merge_group.{action}")]


def tip(ground: Ground) -> str:
    return str(ground.call(ground.owner, "GET", "/git/ref/heads/main")["object"]["sha"])


def test_a_merge_past_the_queue_is_refused(queued: Ground) -> None:
    pull = ready(queued, "one")
    assert queued.state(pull["number"]) == "clean"
    said = queued.unmerged(pull["number"])
    assert "Repository rule violations found" in said
    assert "Changes must be made through the merge queue" in said


def test_the_group_is_tested_and_merged_as_it_was_tested(queued: Ground) -> None:
    before = tip(queued)
    pull = ready(queued, "one")
    answer = enqueue(queued, pull, expectedHeadOid=pull["head"]["sha"])
    entry = answer["data"]["enqueuePullRequest"]["mergeQueueEntry"]
    assert (entry["position"], entry["pullRequest"]["number"]) == (1, pull["number"])
    (group,) = groups(queued)
    assert group["merge_group"]["head_ref"] == (
        f"refs/heads/gh-readonly-queue/main/pr-{pull['number']}-{before}"
    )
    assert (group["merge_group"]["base_sha"], group["merge_group"]["base_ref"]) == (
        before,
        "refs/heads/main",
    )
    assert "pull_request" not in group
    assert tip(queued) == before
    sha = group["merge_group"]["head_sha"]
    queued.check(sha)
    merged = queued.call(queued.owner, "GET", f"/pulls/{pull['number']}")
    assert (merged["merged"], merged["merge_commit_sha"], tip(queued)) == (True, sha, sha)
    assert merged["merged_by"]["login"] == "github-merge-queue[bot]"
    assert [one["reason"] for one in groups(queued, "destroyed")] == ["merged"]
    assert len(queued.heard("pull_request.enqueued")) == 1
    (left,) = queued.heard("pull_request.dequeued")
    assert left.payload["reason"] == "MERGE"
    branches = [row["name"] for row in queued.call(queued.owner, "GET", "/branches")]
    assert branches == ["main", "one"]


def test_what_waits_behind_a_failure_is_tested_again_without_it(queued: Ground) -> None:
    first, second = ready(queued, "one"), ready(queued, "two")
    enqueue(queued, first)
    enqueue(queued, second)
    one, two = groups(queued)
    assert two["merge_group"]["base_sha"] == one["merge_group"]["head_sha"]
    queued.check(two["merge_group"]["head_sha"])
    assert queued.call(queued.owner, "GET", f"/pulls/{second['number']}")["merged"] is False
    queued.check(one["merge_group"]["head_sha"], conclusion="failure")
    again = groups(queued)[2]
    assert again["merge_group"]["base_sha"] == tip(queued)
    assert sorted(one["reason"] for one in groups(queued, "destroyed")) == [
        "dequeued",
        "invalidated",
    ]
    (left,) = queued.heard("pull_request.dequeued")
    assert (left.payload["number"], left.payload["reason"]) == (first["number"], "CI_FAILURE")
    queued.check(again["merge_group"]["head_sha"])
    assert queued.call(queued.owner, "GET", f"/pulls/{second['number']}")["merged"] is True
    assert queued.call(queued.owner, "GET", f"/pulls/{first['number']}")["state"] == "open"


def test_green_entries_merge_in_their_order(queued: Ground) -> None:
    first, second = ready(queued, "one"), ready(queued, "two")
    enqueue(queued, first)
    enqueue(queued, second)
    one, two = [group["merge_group"]["head_sha"] for group in groups(queued)]
    queued.check(two)
    queued.check(one)
    assert tip(queued) == two
    for pull, sha in ((first, one), (second, two)):
        merged = queued.call(queued.owner, "GET", f"/pulls/{pull['number']}")
        assert (merged["merged"], merged["merge_commit_sha"]) == (True, sha)


def test_only_what_the_queue_does_not_decide_must_hold_before(queued: Ground) -> None:
    rule = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}
    queued.ruleset(rule, name="reviews")
    pull = ready(queued, "one")
    answer = enqueue(queued, pull)
    assert "At least 1 approving review is required" in answer["errors"][0]["message"]
    queued.approve(pull["number"])
    other = "0" * 40
    assert "Head branch was modified" in str(enqueue(queued, pull, expectedHeadOid=other))
    assert "errors" not in enqueue(queued, pull)
    assert "already in the merge queue" in str(enqueue(queued, pull)["errors"])


def test_a_pull_request_leaves_the_queue_by_hand_and_by_a_push(queued: Ground) -> None:
    pull = ready(queued, "one")
    given = {"id": pull["node_id"]}
    conductor = queued.app("conductor")
    answer = queued.mutate(conductor, "dequeuePullRequest", given)
    assert answer["errors"][0]["type"] == "UNPROCESSABLE"
    enqueue(queued, pull)
    assert "errors" not in queued.mutate(conductor, "dequeuePullRequest", given)
    enqueue(queued, pull)
    queued.commit("one", {"more.txt": "1\n"})
    reasons = [one.payload["reason"] for one in queued.heard("pull_request.dequeued")]
    assert reasons == ["MANUAL", "UNKNOWN_REMOVAL_REASON"]
    assert queued.state(pull["number"]) == "blocked"


def test_a_conflict_with_what_is_ahead_leaves_the_queue(queued: Ground) -> None:
    first, second = ready(queued, "one"), None
    queued.commit("two", {"one.txt": "another\n"})
    second = ready(queued, "two")
    enqueue(queued, first)
    enqueue(queued, second)
    (left,) = queued.heard("pull_request.dequeued")
    assert (left.payload["number"], left.payload["reason"]) == (second["number"], "MERGE_CONFLICT")


def test_there_is_no_queue_without_the_rule(ground: Ground) -> None:
    pull = ground.pull()
    assert "Merge queue is not enabled" in str(enqueue(ground, pull)["errors"])
    query = """query($owner: String!, $name: String!) {
      repository(owner: $owner, name: $name) { mergeQueue(branch: "main") { id } } }"""
    owner, _, name = ground.name.partition("/")
    answer = ground.graphql(ground.owner, query, owner=owner, name=name)
    assert answer["data"]["repository"] == {"mergeQueue": None}


def test_the_queue_is_listed_in_its_order(queued: Ground) -> None:
    for branch in ("one", "two"):
        enqueue(queued, ready(queued, branch))
    query = """query($owner: String!, $name: String!) {
      repository(owner: $owner, name: $name) { mergeQueue(branch: "main") {
        entries(first: 5) { totalCount nodes { position state baseCommit { oid }
          enqueuer { login } pullRequest { isInMergeQueue isMergeQueueEnabled } } } } } }"""
    owner, _, name = queued.name.partition("/")
    answer = queued.graphql(queued.owner, query, owner=owner, name=name)
    entries = answer["data"]["repository"]["mergeQueue"]["entries"]
    assert [one["position"] for one in entries["nodes"]] == [1, 2]
    for one in entries["nodes"]:
        assert (one["state"], one["enqueuer"]["login"]) == ("AWAITING_CHECKS", "rig-conductor")
        assert one["pullRequest"] == {"isInMergeQueue": True, "isMergeQueueEnabled": True}
