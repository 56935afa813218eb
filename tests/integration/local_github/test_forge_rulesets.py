"""Rulesets: read as GitHub shows them, and in force for merges, pushes and calls that move refs."""

from pathlib import Path

import pytest
from common_ground import GUILD, Ground, Json, Town, new_ground

VIOLATED = "Repository rule violations found\n\n"
PULL_REQUEST = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}
CHECKS = {
    "type": "required_status_checks",
    "parameters": {
        "required_status_checks": [{"context": "test"}],
        "strict_required_status_checks_policy": True,
    },
}


def of_pull_request(**parameters: object) -> Json:
    return {"type": "pull_request", "parameters": parameters}


def test_a_ruleset_is_shown_with_its_rules_and_told(ground: Ground) -> None:
    made = ground.ruleset(PULL_REQUEST, {"type": "deletion"}, name="main")
    listed = ground.call(ground.app("conductor"), "GET", "/rulesets")
    assert [(row["id"], row["source_type"]) for row in listed] == [(made["id"], "Repository")]
    assert "rules" not in listed[0]
    shown = ground.call(ground.app("conductor"), "GET", f"/rulesets/{made['id']}")
    assert [rule["type"] for rule in shown["rules"]] == ["pull_request", "deletion"]
    assert "bypass_actors" not in shown, "only those who may change it see who may bypass it"
    mine = ground.call(ground.owner, "GET", f"/rulesets/{made['id']}")
    assert (mine["bypass_actors"], mine["current_user_can_bypass"]) == ([], "never")
    rules = ground.call(ground.app("author"), "GET", "/rules/branches/main")
    assert [(one["type"], one["ruleset_id"]) for one in rules] == [
        ("pull_request", made["id"]),
        ("deletion", made["id"]),
    ]
    assert ground.call(ground.app("author"), "GET", "/rules/branches/other") == []
    branch = ground.call(ground.app("author"), "GET", "/branches/main")
    assert (branch["protected"], branch["protection"]["enabled"]) == (True, False)


def test_a_ruleset_that_is_off_is_listed_but_not_in_force(ground: Ground) -> None:
    made = ground.ruleset(PULL_REQUEST, enforcement="evaluate")
    pull = ground.pull()
    assert ground.state(pull["number"]) == "clean"
    assert ground.call(ground.app("author"), "GET", "/rules/branches/main") == []
    changed = ground.call(ground.owner, "PUT", f"/rulesets/{made['id']}", {"enforcement": "active"})
    when = ("enforcement", "updated_at")
    same = {name: value for name, value in changed.items() if name not in when}
    assert same == {name: value for name, value in made.items() if name not in when}
    assert changed["enforcement"] == "active"
    assert ground.state(pull["number"]) == "blocked"
    ground.call(ground.owner, "PUT", f"/rulesets/{made['id']}", {"name": "off", "rules": []})
    assert ground.state(pull["number"]) == "clean"
    ground.call(ground.owner, "PUT", f"/rulesets/{made['id']}", {"rules": [PULL_REQUEST]})
    assert ground.state(pull["number"]) == "blocked"
    ground.call(ground.owner, "DELETE", f"/rulesets/{made['id']}")
    assert ground.state(pull["number"]) == "clean"
    assert ground.call(ground.owner, "GET", "/rulesets") == []


def test_the_merge_is_refused_in_the_words_of_rulesets_until_every_rule_is_met(
    ground: Ground,
) -> None:
    ground.ruleset(PULL_REQUEST, CHECKS)
    pull = ground.pull()
    said = ground.unmerged(pull["number"])
    assert VIOLATED in said
    assert 'Required status check "test" is expected.' in said
    assert "At least 1 approving review is required by reviewers with write access." in said
    ground.check(pull["head"]["sha"], conclusion="failure")
    assert 'Required status check "test" is failing.' in ground.unmerged(pull["number"])
    ground.check(pull["head"]["sha"])
    ground.approve(pull["number"])
    ground.commit("main", {"new.txt": "x\n"}, by=ground.owner)
    assert ground.state(pull["number"]) == "behind"
    ground.call(ground.app("author"), "PUT", f"/pulls/{pull['number']}/update-branch", {})
    head = ground.call(ground.owner, "GET", f"/pulls/{pull['number']}")["head"]["sha"]
    ground.check(head)
    assert ground.state(pull["number"]) == "clean"
    assert ground.merge(pull["number"], merge_method="squash")["merged"] is True


