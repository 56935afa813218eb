"""The judge of REST answers can fail: each wrong answer is told from the right one."""

import json
from typing import Any

import msgspec
import pytest

from rigtasks.testing.rest_schemas import (
    ANYWHERE,
    JUDGE,
    Answered,
    Judgement,
    answered,
    judge,
    operation_of,
)

REFUSED = {"message": "Not Found", "documentation_url": "https://docs.example/rest"}
COMMENT = "/repos/octo/shop/issues/comments/1"
ISSUES = "/repos/octo/shop/issues"
JSON = "application/json"


def judgement(
    method: str, path: str, status: int, body: Any, media: str = JSON, **headers: str
) -> Judgement:
    operation = operation_of(method, path)
    assert operation is not None
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if media:
        sent.append(("Content-Type", media))
    return judge(operation, answered(operation, status, sent, content))


def differences(*answer: Any, **headers: str) -> str:
    return "; ".join(judgement(*answer, **headers).differences)


def test_right_answers_have_no_difference() -> None:
    assert differences("GET", ISSUES, 200, []) == ""
    assert differences("DELETE", COMMENT, 204, b"", "") == ""
    assert differences("GET", ISSUES, 404, REFUSED) == ""
    assert differences("GET", ISSUES, 502, REFUSED) == ""


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "media", "told"),
    [
        ("POST", ISSUES, 201, b"", JSON, "has no body"),
        ("GET", ISSUES, 200, [], f"{JSON}; charset=latin-1", "is JSON in latin-1"),
        ("GET", ISSUES, 404, {}, JSON, "'message' is a required property"),
        ("GET", ISSUES, 404, {**REFUSED, "message": ""}, JSON, "'' should be non-empty"),
        ("GET", ISSUES, 404, {"message": "no"}, JSON, "'documentation_url' is a required"),
        ("GET", ISSUES, 502, {**REFUSED, "message": ""}, JSON, "'' should be non-empty"),
        ("GET", ISSUES, 301, REFUSED, JSON, "has no location"),
        ("POST", ISSUES, 307, REFUSED, JSON, "has no location"),
        ("POST", ISSUES, 301, REFUSED, JSON, "is no status of this operation"),
        ("GET", ISSUES, 307, REFUSED, JSON, "is no status of this operation"),
        ("POST", ISSUES, 304, b"", "", "is no status of this operation"),
        ("GET", ISSUES, 304, b"{}", "", "has a body, or a type"),
        ("GET", "/repos/octo/shop/contents", 200, [{}], JSON, "is not valid under any"),
        ("GET", ISSUES, 200, b"", "text/html", "has a body of type text/html"),
        ("GET", ISSUES, 200, {"not": "a list"}, JSON, "is not of type 'array'"),
        ("GET", ISSUES, 418, {"message": "tea"}, JSON, "is no status of this operation"),
        ("GET", ISSUES, 206, [], JSON, "is no status of this operation"),
        ("GET", ISSUES, 500, {}, JSON, "'message' is a required property"),
        ("GET", ISSUES, 503, {"message": "no"}, JSON, "'documentation_url' is a required"),
        ("GET", f"{ISSUES}/1", 422, {"errors": 7}, JSON, "'message' is a required property"),
        ("GET", "/repos/octo/shop/codeowners/errors", 404, {}, JSON, "'message' is a required"),
        ("DELETE", COMMENT, 204, {"x": 1}, JSON, "has a body, or a type, and the document none"),
        ("DELETE", COMMENT, 204, b"", "text/plain", "has a body, or a type"),
        ("DELETE", COMMENT, 204, b"{}", "", "has a body, or a type"),
        ("GET", ISSUES, 200, b"[", JSON, "is no JSON"),
        ("GET", ISSUES, 200, b"[] []", JSON, "is no JSON"),
        ("GET", ISSUES, 200, [], "", "has a body of type nothing"),
        ("GET", ISSUES, 200, [None], JSON, "None is not"),
        ("GET", ISSUES, 404, {"message": None, "documentation_url": "x"}, JSON, "None is not"),
        ("GET", ISSUES, 403, "no", "text/plain", "has a body of type text/plain"),
    ],
)
def test_wrong_answers_are_told(
    method: str, path: str, status: int, body: Any, media: str, told: str
) -> None:
    assert told in differences(method, path, status, body, media)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("created_at", "yesterday", "'yesterday' is not a 'date-time'"),
        ("created_at", "2026-13-45T99:99:99Z", "is not a 'date-time'"),
        ("created_at", "2026-11-27T10:00:00", "is not a 'date-time'"),
        ("created_at", "20261127T100000Z", "is not a 'date-time'"),
        ("created_at", "2026-11-27", "is not a 'date-time'"),
        ("created_at", "2026-02-29T10:00:00Z", "is not a 'date-time'"),
        ("created_at", None, "None is not of type 'string'"),
        ("html_url", "not a url", "'not a url' is not a 'uri'"),
        ("html_url", "/octo/shop", "is not a 'uri'"),
        ("html_url", "https://github.example/octo shop", "is not a 'uri'"),
        ("html_url", "https://[", "is not a 'uri'"),
    ],
)
def test_moments_and_addresses_are_judged(field: str, value: str, told: str) -> None:
    assert told in differences("GET", COMMENT, 200, {field: value})


