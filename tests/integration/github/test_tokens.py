"""App tokens: signed, narrow, cached, renewed, and never shown."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from scripted_hub import KEY, SHOP, TOKEN, Hub, Reply, app_github, personal

from rigtasks.errors import Permanent
from rigtasks.github.client import GitHub, GitHubSettings
from rigtasks.github.errors import BadCredentials
from rigtasks.github.identities import PersonalToken, RepositoryRef, Role
from rigtasks.github.tokens import NotInstalled

MINT = "POST /app/installations/11/access_tokens"
INSTALLATION = "GET /repos/octo/shop/installation"
READ = "GET /repos/octo/shop/x"


def minted(value: str, *, seconds: float = 3600) -> Reply:
    expires = datetime.now(UTC) + timedelta(seconds=seconds)
    return Reply(
        status=201, body={"token": value, "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
    )


def installed(hub: Hub, *tokens: Reply) -> GitHub:
    hub.on(INSTALLATION, Reply(body={"id": 11}))
    hub.on(MINT, *(tokens or (minted("ghs_first"),)))
    hub.on(READ, Reply(body={}))
    return app_github(hub)


def read(github: GitHub, role: Role = Role.AUTHOR) -> dict[str, Any]:
    return github.api(role, SHOP).get("/x", dict)


def test_the_app_signs_in_for_one_repository_and_named_permissions(hub: Hub) -> None:
    read(installed(hub))

    (asked,) = hub.calls(MINT)
    token = asked.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, KEY.public_key(), algorithms=["RS256"])
    assert claims["iss"] == "42"
    assert claims["iat"] == pytest.approx(time.time() - 60, abs=5)
    assert 0 < claims["exp"] - time.time() <= 600
    assert asked.body == {
        "repository_ids": [7],
        "permissions": {"contents": "write", "pull_requests": "write"},
    }
    assert hub.calls(READ)[0].headers["authorization"] == "Bearer ghs_first"


def test_no_identity_asks_for_workflows_or_administration(hub: Hub) -> None:
    github = installed(hub)
    for role in Role:
        read(github, role)

    asked = [set(each.body["permissions"]) for each in hub.calls(MINT)]
    assert len(asked) == 3
    assert all(not names & {"workflows", "administration", "secrets"} for names in asked)
    assert hub.calls(MINT)[1].body["permissions"] == {"contents": "read", "pull_requests": "write"}


@pytest.mark.incident("A24")
def test_a_run_gets_contents_read_and_nothing_else(hub: Hub) -> None:
    token = installed(hub).read_only_token(SHOP)

    assert token.value == "ghs_first"
    assert "ghs_first" not in repr(token)
    assert hub.calls(MINT)[0].body == {
        "repository_ids": [7],
        "permissions": {"contents": "read"},
    }


def test_a_token_is_used_again_until_five_minutes_before_its_end(hub: Hub) -> None:
    github = installed(hub, minted("ghs_short", seconds=299), minted("ghs_long", seconds=330))

    for _ in range(3):
        read(github)

    used = [each.headers["authorization"] for each in hub.calls(READ)]
    assert used == ["Bearer ghs_short", "Bearer ghs_long", "Bearer ghs_long"]
    assert len(hub.calls(INSTALLATION)) == 1


def test_repositories_do_not_share_a_token(hub: Hub) -> None:
    github = installed(hub, minted("ghs_shop"), minted("ghs_other"))
    hub.on("GET /repos/octo/other/installation", Reply(body={"id": 11}))
    other = RepositoryRef(id=8, full_name="octo/other")

    tokens = {github.read_only_token(SHOP).value, github.read_only_token(other).value}

    assert tokens == {"ghs_shop", "ghs_other"}


def test_a_token_github_does_not_know_yet_is_given_some_seconds(hub: Hub) -> None:
    github = installed(hub)
    unknown = Reply(status=401, body={"message": "Bad credentials"})
    hub.on(READ, unknown, unknown, Reply(body={"ok": True}))

    assert read(github) == {"ok": True}
    assert len(hub.calls(MINT)) == 1


def test_a_token_that_stays_unknown_has_one_successor_and_then_an_error(hub: Hub) -> None:
    github = installed(hub, minted("ghs_first"), minted("ghs_second"))
    hub.on(READ, Reply(status=401, body={"message": "Bad credentials"}))

    with pytest.raises(BadCredentials, match="private key"):
        read(github)

    assert len(hub.calls(MINT)) == 2
    used = {each.headers["authorization"] for each in hub.calls(READ)}
    assert used == {"Bearer ghs_first", "Bearer ghs_second"}


def test_an_app_installed_anew_is_looked_up_again(hub: Hub) -> None:
    hub.on(INSTALLATION, Reply(body={"id": 10}), Reply(body={"id": 11}))
    hub.on("POST /app/installations/10/access_tokens", Reply(status=404, body={"message": "?"}))
    hub.on(MINT, minted("ghs_new"))
    hub.on(READ, Reply(body={}))

    read(app_github(hub))

    assert len(hub.calls(INSTALLATION)) == 2


def test_a_permission_that_was_not_granted_is_named(hub: Hub) -> None:
    github = installed(hub, Reply(status=422, body={"message": "The permissions are not granted"}))

    with pytest.raises(NotInstalled, match="contents: write, pull_requests: write"):
        read(github)


def test_an_app_that_is_not_installed_says_where_to_install_it(hub: Hub) -> None:
    with pytest.raises(NotInstalled, match="Install the App on octo/shop"):
        read(app_github(hub))


def test_a_personal_token_never_reaches_a_run(hub: Hub) -> None:
    def github(second: str | None) -> GitHub:
        token = PersonalToken(token=TOKEN, read_only_token=second)
        return GitHub(GitHubSettings(api_url=hub.url, credentials={Role.AUTHOR: token}))

    with pytest.raises(Permanent, match="contents: read"):
        github(None).read_only_token(SHOP)

    assert github("github_pat_second").read_only_token(SHOP).value == "github_pat_second"
    assert not hub.asked


def test_no_secret_is_shown_by_any_value(hub: Hub) -> None:
    token = PersonalToken(token=TOKEN, read_only_token="github_pat_second")
    settings = GitHubSettings(api_url=hub.url, credentials={Role.AUTHOR: token})

    shown = repr(settings) + repr(token) + repr(app_github(hub).settings)

    assert TOKEN not in shown
    assert "github_pat_second" not in shown
    assert "PRIVATE KEY" not in shown


def test_the_account_of_a_personal_token_is_the_person(hub: Hub) -> None:
    api = personal(hub)

    assert (api.account().id, api.account().login) == (1, "rig")
    assert len(hub.calls("GET /user")) == 1


def test_an_identity_without_credentials_is_named(hub: Hub) -> None:
    bare = GitHub(GitHubSettings(api_url=hub.url))

    with pytest.raises(Permanent, match="reviewer"):
        bare.api(Role.REVIEWER, SHOP)
