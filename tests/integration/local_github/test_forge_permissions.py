"""What an App may do: every address of the REST table with too little, and with just enough."""

import re
from pathlib import Path

import pytest
from common_ground import HOOKED, Ground, Town, new_ground, open_town
from werkzeug.test import Client, TestResponse

from rigtasks.local.github.access import mint
from rigtasks.local.github.calls import Route
from rigtasks.local.github.rest.table import ROUTES

EVERYTHING = dict.fromkeys(
    (
        "administration",
        "checks",
        "contents",
        "issues",
        "members",
        "merge_queues",
        "pull_requests",
        "statuses",
    ),
    "write",
)
REFUSED = "Resource not accessible by integration"
PLACES = {
    "number": "999999",
    "sha": "0" * 40,
    "ref": "heads/nowhere",
    "branch": "nowhere",
    "org": "guild",
    "spec": "main...nowhere",
    "path": "nowhere.txt",
}
DECIDED_BY_KEY_OR_PUBLIC = {
    "GET /app",
    "GET /app/hook/config",
    "GET /app/hook/deliveries",
    "GET /app/hook/deliveries/<int:delivery_id>",
    "GET /app/installations",
    "GET /app/installations/<int:installation_id>",
    "GET /rate_limit",
    "GET /apps/<slug>",
    "GET /installation/repositories",
    "GET /orgs/<login>/installation",
    "GET /orgs/<login>/repos",
    "GET /repos/<owner>/<repo>/installation",
    "GET /user",
    "GET /users/<login>",
    "GET /users/<login>/installation",
    "GET /users/<login>/repos",
    "DELETE /installation/token",
    "PATCH /app/hook/config",
    "POST /app/hook/deliveries/<int:delivery_id>/attempts",
    "POST /app/installations/<int:installation_id>/access_tokens",
}
NEEDY = [route for route in ROUTES if route.needs]


def named(route: Route) -> str:
    return f"{route.method} {route.rule}"


def ask(ground: Ground, route: Route, permissions: dict[str, str]) -> TestResponse:
    """Call an address with nothing that exists behind it but the repository itself."""
    state, row = ground.town.sandbox.state, ground.row
    app = state.apps.first("dev-e")
    assert app is not None
    installation = ground.town.sandbox.hub.installation(app.id, row.owner_id)
    token, _ = mint(
        state, prefix="ghs_", lifetime=None, installation=installation, permissions=permissions
    )
    owner, _, name = ground.name.partition("/")

    def place(found: re.Match[str]) -> str:
        key = found[1].split(":")[-1]
        number = "999999" if found[1].startswith("int:") else "nothing"
        return {"owner": owner, "repo": name, **PLACES}.get(key, number)

    return Client(ground.town.sandbox).open(
        re.sub(r"<([^>]+)>", place, route.rule),
        method=route.method,
        json={},
        headers={"Authorization": f"Bearer {token}"},
    )


def needed(route: Route) -> tuple[list[str], str]:
    names, _, level = route.needs.rpartition(":")
    return names.split("|"), "read" if level == "read" else "write"


def is_refused(answer: TestResponse) -> bool:
    return (
        answer.status_code == 403
        and answer.json is not None
        and (answer.json["message"] == REFUSED)
    )


def test_every_other_address_decides_by_key_or_is_public() -> None:
    assert {named(route) for route in ROUTES if not route.needs} == DECIDED_BY_KEY_OR_PUBLIC


@pytest.mark.parametrize(
    "route", [one for one in NEEDY if not one.needs.startswith("metadata")], ids=named
)
def test_everything_but_what_is_needed_is_not_enough(ground_of_all: Ground, route: Route) -> None:
    names, level = needed(route)
    others = {name: word for name, word in EVERYTHING.items() if name not in names}
    answer = ask(ground_of_all, route, others)
    assert is_refused(answer), answer.text
    told = answer.headers["X-Accepted-GitHub-Permissions"]
    assert [one.split(",")[0] for one in told.split("; ")] == [f"{one}={level}" for one in names]
    if level == "write":
        assert is_refused(ask(ground_of_all, route, {**others, **dict.fromkeys(names, "read")}))


@pytest.mark.parametrize(
    "route", sorted(NEEDY, key=lambda one: named(one) == "DELETE /repos/<owner>/<repo>"), ids=named
)
def test_just_what_is_needed_is_enough(ground_of_all: Ground, route: Route) -> None:
    names, level = needed(route)
    for name in names:
        also = {"contents": "read"} if route.needs.endswith(":fork") else {}
        answer = ask(ground_of_all, route, {**also, name: level})
        assert not is_refused(answer), answer.text
        assert "X-Accepted-GitHub-Permissions" in answer.headers


@pytest.fixture(scope="module")
def ground_of_all(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Make the one repository that every address is tried on; its deletion comes last."""
    return new_ground(town, tmp_path_factory.mktemp("all"))


def test_a_fork_needs_the_contents_too(ground: Ground) -> None:
    route = next(one for one in NEEDY if named(one) == "POST /repos/<owner>/<repo>/forks")
    answer = ask(ground, route, {"administration": "write"})
    assert is_refused(answer)
    told = answer.headers["X-Accepted-GitHub-Permissions"]
    assert told == "administration=write,contents=read"


def test_an_app_is_told_only_what_it_may_read_and_asked_for(tmp_path: Path) -> None:
    with open_town(tmp_path / "forge") as town:
        ground = new_ground(town, tmp_path)
        permissions = dict(town.seeder.grant(HOOKED)["permissions"])
        del permissions["issues"]
        town.seeder.grant(HOOKED, permissions=permissions)
        issue = ground.call(ground.owner, "POST", "/issues", {"title": "T"})
        ground.call(ground.owner, "POST", f"/issues/{issue['number']}/comments", {"body": "C"})
        ground.pull()
        assert ground.heard("issues.opened") == []
        assert len(ground.heard("issue_comment.created")) == 1, "pull requests have comments too"
        assert len(ground.heard("pull_request.opened")) == 1
        granted = {**permissions, "issues": "read"}
        town.seeder.grant(HOOKED, events=["issues", "repository_ruleset"], permissions=granted)
        made = ground.ruleset({"type": "deletion"})
        plan = {"name": "rules", "enforcement": "disabled"}
        ground.call(ground.owner, "PUT", f"/rulesets/{made['id']}", plan)
        ground.call(ground.owner, "DELETE", f"/rulesets/{made['id']}")
        for action in ("created", "edited", "deleted"):
            (told,) = ground.heard(f"repository_ruleset.{action}")
            assert told.payload["repository_ruleset"]["id"] == made["id"]
        ground.pull("second")
        ground.call(ground.owner, "POST", "/issues", {"title": "T"})
        assert len(ground.heard("issues.opened")) == 1
        assert len(ground.heard("pull_request.opened")) == 1