LAST = '<https://a.example/x?page=2>; rel="last"'


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('<https://a.example/x?page=2>; rel="next", ' + LAST, ""),
        (LAST, ""),
        ("", "link is none"),
        ("https://a.example/x?page=2", "link is none"),
        ("<https://a.example/x?page=2>; rel=last", "link is none"),
        (LAST + ", and more", "link is none"),
        ('</x?page=2>; rel="next"', "no address of a page"),
        ('<https://a.example/x>; rel="next"', "no address of a page"),
        ('<https://a.example/x?page=2>; rel="later"', "a page called later"),
        (f"{LAST}, {LAST}", "leads to one page twice"),
    ],
)
def test_links_are_judged(value: str, told: str) -> None:
    found = differences("GET", ISSUES, 200, [], link=value)
    assert told in found
    assert bool(told) is bool(found)


ALLOWANCE = {"X_RateLimit_Limit": "60", "X_RateLimit_Remaining": "59", "X_RateLimit_Reset": "1"}
MADE = {"Location": "https://a.example/repos/octo/shop/labels/bug"}


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "told"),
    [
        ("GET", "/rate_limit", 404, {}, ""),
        ("GET", "/rate_limit", 200, ALLOWANCE, ""),
        ("GET", "/rate_limit", 200, {**ALLOWANCE, "X_RateLimit_Limit": "many"}, "x-ratelimit-lim"),
        ("GET", "/rate_limit", 200, {**ALLOWANCE, "X_RateLimit_Reset": "1.5"}, "x-ratelimit-res"),
        ("GET", "/rate_limit", 200, {}, "has no x-ratelimit-limit"),
        ("POST", "/repos/octo/shop/labels", 201, MADE, ""),
        ("POST", "/repos/octo/shop/labels", 201, {}, "has no location"),
        ("POST", "/repos/octo/shop/labels", 201, {"Location": "/labels/bug"}, "is no address"),
        ("POST", "/repos/octo/shop/labels", 201, {"Location": ""}, "is no address"),
        ("POST", "/repos/octo/shop/labels", 201, {**MADE, "location": "x"}, "2 headers location"),
        ("GET", ISSUES, 200, {"Content_Type": JSON}, "has 2 headers content-type"),
        ("GET", "/repos/octo/shop", 301, {"Location": "/repositories/1"}, "is no address"),
    ],
)
def test_headers_that_the_document_names_are_judged(
    method: str, path: str, status: int, headers: dict[str, str], told: str
) -> None:
    limits = {"limit": 1, "remaining": 1, "reset": 1, "used": 1}
    allowance = {"resources": {"core": limits, "search": limits}, "rate": limits}
    label = {
        "id": 1, "node_id": "x", "url": "https://a.example/l", "name": "bug",
        "description": None, "color": "ffffff", "default": True,
    }  # fmt: skip
    body: Any = {404: REFUSED, 301: {**REFUSED, "url": "https://a.example/r"}}.get(status)
    if body is None:
        body = {"/rate_limit": allowance, ISSUES: []}.get(path, label)
    found = differences(method, path, status, body, **headers)
    assert told in found
    assert bool(told) is bool(found)


def test_answers_that_differ_in_anything_judged_are_two() -> None:
    issues, pulls = operation_of("GET", ISSUES), operation_of("GET", "/repos/octo/shop/pulls")
    assert issues is not None
    assert pulls is not None
    json_type, html = [("Content-Type", JSON)], [("Content-Type", "text/html")]
    one = answered(issues, 200, json_type, b"[]")
    assert one == answered(issues, 200, [*json_type, ("ETag", "1"), ("Date", "now")], b"[]")
    others = [
        answered(pulls, 200, json_type, b"[]"),
        answered(issues, 404, json_type, b"[]"),
        answered(issues, 200, html, b"[]"),
        answered(issues, 200, [*json_type, ("Link", LAST)], b"[]"),
        answered(issues, 200, json_type, b"[ ]"),
    ]
    assert len({one, *others}) == 6


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "media", "against"),
    [
        ("GET", ISSUES, 200, [], JSON, JUDGE),
        ("GET", ISSUES, 404, REFUSED, JSON, JUDGE),
        ("DELETE", COMMENT, 204, b"", "", JUDGE),
        ("GET", ISSUES, 502, REFUSED, JSON, ANYWHERE),
        ("GET", ISSUES, 418, {}, JSON, None),
        ("GET", f"{ISSUES}/1", 304, b"", "", JUDGE),
        ("GET", "/repos/octo/shop/labels", 304, b"", "", None),
        ("GET", ISSUES, 200, b"", "text/html", None),
    ],
)
def test_only_what_was_held_against_the_document_counts(
    method: str, path: str, status: int, body: Any, media: str, against: str | None
) -> None:
    assert judgement(method, path, status, body, media).against == against


def test_the_refusal_of_what_is_no_operation_is_judged() -> None:
    headers = (("content-type", JSON),)
    refused = Answered(key="GET of no operation", status=404, headers=headers, body=b"{}")
    judged = judge(None, refused)
    assert judged.against == ANYWHERE
    assert "'message' is a required property" in judged.differences[0]
    right = json.dumps(REFUSED).encode()
    assert judge(None, msgspec.structs.replace(refused, body=right)).differences == ()