def test_classic_protection_is_added_to_rulesets(ground: Ground) -> None:
    ground.ruleset(PULL_REQUEST)
    ground.seeder.protect(ground.name, checks=[{"context": "ci"}], enforce_admins=True)
    pull = ground.pull()
    said = ground.unmerged(pull["number"])
    assert said.index('Required status check "ci" is expected.') < said.index(VIOLATED)
    ground.approve(pull["number"])
    assert VIOLATED not in ground.unmerged(pull["number"])


def test_only_the_allowed_methods_merge(ground: Ground) -> None:
    ground.ruleset(of_pull_request(allowed_merge_methods=["squash"]))
    pull = ground.pull()
    said = ground.unmerged(pull["number"], merge_method="merge")
    assert "Merge is not an allowed merge method in this repository." in said
    assert ground.merge(pull["number"], merge_method="squash")["merged"] is True


def test_the_last_pusher_cannot_be_the_only_one_to_approve(ground: Ground) -> None:
    rule = of_pull_request(required_approving_review_count=1, require_last_push_approval=True)
    ground.ruleset(rule)
    pull = ground.pull()
    ground.approve(pull["number"], ground.writer)
    said = ground.unmerged(pull["number"])
    assert "from someone other than willy because they were the last pusher." in said
    ground.approve(pull["number"])
    assert ground.state(pull["number"]) == "clean"


def test_a_push_takes_back_what_was_approved(ground: Ground) -> None:
    ground.ruleset(
        of_pull_request(required_approving_review_count=1, dismiss_stale_reviews_on_push=True)
    )
    pull = ground.pull()
    review = ground.approve(pull["number"])
    ground.commit("work", {"more.txt": "x\n"})
    shown = ground.call(ground.owner, "GET", f"/pulls/{pull['number']}/reviews/{review['id']}")
    assert shown["state"] == "DISMISSED"
    assert ground.state(pull["number"]) == "blocked"
    (told,) = ground.heard("pull_request_review.dismissed")
    assert told.payload["review"]["id"] == review["id"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (PULL_REQUEST, "Changes must be made through a pull request."),
        (CHECKS, 'Required status check "test" is expected.'),
        ({"type": "update"}, "Cannot update this protected ref."),
        ({"type": "required_signatures"}, "Commits must have verified signatures."),
        ({"type": "merge_queue", "parameters": {}}, "Changes must be made through the merge queue"),
    ],
)
def test_a_call_that_moves_a_branch_is_refused(ground: Ground, rule: Json, words: str) -> None:
    sha = ground.commit("work", {"a.txt": "1\n"})
    ground.ruleset(rule)
    body = {"sha": sha}
    status, said = ground.refused(ground.app("author"), "PATCH", "/git/refs/heads/main", body)
    assert (status, VIOLATED in said, words in said) == (422, True, True), said


def test_a_call_that_commits_a_file_is_refused_like_a_push(ground: Ground) -> None:
    path = "/contents/a.txt"
    sha = ground.call(ground.owner, "GET", path)["sha"]
    tip = ground.call(ground.owner, "GET", "/git/ref/heads/main")["object"]["sha"]
    ground.ruleset(PULL_REQUEST)
    author, written = ground.app("author"), {"message": "fix: no", "content": "", "sha": sha}
    for method, body in (("PUT", written), ("DELETE", {"message": "fix: no", "sha": sha})):
        status, said = ground.refused(author, method, path, body)
        assert (status, VIOLATED in said) == (409, True), said
        assert "Changes must be made through a pull request." in said
    ground.seeder.protect(ground.name, required_approving_review_count=1)
    status, said = ground.refused(author, "PUT", path, written)
    assert (status, "Could not update file: " in said) == (409, True), said
    assert ground.call(ground.owner, "GET", "/git/ref/heads/main")["object"]["sha"] == tip
    ground.commit("work", {"b.txt": "1\n"})
    made = ground.call(author, "PUT", path, {**written, "branch": "work"})
    assert made["commit"]["message"].strip() == "fix: no"


def test_creating_and_deleting_branches_can_be_reserved(ground: Ground) -> None:
    sha = ground.commit("release/1", {"a.txt": "1\n"})
    names = {"ref_name": {"include": ["refs/heads/release/*"], "exclude": []}}
    ground.ruleset({"type": "creation"}, {"type": "deletion"}, conditions=names)
    author = ground.app("author")
    body = {"ref": "refs/heads/release/2", "sha": sha}
    status, said = ground.refused(author, "POST", "/git/refs", body)
    assert (status, "Cannot create ref due to creations being restricted." in said) == (422, True)
    status, said = ground.refused(author, "DELETE", "/git/refs/heads/release/1")
    assert (status, "Cannot delete this branch" in said) == (422, True)
    ground.call(author, "POST", "/git/refs", {**body, "ref": "refs/heads/release/2/deep"})
    ground.call(author, "POST", "/git/refs", {**body, "ref": "refs/heads/other"})


