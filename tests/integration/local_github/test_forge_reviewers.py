"""Who is asked for a review: people, teams, and the owners CODEOWNERS names."""

from pathlib import Path

import pytest
from common_ground import FILES, GUILD, Ground, Town, new_ground

OWNED = """# who looks after what
*.txt          @willy
/docs/         docs@example.invalid
/deep/**       @guild/wardens @nobody-at-all
/deep/free.txt
"""


@pytest.fixture
def owned(town: Town, tmp_path: Path) -> Ground:
    """Make a ground whose `deep` folder belongs to a team of its own."""
    ground = new_ground(
        town, tmp_path, files={**FILES, ".github/CODEOWNERS": OWNED, "deep/free.txt": "x\n"}
    )
    town.person("wanda")
    town.seeder.team(f"{GUILD}/wardens", ["wanda"], {ground.name.split("/")[1]: "write"})
    return ground


def requested(ground: Ground, number: int) -> tuple[list[str], list[str]]:
    found = ground.call(ground.app("reviewer"), "GET", f"/pulls/{number}/requested_reviewers")
    return [one["login"] for one in found["users"]], [one["slug"] for one in found["teams"]]


def test_people_and_teams_are_asked_and_taken_back(ground: Ground) -> None:
    ground.seeder.team(f"{GUILD}/askers", ["tina"], {ground.name.split("/")[1]: "read"})
    pull = ground.pull()
    path = f"/pulls/{pull['number']}/requested_reviewers"
    body = {"reviewers": ["willy", "olga"], "team_reviewers": ["askers"]}
    shown = ground.call(ground.app("author"), "POST", path, body)
    assert [one["login"] for one in shown["requested_reviewers"]] == ["willy", "olga"]
    assert [one["slug"] for one in shown["requested_teams"]] == ["askers"]
    query = """query($owner: String!, $name: String!, $number: Int!) {
      repository(owner: $owner, name: $name) { pullRequest(number: $number) {
        reviewRequests(first: 5) { nodes { requestedReviewer {
          ... on User { login } ... on Team { slug } } } } } } }"""
    owner, _, name = ground.name.partition("/")
    answer = ground.graphql(ground.owner, query, owner=owner, name=name, number=pull["number"])
    asked_for = answer["data"]["repository"]["pullRequest"]["reviewRequests"]["nodes"]
    assert [one["requestedReviewer"] for one in asked_for] == [
        {"login": "willy"},
        {"login": "olga"},
        {"slug": "askers"},
    ]
    ground.call(ground.app("author"), "DELETE", path, {"reviewers": ["olga"]})
    ground.call(ground.app("author"), "DELETE", path, {"reviewers": ["olga"]})
    assert requested(ground, pull["number"]) == (["willy"], ["askers"])
    asked = ground.heard("pull_request.review_requested")
    assert [one.payload.get("requested_reviewer", {}).get("login") for one in asked] == [
        "willy",
        "olga",
        None,
    ]
    assert asked[2].payload["requested_team"]["slug"] == "askers"
    (gone,) = ground.heard("pull_request.review_request_removed")
    assert gone.payload["requested_reviewer"]["login"] == "olga"
    events = ground.call(ground.owner, "GET", f"/issues/{pull['number']}/events")
    assert [one["event"] for one in events] == ["review_requested"] * 3 + ["review_request_removed"]


def test_strangers_and_the_author_cannot_be_asked(ground: Ground) -> None:
    pull = ground.pull(by=ground.writer)
    path = f"/pulls/{pull['number']}/requested_reviewers"
    ground.town.person("stranger")
    for body, words in (
        ({"reviewers": ["willy"]}, "Review cannot be requested from pull request author."),
        ({"reviewers": ["stranger"]}, "Reviews may only be requested from collaborators."),
        ({"reviewers": ["nobody-at-all"]}, "Reviews may only be requested from collaborators."),
        ({"team_reviewers": ["no-team"]}, f"not a collaborator of the {ground.name} repository."),
    ):
        status, said = ground.refused(ground.owner, "POST", path, body)
        assert (status, words in said) == (422, True), said
    assert requested(ground, pull["number"]) == ([], [])


def test_who_answers_is_no_longer_waited_for(ground: Ground) -> None:
    ground.seeder.team(f"{GUILD}/answerers", ["willy"], {ground.name.split("/")[1]: "write"})
    pull = ground.pull()
    path = f"/pulls/{pull['number']}/requested_reviewers"
    body = {"reviewers": ["willy", "olga"], "team_reviewers": ["answerers"]}
    ground.call(ground.app("author"), "POST", path, body)
    ground.approve(pull["number"], ground.writer)
    assert requested(ground, pull["number"]) == (["olga"], [])
    assert ground.heard("pull_request.review_request_removed") == []


