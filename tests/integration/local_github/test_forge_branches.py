"""Drafts, branches brought up to date, and the word for whether a pull request can be merged."""

from common_ground import Ground


def test_a_draft_is_made_ready_and_taken_back(ground: Ground) -> None:
    pull = ground.pull(draft=True)
    assert ground.state(pull["number"]) == "draft"
    assert "Pull Request is still a draft" in ground.unmerged(pull["number"])
    given = {"pullRequestId": pull["node_id"]}
    author = ground.app("author")
    selected = "pullRequest { isDraft }"
    answer = ground.mutate(author, "markPullRequestReadyForReview", given, selected)
    assert answer["data"]["markPullRequestReadyForReview"]["pullRequest"] == {"isDraft": False}
    assert ground.state(pull["number"]) == "clean"
    ground.mutate(author, "convertPullRequestToDraft", given)
    ground.mutate(author, "convertPullRequestToDraft", given)
    assert ground.state(pull["number"]) == "draft"
    assert len(ground.heard("pull_request.ready_for_review")) == 1
    (told,) = ground.heard("pull_request.converted_to_draft")
    assert told.payload["pull_request"]["draft"] is True
    reading = ground.town.installed(
        "author", ground.name, permissions={"pull_requests": "read", "contents": "read"}
    )
    answer = ground.mutate(reading, "markPullRequestReadyForReview", given)
    assert answer["errors"][0]["type"] == "FORBIDDEN"


def test_a_branch_is_brought_up_to_date_once(ground: Ground) -> None:
    pull = ground.pull()
    path = f"/pulls/{pull['number']}/update-branch"
    author, head = ground.app("author"), pull["head"]["sha"]
    status, said = ground.refused(author, "PUT", path, {})
    assert (status, "There are no new commits on the base branch." in said) == (422, True)
    tip = ground.commit("main", {"c.txt": "1\n"})
    status, said = ground.refused(author, "PUT", path, {"expected_head_sha": tip})
    assert (status, "match current head ref." in said) == (422, True)
    answer = ground.call(author, "PUT", path, {"expected_head_sha": head})
    assert answer["message"] == "Updating pull request branch."
    now = ground.call(author, "GET", f"/pulls/{pull['number']}")["head"]["sha"]
    commit = ground.call(author, "GET", f"/commits/{now}")
    assert [one["sha"] for one in commit["parents"]] == [head, tip]
    assert commit["commit"]["message"] == "Merge branch 'main' into work"
    (told,) = ground.heard("pull_request.synchronize")
    assert (told.payload["before"], told.payload["after"]) == (head, now)


def test_a_branch_that_conflicts_cannot_be_brought_up_to_date(ground: Ground) -> None:
    ground.commit("work", {"b.txt": "1\n"})
    pull = ground.pull()
    ground.commit("main", {"b.txt": "2\n"})
    path = f"/pulls/{pull['number']}/update-branch"
    status, said = ground.refused(ground.app("author"), "PUT", path, {})
    assert (status, "merge conflict between base and head" in said) == (422, True)
    assert ground.state(pull["number"]) == "dirty"


def test_the_word_says_what_is_missing(ground: Ground) -> None:
    pull = ground.pull()
    first = ground.call(ground.owner, "GET", f"/pulls/{pull['number']}")
    assert (first["mergeable"], first["mergeable_state"]) == (None, "unknown")
    assert ground.state(pull["number"]) == "clean"
    ground.check(pull["head"]["sha"], "lint", "failure")
    assert ground.state(pull["number"]) == "unstable"
    ground.seeder.protect(ground.name, checks=[{"context": "test"}], strict=True)
    assert ground.state(pull["number"]) == "blocked"
    ground.check(pull["head"]["sha"])
    ground.commit("main", {"c.txt": "1\n"})
    assert ground.state(pull["number"]) == "behind"
    query = """query($owner: String!, $name: String!, $number: Int!) {
      repository(owner: $owner, name: $name) { pullRequest(number: $number) {
        mergeable mergeStateStatus isInMergeQueue mergeQueueEntry { id } } } }"""
    owner, _, name = ground.name.partition("/")
    answer = ground.graphql(ground.owner, query, owner=owner, name=name, number=pull["number"])
    assert answer["data"]["repository"]["pullRequest"] == {
        "mergeable": "MERGEABLE",
        "mergeStateStatus": "BEHIND",
        "isInMergeQueue": False,
        "mergeQueueEntry": None,
    }


def test_a_repository_can_forbid_a_way_of_merging(ground: Ground) -> None:
    ground.call(ground.owner, "PATCH", "", {"allow_squash_merge": False})
    pull = ground.pull()
    said = ground.unmerged(pull["number"], merge_method="squash")
    assert "Squash merges are not allowed on this repository." in said
    assert ground.merge(pull["number"], merge_method="merge")["merged"] is True
