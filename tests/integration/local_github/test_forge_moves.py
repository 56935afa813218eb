"""Repositories that are renamed, transferred, archived and deleted, and issues that move."""

from pathlib import Path

import requests
from common_ground import GUILD, Ground, Town, new_ground
from forge_scene import run_git

from rigtasks.local.github.seeding import Api


def asked(ground: Ground, api: Api, method: str, path: str) -> requests.Response:
    """Ask without following where the answer points to."""
    return requests.request(
        method,
        f"{ground.town.sandbox.url}{path}",
        headers={"Authorization": f"Bearer {api.token}"},
        json={},
        allow_redirects=False,
        timeout=30,
    )


def test_a_renamed_repository_is_found_at_its_old_name(ground: Ground) -> None:
    old, short = ground.name, ground.name.split("/")[1]
    copy = ground.clone(ground.app("author"))
    changed = ground.call(ground.owner, "PATCH", "", {"name": f"{short}-new"})
    assert changed["full_name"] == f"{GUILD}/{short}-new"
    answer = asked(ground, ground.owner, "GET", f"/repos/{old}/branches/main")
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith(f"/repositories/{changed['id']}/branches/main")
    assert asked(ground, ground.owner, "POST", f"/repos/{old}/issues").status_code == 307
    followed = ground.owner.call("GET", f"/repos/{old}/branches/main")
    assert followed["name"] == "main"
    copy.commit({"n.txt": "1\n"}, "fix: after the renaming")
    copy.push("work")  # asked for a login at the old address, git goes on there
    ground.name = changed["full_name"]
    assert "work" in [row["name"] for row in ground.call(ground.owner, "GET", "/branches")]
    (told,) = ground.heard("repository.renamed")
    assert told.payload["changes"] == {"repository": {"name": {"from": short}}}
    ground.call(ground.owner, "PATCH", "", {"private": False})
    said = run_git(ground.folder, "ls-remote", f"{ground.town.sandbox.url}/{old}.git")
    assert "redirecting to" in said
    assert "refs/heads/work" in said
    taken = {"name": short}
    ground.seeder.create_repository(old, files={"x": "y\n"}, roles={"olga": "admin"})
    status, said = ground.refused(ground.owner, "PATCH", "", taken)
    assert (status, "name already exists on this account" in said) == (422, True)
    assert asked(ground, ground.owner, "GET", f"/repos/{old}").status_code == 200


def test_a_transferred_repository_takes_its_rules_along_and_leaves_its_app_behind(
    ground: Ground,
) -> None:
    ground.seeder.organization("league", apps=False)
    ground.ruleset({"type": "deletion"})
    old, author = ground.name, ground.app("author")
    before = ground.call(ground.owner, "POST", "/transfer", {"new_owner": "league"})
    assert before["full_name"] == old
    assert asked(ground, ground.owner, "GET", f"/repos/{old}").status_code == 301
    moved = ground.owner.call("GET", f"/repos/{old}")
    assert moved["owner"]["login"] == "league"
    ground.name = moved["full_name"]
    assert len(ground.call(ground.owner, "GET", "/rulesets")) == 1
    assert asked(ground, author, "GET", f"/repos/{moved['full_name']}").status_code == 404
    status, _ = ground.refused(ground.owner, "POST", "/transfer", {"new_owner": "nobody-there"})
    assert status == 422


def test_a_transfer_is_told_where_the_app_is_installed(town: Town, tmp_path: Path) -> None:
    town.seeder.organization("union")
    ground = new_ground(town, tmp_path)
    ground.call(ground.owner, "POST", "/transfer", {"new_owner": "union", "new_name": "moved-in"})
    ground.name = "union/moved-in"
    (told,) = ground.heard("repository.transferred")
    assert told.payload["changes"]["owner"]["from"]["organization"]["login"] == GUILD
    assert told.payload["repository"]["full_name"] == "union/moved-in"


def test_an_archived_repository_is_read_only(ground: Ground) -> None:
    issue = ground.call(ground.owner, "POST", "/issues", {"title": "T"})
    pull = ground.pull()
    copy = ground.clone(ground.app("author"))
    ground.call(ground.owner, "PATCH", "", {"archived": True})
    for api, method, path, body in (
        (ground.owner, "POST", "/issues", {"title": "no"}),
        (ground.owner, "PATCH", f"/issues/{issue['number']}", {"title": "no"}),
        (ground.app("author"), "POST", f"/issues/{issue['number']}/comments", {"body": "no"}),
        (ground.app("conductor"), "PUT", f"/pulls/{pull['number']}/merge", {}),
        (ground.owner, "PATCH", "", {"description": "no"}),
    ):
        status, said = ground.refused(api, method, path, body)
        assert (status, "Repository was archived so is read-only." in said) == (403, True)
    copy.commit({"n.txt": "1\n"}, "fix: too late")
    assert "403" in copy.push("more", check=False)
    given = {"pullRequestId": pull["node_id"]}
    answer = ground.mutate(ground.app("author"), "convertPullRequestToDraft", given)
    assert answer["errors"][0]["message"] == "Repository was archived so is read-only."
    assert ground.call(ground.owner, "GET", f"/issues/{issue['number']}")["title"] == "T"
    assert ground.call(ground.owner, "PATCH", "", {"archived": False})["archived"] is False
    ground.call(ground.owner, "POST", "/issues", {"title": "again"})
    assert len(ground.heard("repository.archived")) == 1
    assert len(ground.heard("repository.unarchived")) == 1


