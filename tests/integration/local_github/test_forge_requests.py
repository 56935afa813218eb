"""The habits of the REST API: bases, errors, pages, entity tags and the rate limit."""

import pytest
import requests
from forge_scene import MakeScene, Scene

from rigtasks.local.github.limits import Limits
from rigtasks.local.github.seeding import SeedingFailed


def get(scene: Scene, path: str, **headers: str) -> requests.Response:
    given = {"Authorization": f"Bearer {scene.owner.token}", **headers}
    return requests.get(scene.sandbox.url + path, headers=given, timeout=10)


def test_a_call_that_no_sandbox_has_is_named_once_in_the_log(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """To the caller it looks like something that is not there."""
    for _ in range(2):
        for path in ("/repos/acme/shop/milestones", "/repos/acme/shop/issues/99"):
            with pytest.raises(SeedingFailed) as refused:
                scene.owner.call("GET", path)
            assert refused.value.status == 404
    with pytest.raises(SeedingFailed):
        scene.owner.call("DELETE", "/repos/acme/shop/milestones\n\x1b[31m")

    assert [record.getMessage() for record in caplog.records] == [
        "the sandbox GitHub has no GET '/repos/acme/shop/milestones'",
        "the sandbox GitHub has no DELETE '/repos/acme/shop/milestones\\n\\x1b[31m'",
    ]


def test_both_bases_answer_and_name_themselves(scene: Scene) -> None:
    plain, enterprise = get(scene, "/repos/acme/shop"), get(scene, "/api/v3/repos/acme/shop")
    assert plain.json()["url"] == f"{scene.sandbox.url}/repos/acme/shop"
    assert enterprise.json()["url"] == f"{scene.sandbox.url}/api/v3/repos/acme/shop"
    assert plain.json()["id"] == enterprise.json()["id"]
    assert get(scene, f"/repositories/{plain.json()['id']}").json()["full_name"] == "acme/shop"


def test_lists_come_in_pages_with_links(scene: Scene) -> None:
    for number in range(5):
        scene.owner.create_issue(scene.repo, f"Issue {number}")
    first = get(scene, "/repos/acme/shop/issues?per_page=2")
    assert len(first.json()) == 2
    assert first.links["next"]["url"].endswith("per_page=2&page=2")
    assert first.links["last"]["url"].endswith("page=3")
    assert "prev" not in first.links
    last = get(scene, "/repos/acme/shop/issues?per_page=2&page=3")
    assert len(last.json()) == 1
    assert "next" not in last.links
    titles = [row["title"] for row in scene.owner.pages("/repos/acme/shop/issues", per_page=2)]
    assert sorted(titles) == [f"Issue {number}" for number in range(5)]


def test_what_did_not_change_is_not_sent_and_not_counted(scene: Scene) -> None:
    scene.owner.create_issue(scene.repo, "A")
    first = get(scene, "/repos/acme/shop/issues/1")
    again = get(scene, "/repos/acme/shop/issues/1", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Used"] == first.headers["X-RateLimit-Used"]
    scene.owner.edit_issue(scene.repo, 1, title="B")
    changed = get(scene, "/repos/acme/shop/issues/1", **{"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.json()["title"]) == (200, "B")


def test_a_tag_is_its_callers_own_and_a_time_does_as_well(scene: Scene) -> None:
    scene.owner.create_issue(scene.repo, "A")
    path = "/repos/acme/shop/issues/1"
    first = get(scene, path)
    assert first.headers["Vary"].split(", ")[:2] == ["Accept", "Authorization"]
    other = {"Authorization": f"Bearer {scene.installed('author').token}"}
    theirs = get(scene, path, **other)
    assert theirs.headers["ETag"] != first.headers["ETag"]
    tagged = get(scene, path, **other, **{"If-None-Match": first.headers["ETag"]})
    assert tagged.status_code == 200

    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    again = get(scene, path, **since)
    assert (again.status_code, again.content) == (304, b"")
    assert get(scene, path, **since, **{"If-None-Match": 'W/"another"'}).status_code == 200
    assert "Last-Modified" not in get(scene, "/repos/acme/shop/issues").headers


def test_graphql_has_an_allowance_of_its_own(scene: Scene) -> None:
    answer = requests.post(
        f"{scene.sandbox.url}/graphql",
        json={"query": '{ repository(owner: "acme", name: "shop") { id } }'},
        headers={"Authorization": f"Bearer {scene.owner.token}"},
        timeout=10,
    )
    told = [answer.headers[f"X-RateLimit-{name}"] for name in ("Resource", "Limit", "Used")]
    assert told == ["graphql", "5000", "1"]
    resources = get(scene, "/rate_limit").json()["resources"]
    used = {name: shape["used"] for name, shape in resources.items()}
    assert used == {"core": 0, "graphql": 1, "search": 0}
    limits = {name: shape["limit"] for name, shape in resources.items()}
    assert limits == {"core": 5_000, "graphql": 5_000, "search": 30}


def test_the_hourly_allowance_runs_out(make_scene: MakeScene) -> None:
    scene = make_scene(options={"limits": Limits(core_per_hour=3)})
    remaining = [get(scene, "/user").headers["X-RateLimit-Remaining"] for _ in range(3)]
    assert remaining == ["2", "1", "0"]
    refused = get(scene, "/user")
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert "API rate limit exceeded" in refused.json()["message"]
    overview = get(scene, "/rate_limit")
    assert (overview.status_code, overview.json()["rate"]["remaining"]) == (200, 0)


def test_errors_have_githubs_body(scene: Scene) -> None:
    missing = get(scene, "/repos/acme/shop/issues/99")
    assert missing.status_code == 404
    assert missing.json()["message"] == "Not Found"
    assert "documentation_url" in missing.json()
    with pytest.raises(SeedingFailed) as refused:
        scene.call(scene.owner, "POST", "/issues", {})
    assert refused.value.status == 422
    assert '"code":"missing_field","field":"title"' in refused.value.body
    broken = requests.post(
        f"{scene.sandbox.url}/repos/acme/shop/issues",
        data=b"{",
        headers={"Authorization": f"Bearer {scene.owner.token}"},
        timeout=10,
    )
    assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")
    assert get(scene, "/repos/acme/shop/issues").json() == []


def test_contents_and_trees_are_those_of_the_commit(scene: Scene) -> None:
    file = get(scene, "/repos/acme/shop/contents/price.py?ref=main").json()
    tree = get(scene, "/repos/acme/shop/git/trees/main?recursive=1").json()
    assert {"path", "mode", "type", "sha", "size", "url"} <= set(tree["tree"][-1])
    by_path = {row["path"]: row for row in tree["tree"]}
    assert by_path["price.py"]["sha"] == file["sha"]
    assert by_path[".github/workflows"]["type"] == "tree"
    assert get(scene, "/repos/acme/shop/contents/nothing.py").status_code == 404
    assert get(scene, "/repos/acme/shop/contents/price.py?ref=nowhere").status_code == 404
    listed = get(scene, "/repos/acme/shop/contents/.github").json()
    assert [row["name"] for row in listed] == ["workflows"]
