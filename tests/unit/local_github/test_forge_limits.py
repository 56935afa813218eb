"""What requests cost, and when a limit says no."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rigtasks.local.github.access import ANONYMOUS, Caller, CallerKind
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.limits import GITHUBS_LIMITS, NO_LIMITS, Limits, RateLimits
from rigtasks.local.github.model import Account, AccountType
from rigtasks.local.github.request_cost import Cost, Resource, graphql_cost, rest_cost

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MONA = Caller(
    kind=CallerKind.PERSONAL,
    account=Account(id=7, login="mona", type=AccountType.USER, created_at=NOW),
)
READ, WRITE = rest_cost("GET", "/user"), rest_cost("PATCH", "/repos/a/b/issues/1")
CREATE = rest_cost("POST", "/repos/a/b/issues/1/comments")


def query(text: str, **variables: Any) -> Cost:
    return graphql_cost({"query": text, "variables": variables})


def refused(limits: RateLimits, cost: Cost, now: datetime, caller: Caller = MONA) -> HttpError:
    with pytest.raises(HttpError) as found:
        limits.admit(caller, cost, now)
    return found.value


@pytest.mark.parametrize(
    ("method", "path", "resource", "points", "creates"),
    [
        ("GET", "/repos/a/b/issues", Resource.CORE, 1, False),
        ("GET", "/search/issues", Resource.CORE, 1, False),
        ("PUT", "/repos/a/b/pulls/1/merge", Resource.CORE, 5, False),
        ("POST", "/repos/a/b/issues", Resource.CORE, 5, True),
        ("POST", "/repos/a/b/pulls/1/reviews", Resource.CORE, 5, True),
        ("POST", "/app/installations/1/access_tokens", Resource.CORE, 5, False),
    ],
)
def test_a_rest_call_costs_by_method_and_address(
    method: str, path: str, resource: Resource, points: int, *, creates: bool
) -> None:
    cost = rest_cost(method, path)
    assert (cost.resource, cost.units, cost.points, cost.creates) == (resource, 1, points, creates)


def test_a_query_costs_what_it_takes_to_fill_its_connections() -> None:
    # given GitHub's own example: a hundred repositories with fifty issues of sixty labels each
    text = """query Q($n: Int!) { viewer { login repositories(first: $n) { edges { node { id
      issues(first: 50) { edges { node { id labels(first: 60) { nodes { id } } } } } } } } } }"""
    assert query(text, n=100).units == 51
    assert query("{ viewer { login } }").units == 1
    assert query("not a query").units == 1
    changes = query("mutation { resolveReviewThread(input: {threadId: 1}) { thread { id } } }")
    assert (changes.points, changes.creates, changes.resource) == (5, True, Resource.GRAPHQL)


def test_fragments_and_defaults_count_as_what_they_stand_for() -> None:
    text = """query Q($n: Int = 100) { a(first: $n) { ...more ... on B { b(last: 3) { id } } } }
      fragment more on A { c(first: 100) { d(first: 1) { id } } }"""
    assert query(text).units == 102  # 1 + 100 * ((1 + 100) + 1)
    assert query(text, n=50).units == 51
    within = "query { ...a } fragment a on Query { x(first: 100) { y(first: 1) { id } ...a } }"
    assert query(within).units == 1
    doubled = " ".join(f"fragment f{n} on Q {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    costly = query(f"{{ ...f0 }} {doubled} fragment f60 on Q {{ x(first: 1) {{ id }} }}")
    assert costly.units == (2**60 + 50) // 100


@pytest.mark.parametrize(
    "text",
    [
        "{" + " a {" * 3_000 + "}" * 3_001,
        "{" + " a" * 11_000 + "}",
        f"{{ a(first: {'9' * 5_000}) }}",
    ],
)
def test_a_query_that_cannot_be_read_costs_the_least(text: str) -> None:
    assert query(text) == Cost(resource=Resource.GRAPHQL)


def test_no_page_is_larger_than_the_largest() -> None:
    text = "query($n: Int) { a(first: $n) { b(first: 1) { id } } }"
    assert query(text, n=10**400) == query(text, n=100)
    assert query(text, n=-1).units == 1


def test_points_of_a_minute_run_out_and_come_back() -> None:
    limits = RateLimits(Limits(points_per_minute=11))
    limits.admit(MONA, WRITE, NOW)
    limits.admit(MONA, WRITE, NOW + timedelta(seconds=20))
    limits.admit(MONA, READ, NOW + timedelta(seconds=30))
    error = refused(limits, WRITE, NOW + timedelta(seconds=40))
    assert (error.status, error.headers) == (403, {"Retry-After": "20"})
    assert "secondary rate limit" in error.message
    limits.admit(ANONYMOUS, WRITE, NOW + timedelta(seconds=40))
    limits.admit(MONA, WRITE, NOW + timedelta(seconds=60))


def test_content_is_limited_by_minute_and_by_hour() -> None:
    limits = RateLimits(Limits(content_per_minute=2, content_per_hour=3, status=429))
    for second in (0, 1):
        limits.admit(MONA, CREATE, NOW + timedelta(seconds=second))
    limits.admit(MONA, WRITE, NOW)
    error = refused(limits, CREATE, NOW + timedelta(seconds=2))
    assert (error.status, error.headers) == (429, {"Retry-After": "58"})
    assert "temporarily blocked from content creation" in error.message
    limits.admit(MONA, CREATE, NOW + timedelta(seconds=120))
    error = refused(limits, CREATE, NOW + timedelta(seconds=300))
    assert error.headers == {"Retry-After": "3300"}


def test_the_time_to_wait_can_be_left_out() -> None:
    limits = RateLimits(Limits(points_per_minute=1, retry_after=False))
    assert refused(limits, WRITE, NOW).headers == {}


def test_too_many_at_the_same_time() -> None:
    limits = RateLimits(GITHUBS_LIMITS)
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(limits.open_request(MONA))
        with pytest.raises(HttpError, match="secondary rate limit"):
            stack.enter_context(limits.open_request(MONA))
        stack.enter_context(limits.open_request(ANONYMOUS))
    with limits.open_request(MONA):
        pass


def test_each_resource_has_an_allowance_of_its_own() -> None:
    limits = RateLimits(Limits(core_per_hour=1, graphql_per_hour=60))
    costly = query("{ a(first: 100) { b(first: 100) { c(first: 1) { d } } } }")
    assert costly.units == 101
    for cost in (READ, costly):
        limits.admit(MONA, cost, NOW)
        limits.count(MONA, cost, NOW)
    assert refused(limits, READ, NOW).status == 403
    assert limits.headers(MONA, Resource.GRAPHQL, NOW)["X-RateLimit-Used"] == "101"
    answer = refused(limits, costly, NOW).response()
    error = {
        "type": "RATE_LIMIT",
        "code": "graphql_rate_limit",
        "message": "API rate limit already exceeded for user ID 7.",
    }
    assert (answer.status_code, answer.get_json()) == (200, {"errors": [error]})
    shown = limits.overview(MONA, NOW).get_json()["resources"]
    assert {name: one["remaining"] for name, one in shown.items()} == {
        "core": 0,
        "graphql": 0,
        "search": 30,
    }
    anonymous = limits.overview(ANONYMOUS, NOW).get_json()["resources"]
    assert {name: one["limit"] for name, one in anonymous.items()} == {
        "core": 1,
        "graphql": 60,
        "search": 10,
    }


def test_without_limits_there_are_no_headers_and_nothing_to_show() -> None:
    limits = RateLimits(NO_LIMITS)
    for _ in range(6_000):
        limits.count(MONA, READ, NOW)
    limits.admit(MONA, READ, NOW)
    assert limits.headers(MONA, Resource.CORE, NOW) == {}
    with pytest.raises(HttpError, match="Rate limiting is not enabled"):
        limits.overview(MONA, NOW)
