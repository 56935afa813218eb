"""Answers without a server: pages, entity tags, allowances, patches."""

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from rigtasks.local.github.access import ANONYMOUS
from rigtasks.local.github.answers import HttpError, json_response, paginate
from rigtasks.local.github.conditional import answer_conditionally
from rigtasks.local.github.githttp import bearer_of
from rigtasks.local.github.limits import Limits, RateLimits
from rigtasks.local.github.pull_heads import line_after
from rigtasks.local.github.request_cost import rest_cost

PATCH = "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n@@ -10,1 +10,2 @@\n ten\n+eleven"


def request(query: str = "", **headers: str) -> Request:
    return Request(EnvironBuilder(query_string=query, headers=headers).get_environ())


@pytest.mark.parametrize(
    ("query", "shown", "relations"),
    [
        ("per_page=2", [0, 1], {"next", "last"}),
        ("per_page=2&page=2", [2, 3], {"prev", "next", "last", "first"}),
        ("per_page=2&page=3", [4], {"prev", "first"}),
        ("per_page=2&page=9", [], {"prev", "first"}),
        ("per_page=x&page=-1", [0, 1, 2, 3, 4], set()),
        ("per_page=1000", [0, 1, 2, 3, 4], set()),
    ],
)
def test_a_page_knows_its_neighbours(query: str, shown: list[int], relations: set[str]) -> None:
    answer = paginate(request(query), "http://here/list", list(range(5)), int)
    assert answer.get_json() == shown
    links = answer.headers.get("Link", "")
    assert {part.split('"')[1] for part in links.split(", ") if part} == relations


def test_a_wrapped_page_counts_everything() -> None:
    answer = paginate(request("per_page=1"), "http://here", [1, 2, 3], int, key="things")
    assert answer.get_json() == {"total_count": 3, "things": [1]}


def test_the_same_content_has_the_same_tag() -> None:
    first = answer_conditionally(request(), json_response({"a": 1}))
    tag = first.headers["ETag"]
    assert (
        answer_conditionally(request(**{"If-None-Match": tag}), json_response({"a": 1})).status_code
        == 304
    )
    changed = answer_conditionally(request(**{"If-None-Match": tag}), json_response({"a": 2}))
    assert (changed.status_code, changed.headers["ETag"] == tag) == (200, False)


def test_an_allowance_comes_back_after_an_hour() -> None:
    limits, start = RateLimits(Limits(core_per_hour=1)), datetime(2026, 1, 1, tzinfo=UTC)
    call = rest_cost("GET", "/user")
    limits.admit(ANONYMOUS, call, start)
    limits.count(ANONYMOUS, call, start)
    with pytest.raises(HttpError) as refused:
        limits.admit(ANONYMOUS, call, start + timedelta(minutes=59))
    assert refused.value.headers["X-RateLimit-Remaining"] == "0"
    assert int(refused.value.headers["X-RateLimit-Reset"]) == start.timestamp() + 3_600
    limits.admit(ANONYMOUS, call, start + timedelta(hours=1))


@pytest.mark.parametrize(
    ("line", "touched"), [(1, False), (2, True), (3, False), (10, False), (11, False)]
)
def test_only_changed_lines_outdate_a_thread(line: int, *, touched: bool) -> None:
    assert (line_after(PATCH, line) is None) is touched


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("Bearer abc", "abc"),
        ("token abc", "abc"),
        ("Basic eC1hY2Nlc3MtdG9rZW46YWJj", "abc"),
        ("Basic YWJjOngtb2F1dGgtYmFzaWM=", "abc"),
        ("Basic YWJjOg==", "abc"),
    ],
)
def test_tokens_come_in_every_scheme_github_takes(header: str | None, token: str | None) -> None:
    assert bearer_of(header) == token


@pytest.mark.parametrize("header", ["Basic !!!", "Basic /w==", "Digest x", "Bearer"])
def test_a_header_that_makes_no_sense_is_refused(header: str) -> None:
    with pytest.raises(HttpError, match="Bad credentials"):
        bearer_of(header)