def test_the_default_branch_can_be_another_one(ground: Ground) -> None:
    ground.commit("next", {"n.txt": "1\n"})
    changed = ground.call(ground.owner, "PATCH", "", {"default_branch": "next"})
    assert changed["default_branch"] == "next"
    (told,) = ground.heard("repository.edited")
    assert told.payload["changes"] == {"default_branch": {"from": "main"}}
    status, said = ground.refused(ground.owner, "PATCH", "", {"default_branch": "nowhere"})
    assert (status, "The branch nowhere was not found." in said) == (422, True)


def test_only_administrators_change_a_repository(ground: Ground) -> None:
    for api in (ground.writer, ground.app("conductor")):
        for method, path, body in (
            ("PATCH", "", {"name": "other"}),
            ("DELETE", "", None),
            ("POST", "/transfer", {"new_owner": "league"}),
        ):
            assert ground.refused(api, method, path, body)[0] == 403
    assert ground.call(ground.owner, "GET", "")["full_name"] == ground.name


def test_a_deleted_repository_is_gone(town: Town, tmp_path: Path) -> None:
    ground = new_ground(town, tmp_path)
    row = ground.row
    folder = town.sandbox.hub.git(row).path
    ground.pull()
    ground.heard("pull_request.opened")
    ground.call(ground.owner, "DELETE", "")
    assert ground.refused(ground.owner, "GET", "")[0] == 404
    assert not folder.exists()
    ground.seeder.create_repository(ground.name, files={"x": "y\n"}, roles={"olga": "admin"})
    assert ground.call(ground.owner, "GET", "/pulls", state="all") == []
    told = town.receiver.of("repository.deleted")
    assert row.id in [one.payload["repository"]["id"] for one in told]


def test_a_transferred_issue_is_found_where_it_went(town: Town, tmp_path: Path) -> None:
    ground, target = new_ground(town, tmp_path), new_ground(town, tmp_path)
    labels = {"labels": ["bug", "only-here"]}
    issue = ground.call(ground.owner, "POST", "/issues", {"title": "T", **labels})
    ground.call(ground.owner, "POST", f"/issues/{issue['number']}/comments", {"body": "C"})
    target.call(target.owner, "POST", "/labels", {"name": "bug"})
    given = {
        "issueId": issue["node_id"],
        "repositoryId": target.call(target.owner, "GET", "")["node_id"],
    }
    selected = "issue { number repository { nameWithOwner } }"
    answer = ground.mutate(ground.owner, "transferIssue", given, selected)
    moved = answer["data"]["transferIssue"]["issue"]
    assert moved["repository"]["nameWithOwner"] == target.name
    path = f"/repos/{ground.name}/issues/{issue['number']}"
    gone = asked(ground, ground.owner, "GET", f"{path}/comments")
    assert gone.status_code == 301
    found = ground.owner.call("GET", path)
    assert (found["number"], found["title"]) == (moved["number"], "T")
    assert [one["name"] for one in found["labels"]] == ["bug"]
    assert [one["body"] for one in ground.owner.call("GET", f"{path}/comments")] == ["C"]
    (told,) = ground.heard("issues.transferred")
    assert told.payload["changes"]["new_issue"]["number"] == moved["number"]
    (came,) = target.heard("issues.opened")
    assert came.payload["changes"]["old_issue"]["number"] == issue["number"]
    following = ground.call(ground.owner, "POST", "/issues", {"title": "next"})
    assert following["number"] == issue["number"] + 1


def test_a_repository_is_hidden_and_shown_again(ground: Ground) -> None:
    reader = ground.town.person("rita")
    for private, action in ((False, "publicized"), (True, "privatized")):
        changed = ground.call(ground.owner, "PATCH", "", {"private": private})
        assert (changed["private"], changed["visibility"]) == (
            private,
            "private" if private else "public",
        )
        (told,) = ground.heard(f"repository.{action}")
        assert told.payload["repository"]["private"] is private
        assert told.payload["sender"]["login"] == "olga"
        status = asked(ground, reader, "GET", f"/repos/{ground.name}").status_code
        assert status == (404 if private else 200)
    # what stays as it is is not told of
    ground.call(ground.owner, "PATCH", "", {"private": True})
    assert len(ground.heard("repository.privatized")) == 1
    status, _ = ground.refused(ground.writer, "PATCH", "", {"private": False})
    assert status == 403
    assert len(ground.heard("repository.publicized")) == 1
