"""Pull requests: what is refused, what a diff shows, and the guards of the merge."""

from typing import Any

import pytest
import requests
from forge_scene import FIXED, MakeScene, Scene, WorkingCopy

from rigtasks.local.github.seeding import Api, SeedingFailed

Json = dict[str, Any]

PULL = {"title": "Round", "body": "why", "head": "work", "base": "main"}


def refused(scene: Scene, api: Api, method: str, path: str, body: Any = None) -> SeedingFailed:
    with pytest.raises(SeedingFailed) as failure:
        scene.call(api, method, path, body)
    return failure.value


def opened(scene: Scene, files: dict[str, str] | None = None) -> tuple[Api, WorkingCopy, Json]:
    author = scene.installed("author")
    copy = scene.branch_with(author, "work", files or {"price.py": FIXED})
    return author, copy, scene.call(author, "POST", "/pulls", PULL)


def test_a_second_pull_request_for_a_branch_is_refused_in_githubs_words(scene: Scene) -> None:
    author, _, _ = opened(scene)
    error = refused(scene, author, "POST", "/pulls", PULL)
    assert error.status == 422
    assert "A pull request already exists for acme:work." in error.body
    assert len(scene.call(author, "GET", "/pulls", head="acme:work")) == 1
    assert scene.call(author, "GET", "/pulls", head="acme:other") == []


def test_branches_that_do_not_exist_or_add_nothing_are_refused(scene: Scene) -> None:
    author = scene.installed("author")
    error = refused(scene, author, "POST", "/pulls", {**PULL, "head": "nowhere"})
    assert '"field":"head"' in error.body
    scene.clone(author.token).push("same")
    error = refused(scene, author, "POST", "/pulls", {**PULL, "head": "same"})
    assert "No commits between main and same" in error.body
    assert scene.call(author, "GET", "/pulls", state="all") == []


def test_files_and_diff_are_those_of_git(scene: Scene) -> None:
    author, copy, pull = opened(scene, {"price.py": FIXED, "docs/näme x.md": "hello\n"})
    files = scene.call(author, "GET", f"/pulls/{pull['number']}/files")
    shown = {row["filename"]: (row["status"], row["additions"], row["deletions"]) for row in files}
    assert shown == {"docs/näme x.md": ("added", 1, 0), "price.py": ("modified", 1, 1)}
    patch = next(row["patch"] for row in files if row["filename"] == "price.py")
    assert patch == "@@ -1,2 +1,2 @@\n def price(x):\n-    return int(x)\n+    return round(x)"
    diff = requests.get(
        f"{scene.sandbox.url}/repos/acme/shop/pulls/{pull['number']}",
        headers={
            "Authorization": f"Bearer {author.token}",
            "Accept": "application/vnd.github.diff",
        },
        timeout=10,
    )
    assert diff.text == copy.git("diff", "origin/main", "HEAD")
    commits = scene.call(author, "GET", f"/pulls/{pull['number']}/commits")
    assert [row["author"]["login"] for row in commits] == ["dev-e[bot]"]


def test_a_conflict_is_dirty_and_cannot_be_merged(scene: Scene) -> None:
    author, _, pull = opened(scene)
    other = scene.branch_with(author, "other", {"price.py": "def price(x):\n    return x\n"})
    assert other.path.is_dir()
    second = scene.call(author, "POST", "/pulls", {**PULL, "head": "other"})
    conductor = scene.installed("conductor")
    scene.call(conductor, "PUT", f"/pulls/{pull['number']}/merge", {"merge_method": "squash"})
    judged = scene.mergeable(conductor, second["number"])
    assert (judged["mergeable"], judged["mergeable_state"]) == (False, "dirty")
    error = refused(scene, conductor, "PUT", f"/pulls/{second['number']}/merge", {})
    assert (error.status, "not mergeable" in error.body) == (405, True)
    assert scene.call(conductor, "GET", f"/pulls/{second['number']}")["state"] == "open"


