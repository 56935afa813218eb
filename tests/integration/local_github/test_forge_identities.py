"""Who may do what: JWTs, installation tokens, personal tokens, roles and permissions."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from forge_scene import MakeScene, Scene, app_jwt, until

from rigtasks.local.github.seeding import SeedingFailed


def refused(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> SeedingFailed:
    with pytest.raises(SeedingFailed) as failure:
        call(*arguments, **keywords)
    return failure.value


def test_an_app_proves_itself_with_its_key(scene: Scene) -> None:
    app = scene.as_app("author").call("GET", "/app")
    assert (app["slug"], app["id"]) == ("dev-e", scene.seeder.apps()["author"]["app_id"])
    listed = scene.as_app("author").call("GET", "/app/installations")
    assert [row["account"]["login"] for row in listed] == ["acme"]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"expires": -1}, "'exp'"),
        ({"expires": 3_600}, "too far in the future"),
        ({"issued": 600}, "'iat'"),
    ],
)
def test_a_jwt_outside_its_times_is_refused(
    scene: Scene, times: dict[str, float], words: str
) -> None:
    app = scene.seeder.apps()["author"]
    error = refused(scene.api(app_jwt(app, **times)).call, "GET", "/app")
    assert error.status == 401
    assert words in error.body


def test_a_jwt_signed_with_another_apps_key_is_refused(scene: Scene) -> None:
    apps = scene.seeder.apps()
    forged = {**apps["reviewer"], "private_key_path": apps["author"]["private_key_path"]}
    assert refused(scene.api(app_jwt(forged)).call, "GET", "/app").status == 401


@pytest.mark.usefixtures("scene")
def test_the_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    keys = sorted((tmp_path / "forge" / "keys").iterdir())
    assert len(keys) == 3
    assert {key.stat().st_mode & 0o077 for key in keys} == {0}


def test_a_token_is_narrowed_to_what_was_asked(scene: Scene) -> None:
    # given a second repository of the same owner
    scene.seeder.create_repository("acme/other", files={"a": "b"}, roles={"olga": "admin"})
    shop = scene.call(scene.owner, "GET", "")
    # when a token for one repository with contents:read is asked for
    reader = scene.installed(
        "author", repository_ids=[shop["id"]], permissions={"contents": "read"}
    )
    # then it reads that repository
    assert scene.call(reader, "GET", "/contents/price.py")["encoding"] == "base64"
    seen = reader.call("GET", "/installation/repositories")
    assert (seen["total_count"], seen["repositories"][0]["full_name"]) == (1, "acme/shop")
    # and neither another one, nor writes, nor anything else
    assert refused(reader.call, "GET", "/repos/acme/other").status == 404
    error = refused(scene.call, reader, "POST", "/issues", {"title": "x"})
    assert (error.status, "Resource not accessible by integration" in error.body) == (403, True)
    assert refused(scene.call, reader, "GET", "/pulls").status == 403


def test_more_than_the_app_was_given_cannot_be_asked_for(scene: Scene) -> None:
    error = refused(scene.installed, "reviewer", permissions={"contents": "write"})
    assert error.status == 422
    assert "not granted" in error.body


def test_a_token_expires(make_scene: MakeScene) -> None:
    scene = make_scene(options={"token_lifetime": timedelta(seconds=1)})
    token = scene.installed("author")
    assert scene.call(token, "GET", "")["name"] == "shop"

    def expired() -> bool:
        try:
            scene.call(token, "GET", "")
        except SeedingFailed as error:
            return error.status == 401 and "Bad credentials" in error.body
        return False

    assert until(expired)


def test_a_made_up_token_is_refused_everywhere(scene: Scene) -> None:
    stranger = scene.api("ghs_" + "0" * 36)
    assert refused(stranger.call, "GET", "/user").status == 401
    assert refused(scene.call, stranger, "GET", "").status == 401
    assert refused(stranger.call, "POST", "/graphql", {"query": "{viewer{login}}"}).status == 401


def test_a_private_repository_is_unknown_to_strangers(scene: Scene) -> None:
    stranger = scene.seeder.person("stranger")
    assert refused(scene.call, stranger, "GET", "").status == 404
    assert requests.get(f"{scene.sandbox.url}/repos/acme/shop", timeout=10).status_code == 404


def test_roles_decide_what_people_may_do(scene: Scene) -> None:
    # given an issue, a reader and a triager
    reader, triager = scene.seeder.person("rita"), scene.seeder.person("tim")
    scene.seeder.set_roles(scene.repo, {"rita": "read", "tim": "triage"})
    scene.owner.create_issue(scene.repo, "A", "b")
    # then the reader comments but does not label
    reader.comment(scene.repo, 1, "me too")
    assert refused(reader.label, scene.repo, 1, "agent-ready").status == 403
    assert refused(reader.edit_issue, scene.repo, 1, title="mine").status == 403
    # and the triager labels, though without write permission
    triager.label(scene.repo, 1, "agent-ready")
    found = scene.call(scene.owner, "GET", "/collaborators/tim/permission")
    assert (found["permission"], found["role_name"]) == ("read", "triage")
    assert scene.call(scene.owner, "GET", "/issues/1")["title"] == "A"


def test_only_apps_write_check_runs_and_only_their_own(scene: Scene) -> None:
    sha = scene.call(scene.owner, "GET", "/branches/main")["commit"]["sha"]
    new = {"name": "rig/merge-gate", "head_sha": sha, "status": "in_progress"}
    error = refused(scene.call, scene.owner, "POST", "/check-runs", new)
    assert (error.status, "authenticate via a GitHub App" in error.body) == (403, True)
    run = scene.call(scene.installed("conductor"), "POST", "/check-runs", new)
    done = {"conclusion": "success"}
    error = refused(
        scene.call, scene.installed("author"), "PATCH", f"/check-runs/{run['id']}", done
    )
    assert error.status == 403
    after = scene.call(scene.installed("conductor"), "GET", f"/check-runs/{run['id']}")
    assert (after["status"], after["app"]["slug"]) == ("in_progress", "rig-conductor")


def test_the_controls_want_the_admin_token(scene: Scene) -> None:
    answer = requests.post(
        f"{scene.sandbox.url}/_sandbox/users",
        json={"login": "eve"},
        headers={"Authorization": f"Bearer {scene.owner.token}"},
        timeout=10,
    )
    assert answer.status_code == 401
    assert refused(scene.owner.call, "GET", "/users/eve").status == 404


def test_a_renamed_repository_redirects_by_id(scene: Scene) -> None:
    scene.owner.create_issue(scene.repo, "A", "b")
    scene.seeder.rename(scene.repo, "store")
    # redirects are followed by the client; the answer tells the new name
    assert scene.call(scene.owner, "GET", "")["full_name"] == "acme/store"
    assert scene.call(scene.owner, "GET", "/issues/1")["title"] == "A"
    plain = requests.get(
        f"{scene.sandbox.url}/repos/acme/shop/issues/1",
        headers={"Authorization": f"Bearer {scene.owner.token}"},
        allow_redirects=False,
        timeout=10,
    )
    assert plain.status_code == 301
    assert "/repositories/" in plain.headers["Location"]
