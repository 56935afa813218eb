"""The judge of answers by recorded ones can refuse: what is null, empty or otherwise is told."""

from typing import Any

import msgspec
import pytest

from rigtasks.testing.recorded_answers import (
    Answer,
    differences,
    form,
    lacking,
    of_another_kind,
)

JSON = "application/json; charset=utf-8"
ADDRESS = "https://github.example/octo"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MOMENT = "2026-11-27T10:00:00Z"
ISSUE = {
    "id": 7,
    "title": "Prices",
    "locked": False,
    "url": ADDRESS,
    "created_at": MOMENT,
    "sha": COMMIT,
    "body": None,
    "note": "",
    "user": {"login": "mona"},
    "labels": [{"name": "bug"}, {"name": "rust", "color": "ff0000"}],
    "assignees": [],
    "links": {},
}


def test_an_answer_with_as_much_has_no_difference() -> None:
    more = {**ISSUE, "id": 8, "title": "Other", "locked": True, "more": 1}
    labels = [{"name": "a"}, {"name": "b", "color": "c"}]
    assert lacking(ISSUE, {**more, "labels": labels}) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": None}, "$.id is null, not a number"),
        ({"id": "7"}, "$.id is a text, not a number"),
        ({"id": True}, "$.id is true or false, not a number"),
        ({"title": None}, "$.title is null, not a text"),
        ({"title": ""}, "$.title is an empty text, not a text"),
        ({"title": {}}, "$.title is an empty object, not a text"),
        ({"locked": 0}, "$.locked is a number, not true or false"),
        ({"locked": None}, "$.locked is null, not true or false"),
        ({"url": "octo"}, "$.url is a text, not an address"),
        ({"url": "/octo"}, "$.url is a text, not an address"),
        ({"url": None}, "$.url is null, not an address"),
        ({"created_at": "today"}, "$.created_at is a text, not a moment"),
        ({"created_at": "2026-11-27T10:00:00"}, "$.created_at is a text, not a moment"),
        ({"sha": "main"}, "$.sha is a text, not a commit"),
        ({"body": "text"}, "$.body is a text, not null"),
        ({"note": "text"}, "$.note is a text, not an empty text"),
        ({"user": None}, "$.user is null, not an object"),
        ({"user": {}}, "$.user is an empty object, not an object"),
        ({"user": []}, "$.user is an empty list, not an object"),
        ({"user": {"id": 1}}, "lacks $.user.login"),
        ({"user": {"login": None}}, "$.user.login is null, not a text"),
        ({"labels": None}, "$.labels is null, not a list"),
        ({"labels": []}, "$.labels is an empty list, not a list"),
        ({"labels": {}}, "$.labels is an empty object, not a list"),
        ({"labels": [{"name": "bug"}]}, "$.labels has 1 entries, not 2"),
        ({"labels": [{"name": "bug"}, None]}, "$.labels[] is null, not an object"),
        ({"labels": [{"name": "bug"}, {"name": "b"}]}, "lacks $.labels[].color"),
        ({"labels": [{"name": "a"}, ISSUE["labels"][1], {}]}, "$.labels[] is an empty object"),
        ({"assignees": [1]}, "$.assignees is a list, not an empty list"),
        ({"links": {"self": 1}}, "$.links is an object, not an empty object"),
    ],
)  # fmt: skip
def test_what_is_null_or_empty_or_otherwise_is_told(change: dict[str, Any], told: str) -> None:
    found = lacking(ISSUE, {**ISSUE, **change})
    assert any(one.startswith(told) for one in found), found


@pytest.mark.parametrize("name", sorted(ISSUE))
def test_a_name_that_is_absent_is_told(name: str) -> None:
    left = {key: value for key, value in ISSUE.items() if key != name}
    assert lacking(ISSUE, left) == (f"lacks $.{name}",)


@pytest.mark.parametrize("answered", [None, [], {}, "", 7])
def test_a_whole_answer_that_is_empty_is_told(answered: Any) -> None:
    assert lacking(ISSUE, answered) == (f"$ is {form(answered)}, not an object",)
    assert lacking([ISSUE], answered) == (f"$ is {form(answered)}, not a list",)