def test_a_head_that_moved_is_not_merged(scene: Scene) -> None:
    author, copy, pull = opened(scene)
    copy.commit({"more.txt": "x\n"}, "more")
    copy.push("work")
    conductor = scene.installed("conductor")
    error = refused(
        scene, conductor, "PUT", f"/pulls/{pull['number']}/merge", {"sha": pull["head"]["sha"]}
    )
    assert (error.status, "Head branch was modified" in error.body) == (409, True)
    now = scene.call(conductor, "GET", f"/pulls/{pull['number']}")
    assert (now["merged"], now["head"]["sha"] != pull["head"]["sha"]) == (False, True)
    assert scene.call(author, "GET", f"/pulls/{pull['number']}")["commits"] == 2


def test_rules_and_drafts_stop_the_merge(make_scene: MakeScene) -> None:
    scene = make_scene(protection={"checks": [{"context": "test"}]})
    author = scene.installed("author")
    scene.branch_with(author, "work", {"price.py": FIXED})
    draft = scene.call(author, "POST", "/pulls", {**PULL, "draft": True})
    conductor, path = scene.installed("conductor"), f"/pulls/{draft['number']}/merge"
    error = refused(scene, conductor, "PUT", path, {})
    assert (error.status, "draft" in error.body) == (405, True)
    scene.call(author, "PATCH", f"/pulls/{draft['number']}", {"state": "closed"})
    ready = scene.call(author, "POST", "/pulls", PULL)
    error = refused(scene, conductor, "PUT", f"/pulls/{ready['number']}/merge", {})
    assert error.status == 405
    assert 'Required status check \\"test\\" is expected.' in error.body
    # a status of that name by a person satisfies an unpinned check
    status = {"state": "success", "context": "test"}
    scene.call(scene.owner, "POST", f"/statuses/{ready['head']['sha']}", status)
    merged = scene.call(conductor, "PUT", f"/pulls/{ready['number']}/merge", {})
    assert merged["merged"] is True


def test_a_check_pinned_to_an_app_is_not_met_by_another(make_scene: MakeScene) -> None:
    scene = make_scene(protection={"checks": [{"context": "test", "app_id": 15368}]})
    _, _, pull = opened(scene)
    sha, conductor = pull["head"]["sha"], scene.installed("conductor")
    run = {"name": "test", "head_sha": sha, "conclusion": "success"}
    scene.call(conductor, "POST", "/check-runs", run)
    scene.call(scene.owner, "POST", f"/statuses/{sha}", {"state": "success", "context": "test"})
    assert scene.mergeable(conductor, pull["number"])["mergeable_state"] == "blocked"
    assert refused(scene, conductor, "PUT", f"/pulls/{pull['number']}/merge", {}).status == 405


@pytest.mark.parametrize(("method", "parents", "commits"), [("merge", 2, 3), ("rebase", 1, 3)])
def test_the_other_methods_keep_the_commits(
    scene: Scene, method: str, parents: int, commits: int
) -> None:
    author, copy, pull = opened(scene)
    copy.commit({"more.txt": "x\n"}, "more")
    copy.push("work")
    conductor = scene.installed("conductor")
    if method == "rebase":
        commits = 2
        other = scene.branch_with(author, "other", {"else.txt": "x\n"})
        assert other.path.is_dir()
        second = scene.call(author, "POST", "/pulls", {**PULL, "head": "other"})
        scene.call(conductor, "PUT", f"/pulls/{second['number']}/merge", {"merge_method": "squash"})
    before = scene.call(conductor, "GET", "/branches/main")["commit"]["sha"]
    body = {"merge_method": method}
    sha = scene.call(conductor, "PUT", f"/pulls/{pull['number']}/merge", body)["sha"]
    tip = scene.call(conductor, "GET", f"/commits/{sha}")
    compared = scene.call(conductor, "GET", f"/compare/{before}...{sha}")
    assert len(tip["parents"]) == parents
    assert (compared["status"], compared["ahead_by"]) == ("ahead", commits)
    assert {row["filename"] for row in compared["files"]} == {"more.txt", "price.py"}