def test_owners_are_asked_when_a_pull_request_opens(owned: Ground) -> None:
    owned.commit("work", {"deep/x.txt": "1\n", "deep/free.txt": "2\n", "code.py": "x\n"})
    pull = owned.pull()
    assert requested(owned, pull["number"]) == ([], ["wardens"])
    (told,) = owned.heard("pull_request.review_requested")
    assert told.payload["requested_team"]["slug"] == "wardens"
    owned.commit("mine", {"a.txt": "1\n"})
    own = owned.pull("mine", by=owned.writer)
    assert requested(owned, own["number"]) == ([], []), "nobody reviews their own work"


def test_owners_of_a_draft_are_asked_when_it_is_ready(owned: Ground) -> None:
    owned.commit("work", {"a.txt": "1\n"})
    pull = owned.pull(draft=True)
    assert requested(owned, pull["number"]) == ([], [])
    given = {"pullRequestId": pull["node_id"]}
    owned.mutate(owned.app("author"), "markPullRequestReadyForReview", given)
    assert requested(owned, pull["number"]) == (["willy"], [])


def test_one_owner_of_the_last_match_must_approve(owned: Ground) -> None:
    owned.seeder.protect(
        owned.name, required_approving_review_count=1, require_code_owner_reviews=True
    )
    owned.commit("work", {"deep/x.txt": "1\n"})
    pull = owned.pull()
    owned.approve(pull["number"])
    owned.approve(pull["number"], owned.writer)
    said = owned.unmerged(pull["number"])
    assert f"Waiting on code owner review from {GUILD}/wardens." in said
    owned.approve(pull["number"], owned.town.person("wanda"))
    assert owned.state(pull["number"]) == "clean"
    owned.commit("free", {"deep/free.txt": "3\n"})
    free = owned.pull("free")
    owned.approve(free["number"])
    assert owned.state(free["number"]) == "clean"


def test_what_is_wrong_with_the_file_is_told_line_by_line(town: Town, tmp_path: Path) -> None:
    text = "!x @willy\n*.py @willy notanowner\n*.js @willy @ghost @guild/none\n* @olga # fine\n"
    ground = new_ground(town, tmp_path, files={"CODEOWNERS": text})
    found = ground.call(ground.app("conductor"), "GET", "/codeowners/errors")["errors"]
    assert [(one["line"], one["column"], one["kind"]) for one in found] == [
        (1, 1, "Invalid pattern"),
        (2, 13, "Invalid owner"),
        (3, 13, "Unknown owner"),
        (3, 20, "Unknown owner"),
    ]
    assert (found[0]["path"], found[0]["source"]) == ("CODEOWNERS", "!x @willy\n")
    ground.commit("work", {"a.py": "x\n", "b.js": "x\n", "c.txt": "x\n"})
    assert requested(ground, ground.pull()["number"]) == (["olga"], []), "the last match wins"


def test_a_repository_without_owners_has_no_errors_to_list(ground: Ground) -> None:
    assert ground.refused(ground.owner, "GET", "/codeowners/errors")[0] == 404


def test_teams_are_listed_with_their_members_and_give_access(town: Town, tmp_path: Path) -> None:
    ground = new_ground(town, tmp_path)
    short = ground.name.split("/")[1]
    town.seeder.team(f"{GUILD}/band", ["bela", "bo"], {short: "maintain"})
    bela = town.person("bela")
    api = ground.app("conductor")
    assert "band" in [one["slug"] for one in api.call("GET", f"/orgs/{GUILD}/teams")]
    full = api.call("GET", f"/orgs/{GUILD}/teams/band")
    assert (full["members_count"], full["organization"]["login"]) == (2, GUILD)
    members = api.call("GET", f"/orgs/{GUILD}/teams/band/members")
    assert [one["login"] for one in members] == ["bela", "bo"]
    path = f"/orgs/{GUILD}/teams/band/memberships"
    assert api.call("GET", f"{path}/bo")["state"] == "active"
    (shown,) = [one for one in ground.call(api, "GET", "/teams") if one["slug"] == "band"]
    assert (shown["permission"], shown["permissions"]["admin"]) == ("maintain", False)
    level = ground.call(api, "GET", "/collaborators/bela/permission")
    assert (level["permission"], level["role_name"]) == ("write", "maintain")
    assert ground.call(bela, "GET", "")["permissions"]["push"] is True
    town.seeder.team(f"{GUILD}/band", ["bo"], {short: "maintain"})
    assert ground.refused(bela, "GET", "")[0] == 404
    status, _ = ground.refused(ground.app("author"), "GET", "/teams")
    assert status == 403
