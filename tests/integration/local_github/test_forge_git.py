"""Git over HTTP: tokens, permissions, protected branches, workflows and moving heads."""

from pathlib import Path

import pytest
from forge_scene import FIXED, MakeScene, Scene, run_git


def test_a_clone_needs_a_token_that_may_read(scene: Scene) -> None:
    with pytest.raises(AssertionError, match="could not read Username"):
        run_git(scene.folder, "clone", f"{scene.sandbox.url}/acme/shop.git", "none")
    with pytest.raises(AssertionError, match="Authentication failed"):
        scene.clone("ghs_" + "0" * 36)
    reader = scene.installed("author", permissions={"contents": "read"})
    assert (scene.clone(reader.token).path / "price.py").is_file()
    assert not (scene.folder / "none").exists()


def test_a_reading_token_does_not_push(scene: Scene) -> None:
    reader = scene.installed("author", permissions={"contents": "read"})
    copy = scene.clone(reader.token)
    copy.commit({"price.py": FIXED}, "fix")
    assert "403" in copy.push("work", check=False)
    assert [row["name"] for row in scene.call(scene.owner, "GET", "/branches")] == ["main"]


def test_a_protected_branch_takes_no_direct_push_from_an_app(make_scene: MakeScene) -> None:
    scene = make_scene(protection={"checks": [{"context": "test"}]})
    author = scene.installed("author")
    copy = scene.clone(author.token)
    head = copy.commit({"price.py": FIXED}, "fix")
    said = copy.push("main", check=False)
    assert "GH006: Protected branch update failed" in said
    assert "(protected branch hook declined)" in said
    assert scene.call(author, "GET", "/branches/main")["commit"]["sha"] != head
    # another branch of the same push is taken on its own
    said = copy.git("push", "origin", "HEAD:main", "HEAD:work", check=False)
    assert "protected branch hook declined" in said
    assert scene.call(author, "GET", "/branches/work")["commit"]["sha"] == head
    # and an owner may push where administrators are not bound
    scene.clone(scene.owner.token, "owners").git("pull", "--quiet", "origin", "work")
    copy = scene.clone(scene.owner.token, "again")
    copy.commit({"NEWS.md": "x\n"}, "news")
    copy.push("main")


def test_workflows_need_their_own_permission(scene: Scene) -> None:
    author = scene.installed("author")
    copy = scene.clone(author.token)
    copy.commit({".github/workflows/ci.yml": "on: push\njobs: {}\n"}, "ci")
    said = copy.push("sneaky", check=False)
    assert "refusing to allow a GitHub App to create or update workflow" in said
    assert "`.github/workflows/ci.yml` without `workflows` permission" in said
    assert [row["name"] for row in scene.call(author, "GET", "/branches")] == ["main"]
    # a person may
    mine = scene.clone(scene.owner.token, "mine")
    mine.commit({".github/workflows/ci.yml": "on: push\njobs: {}\n"}, "ci")
    mine.push("honest")
    assert len(scene.call(author, "GET", "/branches")) == 2


def test_a_lease_that_is_lost_is_refused_by_git_itself(scene: Scene) -> None:
    author = scene.installed("author")
    copy = scene.branch_with(author, "work", {"price.py": FIXED})
    stale = copy.git("rev-parse", "HEAD").strip()
    other = scene.clone(author.token, "other")
    other.git("fetch", "--quiet", "origin", "work")
    other.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    moved = other.commit({"more.txt": "x\n"}, "more")
    other.push("work")
    copy.git("commit", "--quiet", "--amend", "-m", "again")
    said = copy.push("work", f"--force-with-lease=refs/heads/work:{stale}", check=False)
    assert "stale info" in said
    assert scene.call(author, "GET", "/branches/work")["commit"]["sha"] == moved


def test_a_push_is_told_with_its_commits(scene: Scene) -> None:
    author = scene.installed("author")
    copy = scene.branch_with(author, "work", {"price.py": FIXED, "new.txt": "x\n"})
    head = copy.git("rev-parse", "HEAD").strip()
    scene.settled()
    push = scene.receiver.of("push")[-1].payload
    assert (push["ref"], push["after"], push["created"]) == ("refs/heads/work", head, True)
    (commit,) = push["commits"]
    assert (commit["added"], commit["modified"]) == (["new.txt"], ["price.py"])
    assert push["sender"]["login"] == "dev-e[bot]"


def test_a_moved_head_synchronizes_its_pull_request_only(scene: Scene) -> None:
    author = scene.installed("author")
    copy = scene.branch_with(author, "work", {"price.py": FIXED})
    pull = scene.call(author, "POST", "/pulls", {"title": "T", "head": "work", "base": "main"})
    scene.branch_with(author, "unrelated", {"x.txt": "x\n"})
    scene.settled()
    assert "pull_request.synchronize" not in scene.receiver.names()
    copy.git("commit", "--quiet", "--amend", "-m", "again")
    copy.push("work", "--force")
    scene.settled()
    (told,) = scene.receiver.of("pull_request.synchronize")
    assert told.payload["before"] == pull["head"]["sha"]
    assert told.payload["pull_request"]["head"]["sha"] == told.payload["after"]
    assert told.payload["pull_request"]["mergeable"] is None
    events = scene.call(author, "GET", f"/issues/{pull['number']}/events")
    assert [event["event"] for event in events] == ["head_ref_force_pushed"]


def test_pushed_hooks_and_hidden_refs_do_nothing(scene: Scene, tmp_path: Path) -> None:
    author = scene.installed("author")
    witness = tmp_path / "ran"
    copy = scene.clone(author.token)
    copy.commit({"hooks/post-receive": f"#!/bin/sh\ntouch {witness}\n"}, "hook")
    copy.push("work")
    said = copy.git("push", "origin", "HEAD:refs/pull/7/head", check=False)
    assert "[remote rejected]" in said
    assert not witness.exists()


def test_a_pull_request_merged_by_hand_is_seen_as_merged(scene: Scene) -> None:
    author = scene.installed("author")
    scene.branch_with(author, "work", {"price.py": FIXED})
    pull = scene.call(author, "POST", "/pulls", {"title": "T", "head": "work", "base": "main"})
    mine = scene.clone(scene.owner.token, "mine")
    mine.git("merge", "--quiet", "--ff-only", "origin/work")
    mine.push("main")
    after = scene.call(author, "GET", f"/pulls/{pull['number']}")
    assert (after["merged"], after["state"], after["merged_by"]["login"]) == (
        True,
        "closed",
        "olga",
    )
