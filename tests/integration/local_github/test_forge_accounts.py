"""Apps, their installations and tokens, and the repositories of accounts: who is told what."""

import pytest
from common_ground import GUILD, Ground
from forge_scene import app_jwt

from rigtasks.local.github.seeding import Api, SeedingFailed

JWT_NEEDED = (401, "A JSON web token could not be decoded")
NOT_FOUND = (404, "Not Found")
TOKEN_NEEDED = (403, "You must authenticate with an installation access token.")


@pytest.fixture
def signed(ground: Ground) -> Api:
    """The conductor's App itself, by its key."""
    return as_app(ground, "conductor")


def as_app(ground: Ground, role: str) -> Api:
    api = Api(ground.town.sandbox.url, app_jwt(ground.seeder.apps()[role]))
    ground.town.tokens[f"signed {role} {next(ground.town.counter)}"] = api
    return api


def refused(api: Api, path: str, method: str = "GET") -> tuple[int, str]:
    with pytest.raises(SeedingFailed) as failure:
        api.call(method, path)
    return failure.value.status, failure.value.body.split('"')[3]


def names(api: Api, path: str) -> set[str]:
    return {one["full_name"] for one in api.call("GET", path)}


def anonymous(ground: Ground) -> Api:
    api = Api(ground.town.sandbox.url, "")
    del api.session.headers["Authorization"]
    ground.town.tokens[f"anonymous {next(ground.town.counter)}"] = api
    return api


def test_everybody_may_look_at_an_app(ground: Ground, signed: Api) -> None:
    own = signed.call("GET", "/app")
    for api in (ground.writer, ground.app("author"), anonymous(ground)):
        shown = api.call("GET", "/apps/rig-conductor")
        assert (shown["id"], shown["slug"]) == (own["id"], "rig-conductor")
        assert "client_secret" not in shown
    assert refused(ground.writer, "/apps/no-such-app") == NOT_FOUND


def test_an_app_sees_its_own_installations_only(ground: Ground, signed: Api) -> None:
    found = signed.call("GET", f"/repos/{ground.name}/installation")
    path = f"/app/installations/{found['id']}"
    shown = signed.call("GET", path)
    assert (shown["account"]["login"], shown["app_slug"]) == (GUILD, "rig-conductor")
    assert shown["permissions"] == found["permissions"]
    assert refused(as_app(ground, "author"), path) == NOT_FOUND
    assert refused(signed, "/app/installations/999999") == NOT_FOUND
    for api in (ground.owner, ground.app("conductor")):
        assert refused(api, path) == JWT_NEEDED


def test_an_installation_is_found_by_its_organisation(ground: Ground, signed: Api) -> None:
    by_repository = signed.call("GET", f"/repos/{ground.name}/installation")
    assert signed.call("GET", f"/orgs/{GUILD}/installation")["id"] == by_repository["id"]
    ground.seeder.organization("hermits", apps=False)
    ground.town.person("oscar")
    ground.seeder.create_repository("oscar/notes", files={"a.md": "# Notes\n"})
    assert signed.call("GET", "/users/oscar/installation")["account"]["login"] == "oscar"
    for login in ("hermits", "nobody-there", "oscar"):
        assert refused(signed, f"/orgs/{login}/installation") == NOT_FOUND
    for api in (ground.owner, ground.app("conductor"), anonymous(ground)):
        assert refused(api, f"/orgs/{GUILD}/installation") == JWT_NEEDED


def test_an_installation_is_found_by_its_person(ground: Ground, signed: Api) -> None:
    ground.town.person("petra")
    assert refused(signed, "/users/petra/installation") == NOT_FOUND
    ground.seeder.create_repository("petra/notes", files={"a.md": "# Notes\n"})
    found = signed.call("GET", "/users/petra/installation")
    assert (found["account"]["login"], found["target_type"]) == ("petra", "User")
    assert signed.call("GET", "/repos/petra/notes/installation")["id"] == found["id"]
    assert refused(signed, "/users/nobody-there/installation") == NOT_FOUND
    for api in (ground.town.person("petra"), ground.app("conductor")):
        assert refused(api, "/users/petra/installation") == JWT_NEEDED


def test_a_token_that_is_given_back_is_good_for_nothing(ground: Ground, signed: Api) -> None:
    made = ground.town.installed("author", ground.name, permissions={"contents": "read"})
    other = ground.app("author")
    assert ground.call(made, "GET", "/branches")
    assert made.call("DELETE", "/installation/token") is None
    assert refused(made, f"/repos/{ground.name}/branches") == (401, "Bad credentials")
    assert refused(made, "/installation/token", "DELETE") == (401, "Bad credentials")
    # the App's other tokens live on, and nobody else has such a token
    assert ground.call(other, "GET", "/branches")
    for api in (ground.owner, signed, anonymous(ground)):
        assert refused(api, "/installation/token", "DELETE") == TOKEN_NEEDED
    assert ground.call(ground.owner, "GET", "/branches")


def test_the_repositories_of_a_person_are_those_one_may_see(ground: Ground) -> None:
    paul, willy = ground.town.person("paul"), ground.writer
    for name, fields in (
        ("paul/open", {"private": False}),
        ("paul/closed", {}),
        ("paul/shared", {"roles": {"willy": "read"}}),
    ):
        ground.seeder.create_repository(name, files={"a.md": "a\n"}, **fields)
    path = "/users/paul/repos"
    assert names(paul, path) == {"paul/open", "paul/closed", "paul/shared"}
    assert names(willy, path) == {"paul/open", "paul/shared"}
    assert names(anonymous(ground), path) == {"paul/open"}
    assert names(ground.app("author"), path) == {"paul/open"}
    assert refused(willy, "/users/nobody-there/repos") == NOT_FOUND


def test_the_repositories_of_an_organisation_are_those_one_may_see(ground: Ground) -> None:
    path, short = f"/orgs/{GUILD}/repos", ground.name.split("/")[1]
    open_one = f"{ground.name}-open"
    ground.seeder.create_repository(open_one, files={"a.md": "a\n"}, private=False)
    assert names(ground.writer, path) >= {ground.name, open_one}
    stranger = names(ground.town.person("sven"), path)
    assert open_one in stranger
    assert ground.name not in stranger
    narrowed = ground.town.installed("author", ground.name, repositories=[short])
    seen = names(narrowed, path)
    assert {ground.name, open_one} <= seen
    public = names(anonymous(ground), path)
    assert seen == public | {ground.name}
    for login in ("nobody-there", "olga"):
        assert refused(ground.writer, f"/orgs/{login}/repos") == NOT_FOUND