def test_nobody_approves_their_own_work(scene: Scene) -> None:
    author, _, pull = opened(scene)
    for event, words in (("APPROVE", "approve your own"), ("REQUEST_CHANGES", "request changes")):
        body = {"event": event, "body": "x"}
        error = refused(scene, author, "POST", f"/pulls/{pull['number']}/reviews", body)
        assert (error.status, words in error.body) == (422, True)
    scene.call(
        author, "POST", f"/pulls/{pull['number']}/reviews", {"event": "COMMENT", "body": "x"}
    )
    reviews = scene.call(author, "GET", f"/pulls/{pull['number']}/reviews")
    assert [row["state"] for row in reviews] == ["COMMENTED"]


def test_a_review_must_fit_the_diff(scene: Scene) -> None:
    _, _, pull = opened(scene)
    reviewer, path = scene.installed("reviewer"), f"/pulls/{pull['number']}/reviews"
    for comment, words in (
        ({"path": "price.py", "line": 99, "body": "x"}, "Line could not be resolved"),
        ({"path": "README.md", "line": 1, "body": "x"}, "Path could not be resolved"),
    ):
        error = refused(
            scene, reviewer, "POST", path, {"event": "COMMENT", "body": "", "comments": [comment]}
        )
        assert (error.status, words in error.body) == (422, True)
    body = {"event": "APPROVE", "commit_id": "0" * 40}
    assert refused(scene, reviewer, "POST", path, body).status == 422
    assert scene.call(reviewer, "GET", path) == []


def test_a_dismissed_review_no_longer_counts(make_scene: MakeScene) -> None:
    scene = make_scene(protection={"required_approving_review_count": 1})
    _, _, pull = opened(scene)
    path = f"/pulls/{pull['number']}"
    approval = scene.call(
        scene.installed("reviewer"), "POST", f"{path}/reviews", {"event": "APPROVE"}
    )
    conductor = scene.installed("conductor")
    assert scene.mergeable(conductor, pull["number"])["mergeable_state"] == "clean"
    scene.call(
        scene.owner, "PUT", f"{path}/reviews/{approval['id']}/dismissals", {"message": "stale"}
    )
    assert scene.mergeable(conductor, pull["number"])["mergeable_state"] == "blocked"
    scene.settled()
    (dismissed,) = scene.receiver.of("pull_request_review.dismissed")
    assert dismissed.payload["review"]["state"] == "dismissed"
    submitted = scene.receiver.of("pull_request_review.submitted")[0]
    assert submitted.payload["review"]["state"] == "approved"


def test_owners_must_approve_where_the_branch_wants_it(make_scene: MakeScene) -> None:
    scene = make_scene(
        files={"price.py": "x = 1\n", "CODEOWNERS": "price.py @olga\n"},
        protection={"required_approving_review_count": 1, "require_code_owner_reviews": True},
    )
    _, _, pull = opened(scene, {"price.py": "x = 2\n"})
    path = f"/pulls/{pull['number']}/reviews"
    scene.call(scene.installed("reviewer"), "POST", path, {"event": "APPROVE"})
    conductor = scene.installed("conductor")
    assert scene.mergeable(conductor, pull["number"])["mergeable_state"] == "blocked"
    scene.call(scene.owner, "POST", path, {"event": "APPROVE"})
    assert scene.mergeable(conductor, pull["number"])["mergeable_state"] == "clean"


def test_deleting_the_branch_closes_the_pull_request(scene: Scene) -> None:
    author, _, pull = opened(scene)
    scene.call(author, "DELETE", "/git/refs/heads/work")
    assert scene.call(author, "GET", f"/pulls/{pull['number']}")["state"] == "closed"
    error = refused(scene, author, "PATCH", f"/pulls/{pull['number']}", {"state": "open"})
    assert error.status == 422
