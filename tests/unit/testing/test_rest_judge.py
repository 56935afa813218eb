"""The judge of REST answers can fail: each wrong answer is told from the right one."""

import json
from typing import Any

import pytest

from rigtasks.testing.rest_schemas import Answered, judged, operation_of

COMMENT = "/repos/octo/shop/issues/comments/1"
ISSUES = "/repos/octo/shop/issues"
JSON = "application/json"


def differences(method: str, path: str, status: int, body: Any, media: str = JSON) -> str:
    operation = operation_of(method, path)
    assert operation is not None
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answered = Answered(method=method, path=path, status=status, media=media, body=content)
    return "; ".join(judged(operation, answered))


def test_right_answers_have_no_difference() -> None:
    refused = {"message": "Not Found", "documentation_url": "https://docs.example/rest"}

    assert differences("GET", ISSUES, 200, []) == ""
    assert differences("DELETE", COMMENT, 204, b"", "") == ""
    assert differences("GET", ISSUES, 404, refused) == ""
    assert differences("GET", ISSUES, 502, refused) == ""


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "media", "told"),
    [
        ("POST", ISSUES, 201, b"", JSON, "has a body of type application/json"),
        ("GET", ISSUES, 200, b"", "text/html", "has a body of type text/html"),
        ("GET", ISSUES, 200, {"not": "a list"}, JSON, "is not of type 'array'"),
        ("GET", ISSUES, 418, {"message": "tea"}, JSON, "is no status of this operation"),
        ("GET", ISSUES, 206, [], JSON, "is no status of this operation"),
        ("GET", ISSUES, 500, {}, JSON, "'message' is a required property"),
        ("GET", ISSUES, 503, {"message": "no"}, JSON, "'documentation_url' is a required"),
        ("GET", f"{ISSUES}/1", 422, {"errors": 7}, JSON, "'message' is a required property"),
        ("GET", "/repos/octo/shop/codeowners/errors", 404, {}, JSON, "'message' is a required"),
        ("DELETE", COMMENT, 204, {"x": 1}, JSON, "has a body, and the document none"),
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
        ("html_url", "not a url", "'not a url' is not a 'uri'"),
    ],
)
def test_moments_and_addresses_are_judged(field: str, value: str, told: str) -> None:
    assert told in differences("GET", COMMENT, 200, {field: value})