RECORDED = Answer(
    status=200,
    headers={
        "content-type": JSON,
        "location": f"{ADDRESS}/1",
        "link": f'<{ADDRESS}?page=2&per_page=3>; rel="next", <{ADDRESS}?page=5>; rel="last"',
        "etag": '"0"',
        "last-modified": "Tue, 10 Oct 2017 16:00:00 GMT",
        "cache-control": "no-cache",
        "x-ratelimit-limit": "5000",
        "x-github-media-type": "github.v3; format=json",
        "x-frame-options": "deny",
    },
    body=ISSUE,
)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("content-type", "application/json;charset=utf-8", ""),
        ("content-type", "application/json", "content-type is application/json, not application"),
        ("content-type", "text/html", "answers with text/html, not application/json"),
        ("content-type", None, "answers with nothing, not application/json"),
        ("location", f"{ADDRESS}/2", "location is"),
        ("location", None, "has no location"),
        ("link", f'<{ADDRESS}?page=5>; rel="last", <{ADDRESS}?per_page=3&page=2>; rel="next"', ""),
        ("link", f'<{ADDRESS}?page=5>; rel="last"', "link is last"),
        ("link", f'<{ADDRESS}/x?page=2&per_page=3>; rel="next", <{ADDRESS}?page=5>; rel="last"',
         "link is last"),
        ("link", "", "link is ''"),
        ("link", None, "has no link"),
        ("etag", 'W/"abc"', ""),
        ("etag", "abc", "etag is 'abc', not a tag"),
        ("etag", '""', "etag is"),
        ("etag", None, "has no etag"),
        ("last-modified", "2017-10-10", "last-modified is '2017-10-10', not a date"),
        ("last-modified", None, "has no last-modified"),
        ("cache-control", "private", "cache-control is private, not no-cache"),
        ("x-ratelimit-limit", "many", "x-ratelimit-limit is 'many', not a number"),
        ("x-ratelimit-limit", "60", ""),
        ("x-github-media-type", "github.v4", "x-github-media-type is github.v4"),
        ("x-frame-options", None, ""),
    ],
)  # fmt: skip
def test_headers_are_compared(name: str, value: str | None, told: str) -> None:
    headers = {key: each for key, each in RECORDED.headers.items() if key != name}
    if value is not None:
        headers[name] = value
    found = list(differences(RECORDED, msgspec.structs.replace(RECORDED, headers=headers)))
    assert [one.startswith(told) for one in found] == ([True] if told else [])


def test_another_status_ends_the_comparison() -> None:
    refused = Answer(status=404, headers={}, body=None)
    assert list(differences(RECORDED, refused)) == ["answers 404, not 200"]
    assert of_another_kind(RECORDED, refused) == "answers 404, not 200"
    assert of_another_kind(RECORDED, RECORDED) is None


@pytest.mark.parametrize(
    ("recorded", "answered", "told"),
    [
        ("# hello", "# hello", []),
        ("# hello", "", ["has another body"]),
        ("", "surprise", ["has another body"]),
    ],
)
def test_texts_are_compared_whole(recorded: str, answered: str, told: list[str]) -> None:
    one, other = (Answer(status=200, headers={}, body=body) for body in (recorded, answered))
    assert list(differences(one, other)) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"documentation_url": f"{ADDRESS}/other"}, []),
        ({"message": "Nope"}, ["$.message is 'Nope', not 'Not Found'"]),
        ({"errors": [{"resource": "Label", "code": "missing", "field": "name"}]},
         ["$.errors[].code is 'missing', not 'invalid'"]),
        ({"errors": []}, ["$.errors is an empty list, not a list"]),
    ],
)  # fmt: skip
def test_the_words_of_a_refusal_are_compared(change: dict[str, Any], told: list[str]) -> None:
    refusal = {
        "message": "Not Found",
        "errors": [{"resource": "Label", "code": "invalid", "field": "name"}],
        "documentation_url": ADDRESS,
    }
    recorded = Answer(status=422, headers={"content-type": JSON}, body=refusal)
    answered = msgspec.structs.replace(recorded, body={**refusal, **change})
    assert list(differences(recorded, answered)) == told
