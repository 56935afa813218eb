"""A plan put in force over HTTP: each fault as a caller sees it, and what is left of the effect."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from forge_scene import FIXED, MakeScene, Scene, until

from rigtasks.local.github.faults.plan import FaultPlan
from rigtasks.local.github.limits import Limits
from rigtasks.local.github.seeding import Api, SeedingFailed
from rigtasks.local.github.strict_data import read_data

Install = Callable[..., Api]


@pytest.fixture
def faulty(scene: Scene) -> Install:
    """Put a plan in force and return the holder of the admin token."""

    def install(*faults: dict[str, Any], seed: int = 0) -> Api:
        admin = scene.api(scene.sandbox.admin_token)
        admin.call("PUT", "/_sandbox/faults", {"seed": seed, "faults": list(faults)})
        return admin

    return install


def ask(scene: Scene, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {scene.owner.token}"}
    url = scene.sandbox.url + path
    return requests.request(method, url, json=body, headers=headers, timeout=30, **more)


ISSUES = "/repos/acme/shop/issues"
NEW = {"title": "A"}


@pytest.mark.parametrize("status", [502, 504])
def test_an_error_before_the_effect_and_one_after_it(
    scene: Scene, faulty: Install, status: int
) -> None:
    before = {"kind": "error-before", "status": status, "methods": ["POST"], "times": 1}
    after = {"kind": "error-after", "status": status, "methods": ["POST"], "skip": 1, "times": 1}
    admin = faulty(before, after)

    first = ask(scene, "POST", ISSUES, NEW)
    titles = [issue["title"] for issue in ask(scene, "GET", ISSUES).json()]
    assert (first.status_code, titles) == (status, [])
    assert first.headers["Content-Type"].startswith("application/json")
    second = ask(scene, "POST", ISSUES, NEW)
    titles = [issue["title"] for issue in ask(scene, "GET", ISSUES).json()]
    assert (second.status_code, titles) == (status, ["A"])
    assert ask(scene, "POST", ISSUES, NEW).status_code == 201

    report = admin.call("GET", "/_sandbox/faults")
    told = [(one["number"], one["kind"], one["what"], one["caller"]) for one in report["injected"]]
    assert told == [
        (1, "error-before", f"POST {ISSUES}", "olga"),
        (2, "error-after", f"POST {ISSUES}", "olga"),
    ]
    admin.call("DELETE", "/_sandbox/faults")
    assert admin.call("GET", "/_sandbox/faults")["plan"]["faults"] == []


def test_a_connection_breaks_in_the_middle_of_an_answer_or_before_it(
    scene: Scene, faulty: Install
) -> None:
    faulty({"kind": "cut", "times": 1}, {"kind": "cut", "bytes": 0, "skip": 1, "times": 1})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(scene, "POST", ISSUES, NEW)
    with pytest.raises(requests.ConnectionError):
        ask(scene, "POST", ISSUES, NEW)
    assert [issue["number"] for issue in ask(scene, "GET", ISSUES).json()] == [2, 1]


def test_a_slow_answer_comes_after_the_effect_and_ends_with_the_sandbox(
    scene: Scene, faulty: Install
) -> None:
    faulty({"kind": "slow", "seconds": 3_600, "methods": ["POST"]})
    with pytest.raises(requests.Timeout):
        requests.post(
            scene.sandbox.url + ISSUES,
            json=NEW,
            headers={"Authorization": f"Bearer {scene.owner.token}"},
            timeout=0.2,
        )
    until(lambda: ask(scene, "GET", ISSUES).json())


def test_limits_come_in_each_of_githubs_forms(scene: Scene, faulty: Install) -> None:
    faulty(
        {"kind": "secondary-limit", "times": 1},
        {"kind": "secondary-limit", "times": 1, "skip": 1, "status": 429, "retry_after": 9},
        {"kind": "primary-limit", "times": 1, "skip": 2, "reset": 90},
        {"kind": "primary-limit", "times": 1, "skip": 3, "status": 429},
    )
    answers = [ask(scene, "GET", "/user") for _ in range(5)]
    assert [one.status_code for one in answers] == [403, 429, 403, 429, 200]
    assert [one.headers.get("Retry-After") for one in answers] == [None, "9", None, None, None]
    remaining = [one.headers.get("X-RateLimit-Remaining") for one in answers]
    assert remaining == [None, None, "0", "0", "4999"]
    words = [one.json().get("message", "") for one in answers]
    assert words[0] == words[1]
    assert "exceeded a secondary rate limit" in words[0]
    assert words[2].startswith("API rate limit exceeded for user ID ")

    faulty({"kind": "primary-limit"})
    answer = ask(scene, "POST", "/graphql", {"query": "{ viewer { login } }"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["type"]) == (200, "RATE_LIMIT")
    assert answer.headers["X-RateLimit-Resource"] == "graphql"


def test_a_live_token_is_refused_once_and_another_ends_for_good(
    scene: Scene, faulty: Install
) -> None:
    token = scene.installed("author")
    faulty(
        {"kind": "unauthorized", "callers": ["olga"], "times": 1},
        {"kind": "token-expires", "callers": ["dev-e[bot]"], "times": 1},
    )
    assert [ask(scene, "GET", "/user").status_code for _ in range(2)] == [401, 200]
    for _ in range(2):
        with pytest.raises(SeedingFailed) as refused:
            scene.call(token, "GET", "/issues")
        assert refused.value.status == 401
    assert scene.call(scene.installed("author"), "GET", "/issues") == []


def test_reads_lie_behind_by_changes_or_by_seconds(scene: Scene, faulty: Install) -> None:
    scene.owner.create_issue(scene.repo, "A", "first")
    scene.owner.edit_issue(scene.repo, 1, body="second")
    scene.owner.create_issue(scene.repo, "B")

    faulty({"kind": "stale-read", "changes": 1})
    assert [one["number"] for one in ask(scene, "GET", ISSUES).json()] == [1]
    assert ask(scene, "GET", f"{ISSUES}/2").status_code == 404
    assert ask(scene, "GET", f"{ISSUES}/1").json()["body"] == "second"
    faulty({"kind": "stale-read", "changes": 2})
    assert ask(scene, "GET", f"{ISSUES}/1").json()["body"] == "first"
    faulty({"kind": "stale-read", "seconds": 3_600})
    assert ask(scene, "GET", "/repos/acme/shop").status_code == 404

    # and nothing was lost by looking back
    scene.api(scene.sandbox.admin_token).call("DELETE", "/_sandbox/faults")
    assert ask(scene, "POST", ISSUES, NEW).json()["number"] == 3
    assert [one["number"] for one in ask(scene, "GET", ISSUES).json()] == [3, 2, 1]
    assert ask(scene, "GET", f"{ISSUES}/1").json()["body"] == "second"


def test_graphql_reads_lie_behind_and_its_changes_do_not(scene: Scene, faulty: Install) -> None:
    scene.owner.create_issue(scene.repo, "A", "first")
    scene.owner.edit_issue(scene.repo, 1, body="second")
    query = {
        "query": '{ repository(owner: "acme", name: "shop") { issue(number: 1) { lastEditedAt } } }'
    }
    faulty({"kind": "stale-read", "times": 1})
    edits = [
        ask(scene, "POST", "/graphql", query).json()["data"]["repository"]["issue"]["lastEditedAt"]
        for _ in range(2)
    ]
    assert edits[0] is None
    assert edits[1] is not None
    admin = faulty({"kind": "stale-read"})
    change = {"query": "mutation { resolveReviewThread(input: {threadId: 1}) { thread { id } } }"}
    ask(scene, "POST", "/graphql", change)
    assert admin.call("GET", "/_sandbox/faults")["injected"] == []


@pytest.mark.parametrize("kind", ["error-before", "error-after"])
def test_a_push_fails_before_or_after_the_branch_moved(
    scene: Scene, faulty: Install, kind: str
) -> None:
    copy = scene.clone(scene.owner.token)
    sha = copy.commit({"price.py": FIXED}, "fix: round")
    faulty({"kind": kind, "paths": ["/acme/*/git-receive-pack"], "times": 1})
    told = copy.push("work", check=False)
    assert "502" in told
    heads = copy.git("ls-remote", "origin", "refs/heads/work")
    assert (sha in heads) is (kind == "error-after")


def test_a_plan_that_is_not_understood_changes_nothing(scene: Scene, faulty: Install) -> None:
    admin = faulty({"kind": "cut", "paths": ["/nowhere"]})
    for plan, where in (
        ({"faults": [{"kind": "error"}]}, "$.faults[0].kind"),
        ({"faults": [{"kind": "slow", "second": 1}]}, "did you mean `seconds`?"),
        ({"fault": []}, "unknown key `fault`"),
    ):
        with pytest.raises(SeedingFailed) as refused:
            admin.call("PUT", "/_sandbox/faults", plan)
        assert refused.value.status == 422
        assert where in refused.value.body
    assert admin.call("GET", "/_sandbox/faults")["plan"]["faults"][0]["kind"] == "cut"
    with pytest.raises(SeedingFailed, match="401"):
        scene.owner.call("GET", "/_sandbox/faults")


def test_a_slow_answer_counts_among_those_under_way(make_scene: MakeScene) -> None:
    scene = make_scene(options={"limits": Limits(concurrent=1)})
    plan = {"faults": [{"kind": "slow", "seconds": 3_600, "paths": ["/user"], "times": 1}]}
    scene.sandbox.faults.install(read_data(plan, FaultPlan))
    with pytest.raises(requests.Timeout):
        requests.get(
            f"{scene.sandbox.url}/user",
            headers={"Authorization": f"Bearer {scene.owner.token}"},
            timeout=0.2,
        )
    until(lambda: scene.sandbox.faults.report()["injected_count"])
    refused = ask(scene, "GET", ISSUES)
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "60")
    assert "exceeded a secondary rate limit" in refused.json()["message"]
