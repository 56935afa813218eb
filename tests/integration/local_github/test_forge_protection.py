"""Classic branch protection: written and read over REST, and in force everywhere."""

from common_ground import Ground, Json

BARE: Json = {
    "required_status_checks": None,
    "enforce_admins": None,
    "required_pull_request_reviews": None,
    "restrictions": None,
}
PROTECTION = "/branches/main/protection"


def protect(ground: Ground, **fields: object) -> Json:
    return dict(ground.call(ground.owner, "PUT", PROTECTION, {**BARE, **fields}))


def test_protection_is_read_as_it_was_written(ground: Ground) -> None:
    ground.seeder.team("guild/keepers", ["tina"], {ground.name.split("/")[1]: "write"})
    named = {"users": ["willy"], "teams": ["keepers"], "apps": ["dev-e"]}
    protect(
        ground,
        required_status_checks={"strict": True, "checks": [{"context": "ci", "app_id": 15368}]},
        enforce_admins=True,
        required_pull_request_reviews={
            "dismissal_restrictions": {"users": ["olga"], "teams": []},
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": True,
            "required_approving_review_count": 2,
            "require_last_push_approval": True,
            "bypass_pull_request_allowances": {"apps": ["rig-conductor"]},
        },
        restrictions=named,
        required_linear_history=True,
        allow_force_pushes=True,
        required_conversation_resolution=True,
    )
    read = ground.call(ground.app("conductor"), "GET", PROTECTION)
    assert read["required_status_checks"]["checks"] == [{"context": "ci", "app_id": 15368}]
    reviews = read["required_pull_request_reviews"]
    assert (reviews["required_approving_review_count"], reviews["dismiss_stale_reviews"]) == (
        2,
        True,
    )
    assert reviews["bypass_pull_request_allowances"]["apps"][0]["slug"] == "rig-conductor"
    limits = read["restrictions"]
    assert [one["login"] for one in limits["users"]] == ["willy"]
    assert [one["slug"] for one in limits["teams"] + limits["apps"]] == ["keepers", "dev-e"]
    for name in ("required_linear_history", "allow_force_pushes"):
        assert read[name] == {"enabled": True}
    assert read["allow_deletions"] == {"enabled": False}
    alone = ground.call(ground.owner, "GET", f"{PROTECTION}/required_pull_request_reviews")
    assert alone["require_last_push_approval"] is True
    checks = ground.call(ground.owner, "GET", f"{PROTECTION}/required_status_checks")
    assert checks["contexts"] == ["ci"]


def test_protection_can_be_taken_away(ground: Ground) -> None:
    protect(ground, required_pull_request_reviews={"required_approving_review_count": 1})
    pull = ground.pull()
    assert ground.state(pull["number"]) == "blocked"
    ground.call(ground.owner, "DELETE", PROTECTION)
    assert ground.state(pull["number"]) == "clean"
    status, said = ground.refused(ground.owner, "GET", PROTECTION)
    assert (status, "Branch not protected" in said) == (404, True)
    for action in ("created", "deleted"):
        (told,) = ground.heard(f"branch_protection_rule.{action}")
        assert told.payload["rule"]["name"] == "main"
    status, said = ground.refused(ground.owner, "PUT", "/branches/nowhere/protection", BARE)
    assert (status, "Branch not found" in said) == (404, True)


def test_administrators_are_bound_only_where_that_is_asked(ground: Ground) -> None:
    protect(ground, required_pull_request_reviews={"required_approving_review_count": 1})
    ground.call(ground.owner, "POST", f"{PROTECTION}/enforce_admins")
    pull = ground.pull()
    ground.unmerged(pull["number"], ground.owner)
    ground.call(ground.owner, "DELETE", f"{PROTECTION}/enforce_admins")
    assert ground.call(ground.owner, "GET", f"{PROTECTION}/enforce_admins")["enabled"] is False
    ground.unmerged(pull["number"], ground.writer)
    assert ground.merge(pull["number"], ground.owner)["merged"] is True
    changes = [
        one.payload["changes"]["admin_enforced"]["from"]
        for one in ground.heard("branch_protection_rule.edited")
    ]
    assert changes == [False, True]