def test_git_hears_every_violated_rule(ground: Ground) -> None:
    ground.ruleset(PULL_REQUEST, {"type": "non_fast_forward"})
    copy = ground.clone(ground.app("author"))
    copy.git("commit", "--quiet", "--amend", "-m", "another beginning")
    said = copy.push("main", "--force", check=False)
    for words in (
        "GH013: Repository rule violations found for refs/heads/main.",
        f"{ground.name}/rules?ref=refs%2Fheads%2Fmain",
        "- Cannot force-push to this branch",
        "- Changes must be made through a pull request.",
        "(push declined due to repository rule violations)",
    ):
        assert words in said, said


def test_the_head_of_a_ready_pull_request_may_be_pushed(ground: Ground) -> None:
    ground.ruleset(PULL_REQUEST)
    pull = ground.pull()
    sha = {"sha": pull["head"]["sha"]}
    status, _ = ground.refused(ground.app("author"), "PATCH", "/git/refs/heads/main", sha)
    assert status == 422
    ground.approve(pull["number"])
    ground.call(ground.app("author"), "PATCH", "/git/refs/heads/main", sha)
    assert ground.call(ground.owner, "GET", f"/pulls/{pull['number']}")["merged"] is True


def test_those_who_may_bypass_are_not_bound(ground: Ground) -> None:
    conductor = ground.seeder.apps()["conductor"]["app_id"]
    actors = [
        {"actor_id": conductor, "actor_type": "Integration", "bypass_mode": "pull_request"},
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"},
    ]
    made = ground.ruleset(PULL_REQUEST, bypass_actors=actors)
    pull = ground.pull()
    assert ground.state(pull["number"]) == "blocked"
    ground.unmerged(pull["number"], ground.app("author"))
    sha = {"sha": pull["head"]["sha"]}
    status, _ = ground.refused(ground.app("conductor"), "PATCH", "/git/refs/heads/main", sha)
    assert status == 422, "bypassing pull requests does not let anybody push"
    shown = ground.call(ground.owner, "GET", f"/rulesets/{made['id']}")
    assert (shown["bypass_actors"], shown["current_user_can_bypass"]) == (actors, "always")
    assert ground.merge(pull["number"])["merged"] is True
    ground.commit("second", {"c.txt": "1\n"})
    body = {"sha": ground.call(ground.owner, "GET", "/git/ref/heads/second")["object"]["sha"]}
    ground.call(ground.owner, "PATCH", "/git/refs/heads/main", {**body, "force": True})


def test_an_organisation_rules_the_repositories_it_names(town: Town, tmp_path: Path) -> None:
    ruled = new_ground(town, tmp_path)
    free = new_ground(town, tmp_path)
    name = ruled.name.split("/")[1]
    made = town.seeder.organization_ruleset(
        GUILD,
        name=f"of the guild for {name}",
        enforcement="active",
        rules=[PULL_REQUEST],
        conditions={
            "ref_name": {"include": ["~ALL"], "exclude": ["refs/heads/work*"]},
            "repository_name": {"include": [name]},
        },
    )
    try:
        (rule,) = ruled.call(ruled.app("author"), "GET", "/rules/branches/main")
        assert (rule["ruleset_source_type"], rule["ruleset_source"]) == ("Organization", GUILD)
        assert ruled.call(ruled.app("author"), "GET", "/rules/branches/work-1") == []
        assert free.call(free.app("author"), "GET", "/rules/branches/main") == []
        own = ruled.call(ruled.owner, "GET", "/rulesets", includes_parents="false")
        assert own == []
        status, _ = ruled.refused(ruled.owner, "DELETE", f"/rulesets/{made['id']}")
        assert status == 404
        assert VIOLATED in ruled.unmerged(ruled.pull()["number"])
        assert free.merge(free.pull()["number"])["merged"] is True
    finally:
        town.seeder.delete_organization_ruleset(GUILD, made["id"])


def test_a_rule_that_cannot_be_enforced_is_refused(ground: Ground) -> None:
    for rule, words in (
        ({"type": "code_scanning"}, "Invalid rule 'code_scanning'"),
        (of_pull_request(required_approving_review_count="two"), "Expected `int`"),
    ):
        plan = {"name": "odd", "enforcement": "active", "rules": [rule]}
        status, said = ground.refused(ground.owner, "POST", "/rulesets", plan)
        assert (status, words in said) == (422, True), said
    assert ground.call(ground.owner, "GET", "/rulesets") == []