def test_only_those_on_the_list_push_or_merge(ground: Ground) -> None:
    protect(ground, restrictions={"users": ["willy"], "teams": [], "apps": ["rig-conductor"]})
    pull = ground.pull()
    sha = {"sha": pull["head"]["sha"]}
    words = "You're not authorized to push to this branch."
    status, said = ground.refused(ground.app("author"), "PATCH", "/git/refs/heads/main", sha)
    assert (status, words in said) == (422, True)
    assert words in ground.unmerged(pull["number"], ground.app("author"))
    assert ground.merge(pull["number"], ground.writer)["merged"] is True


def test_a_linear_branch_takes_no_merge_commit(ground: Ground) -> None:
    protect(ground, required_linear_history=True)
    pull = ground.pull()
    said = ground.unmerged(pull["number"], merge_method="merge")
    assert "Merge commits are not allowed on this repository." in said
    copy = ground.clone(ground.app("author"))
    copy.git("merge", "--quiet", "--no-ff", "-m", "merged", "origin/work")
    said = copy.push("main", check=False)
    assert "This branch must not contain merge commits." in said
    assert "GH006: Protected branch update failed for refs/heads/main." in said
    assert ground.merge(pull["number"], merge_method="rebase")["merged"] is True


def test_git_refuses_force_pushes_and_deletions(ground: Ground) -> None:
    ground.commit("release", {"r.txt": "1\n"})
    ground.call(ground.owner, "PUT", "/branches/release/protection", BARE)
    copy = ground.clone(ground.app("author"))
    copy.git("checkout", "--quiet", "--detach", "origin/release")
    copy.git("commit", "--quiet", "--amend", "-m", "rewritten")
    said = copy.push("release", "--force", check=False)
    assert "Cannot force-push to this protected branch" in said
    said = copy.git("push", "origin", ":refs/heads/release", check=False)
    assert "Cannot delete a protected branch" in said
    assert "(protected branch hook declined)" in said
    copy.git("reset", "--quiet", "--hard", "origin/release")
    copy.commit({"r.txt": "2\n"}, "fix: forward")
    copy.push("release")
    allowed = {**BARE, "allow_force_pushes": True, "allow_deletions": True}
    ground.call(ground.owner, "PUT", "/branches/release/protection", allowed)
    copy.git("commit", "--quiet", "--amend", "-m", "rewritten")
    copy.push("release", "--force")
    copy.git("push", "--quiet", "origin", ":refs/heads/release")
    assert [row["name"] for row in ground.call(ground.owner, "GET", "/branches")] == ["main"]


def test_only_those_on_the_list_dismiss_reviews(ground: Ground) -> None:
    ground.seeder.set_roles(ground.name, {"tina": "write"})
    protect(
        ground,
        required_pull_request_reviews={
            "dismissal_restrictions": {"users": ["tina"]},
            "required_approving_review_count": 1,
        },
    )
    pull = ground.pull()
    review = ground.approve(pull["number"])
    path = f"/pulls/{pull['number']}/reviews/{review['id']}/dismissals"
    status, _ = ground.refused(ground.writer, "PUT", path, {"message": "no"})
    assert status == 403
    tina = ground.town.person("tina")
    assert ground.call(tina, "PUT", path, {"message": "no"})["state"] == "DISMISSED"


def test_an_app_without_the_permission_cannot_protect(ground: Ground) -> None:
    status, _ = ground.refused(ground.app("conductor"), "PUT", PROTECTION, BARE)
    assert status == 403
    status, _ = ground.refused(ground.writer, "PUT", PROTECTION, BARE)
    assert status == 403
