"""The judge of GraphQL answers can refuse: what GitHub could not have said is told."""

import json
from typing import Any

import pytest
from graphql import GraphQLScalarType, is_specified_scalar_type

from rigtasks.testing.graphql_scalars import FORMS, completing
from rigtasks.testing.graphql_schemas import AnsweredQuery, github_schema, judge

ISSUE = """
query Issue($number: Int!) {
  repository(owner: "o", name: "r") {
    issue(number: $number) {
      many: number state createdAt author { login ...bot } labels(first: 1) { nodes { name } }
    }
  }
}
fragment bot on Bot { databaseId }
"""
ANSWER = {
    "many": 5,
    "state": "OPEN",
    "createdAt": "2026-01-02T03:04:05Z",
    "author": {"login": "mona"},
    "labels": {"nodes": [{"name": "bug"}, None]},
}
VIEWER = "{ viewer { login } }"
MONA = {"viewer": {"login": "mona"}}
ERROR = {"message": "no"}


def judged(query: str, answer: Any, **more: Any) -> str:
    asked = json.dumps({"query": query, "variables": more.pop("variables", {})}).encode()
    said = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return "; ".join(judge(AnsweredQuery(asked=asked, answer=said, **more)).differences)


def difference(query: str, data: Any, variables: dict[str, Any] | None = None) -> str:
    return judged(query, {"data": data}, variables=variables or {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"author": None}, ""),
        ({"author": {"login": "dev-e", "databaseId": 5}}, ""),
        ({"labels": None}, ""),
        ({"state": None}, "issue.state: Cannot return null for non-nullable field Issue.state"),
        ({"state": "AJAR"}, "issue.state: Enum 'IssueState' cannot represent value: 'AJAR'"),
        ({"many": "5"}, "which completes to"),
        ({"many": True}, "which completes to"),
        ({"many": 1.5}, "issue.many: Int cannot represent non-integer value: 1.5"),
        ({"many": 2**40}, "issue.many: Int cannot represent non 32-bit signed integer"),
        ({"more": 1}, "which completes to"),
        ({"author": {"login": "mona", "id": "U_1"}}, "author: no Actor has just id, login"),
        ({"author": {}}, "author: no Actor has just"),
        ({"author": "mona"}, "author"),
        ({"author": []}, "author"),
        ({"labels": {"nodes": {}}}, "labels.nodes: Expected Iterable"),
        ({"labels": {"nodes": [{}]}}, "labels.nodes.name: is not answered"),
        ({"labels": {}}, "labels.nodes: is not answered"),
        ({"createdAt": "yesterday"}, "createdAt: is 'yesterday', which is no DateTime"),
        ({"createdAt": "2026-13-45T99:99:99Z"}, "createdAt: is '2026-13-45T99:99:99Z'"),
        ({"createdAt": 1767323045}, "createdAt: is 1767323045, which is no DateTime"),
        ({"createdAt": {"year": 2026}}, "createdAt: is {'year': 2026}"),
    ],
)
def test_an_answer_that_github_could_not_give_is_told(change: dict[str, Any], words: str) -> None:
    data = {"repository": {"issue": {**ANSWER, **change}}}
    found = difference(ISSUE, data, {"number": 5})
    assert words in found
    assert bool(words) is bool(found)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("Base64String", ("aGk=", ""), ("aGk", "a gk=", "%%%%")),
        ("BigInt", ("12", "-7"), ("1.5", "many", "")),
        ("Date", ("2024-02-29",), ("2026-02-29", "20260228", "2026-2-28", "")),
        ("DateTime", ("2026-01-02T03:04:05Z",),
         ("2026-01-02T03:04:05", "2026-01-02T03:04:05+01:00", "2026-02-30T03:04:05Z",
          "2026-01-02", "2026-01-02T25:04:05Z", "20260102T030405Z", "2026-01-02T03:04:05.000Z")),
        ("GitObjectID", ("0123456789abcdef0123456789abcdef01234567",),
         ("0123", "0123456789ABCDEF0123456789ABCDEF01234567", "main", "")),
        ("GitRefname", ("refs/heads/main",), ("main", "refs/", "refs/heads/a b", "")),
        ("GitSSHRemote", ("git@github.com:o/r.git",), ("https://github.com/o/r", "o/r")),
        ("GitTimestamp", ("2026-01-02T03:04:05+01:00",), ("2026-01-02T03:04:05", "now")),
        ("HTML", ("<p>", ""), ()),
        ("PreciseDateTime", ("2026-01-02T03:04:05.123Z",), ("2026-01-02T03:04:05Z", "now")),
        ("URI", ("https://github.com/o/r", "https://api.github.com{/x}"),
         ("/o/r", "github.com/o/r", "https://", "https://github.com/o r", "http://[", "")),
        ("X509Certificate", ("-----BEGIN CERTIFICATE-----\nMII",), ("MII", "")),
    ],
)  # fmt: skip
def test_a_scalar_takes_nothing_but_what_it_is(
    name: str, right: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    complete = completing(name)
    assert [complete(one) for one in right] == list(right)
    for one in (*wrong, 7, True, {"text": "x"}, ["x"]):
        with pytest.raises(Exception, match=f"which is no {name}"):
            complete(one)


def test_every_scalar_of_githubs_has_its_form() -> None:
    own = {
        kind.name
        for kind in github_schema().type_map.values()
        if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind)
    }
    assert own == set(FORMS)


def test_scalars_in_lists_are_judged_too() -> None:
    asked = '{ repository(owner: "o", name: "r") { issueTemplates { name about } id url } }'
    right = {"issueTemplates": [{"name": "a", "about": None}], "id": "R_1", "url": "https://o/r"}
    assert difference(asked, {"repository": right}) == ""
    assert "url: is '/r'" in difference(asked, {"repository": {**right, "url": "/r"}})
    assert "completes to" in difference(asked, {"repository": {**right, "id": 5}})


def test_what_an_answer_says_its_types_are_must_be_true() -> None:
    asked = '{ repository(owner: "o", name: "r") { __typename owner { __typename login } } }'
    owner = {"__typename": "Organization", "login": "acme"}
    assert difference(asked, {"repository": {"__typename": "Repository", "owner": owner}}) == ""
    assert "completes to" in difference(
        asked, {"repository": {"__typename": "Repo", "owner": owner}}
    )
    bot = {"__typename": "Bot", "login": "acme"}
    assert "'Bot' is not a possible type" in difference(
        asked, {"repository": {"__typename": "Repository", "owner": bot}}
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"data": MONA}, ""),
        ({"data": MONA, "extensions": {}}, ""),
        ({"data": None, "errors": [ERROR]}, ""),
        ({"data": None, "errors": [{**ERROR, "path": ["viewer"]}]}, ""),
        ({"data": None, "errors": [{**ERROR, "path": ["viewer", "login"]}]}, ""),
        ({"errors": [ERROR]}, ""),
        ({"errors": [{**ERROR, "type": "RATE_LIMIT", "code": "graphql_rate_limit"}]}, ""),
        ({"errors": [{**ERROR, "locations": [{"line": 1, "column": 3}]}]}, ""),
        ({}, "neither data nor errors"),
        ([], "no object"),
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        ({"data": None}, "neither data nor errors"),
        ({"data": []}, "data that is no object"),
        ({"data": {}}, "viewer: is not answered"),
        ({"data": {"viewer": None}}, "Cannot return null for non-nullable field Query.viewer"),
        ({"data": MONA, "errors": None}, "errors that are no list of some"),
        ({"data": MONA, "errors": []}, "errors that are no list of some"),
        ({"errors": []}, "errors that are no list of some"),
        ({"errors": {"message": "no"}}, "errors that are no list of some"),
        ({"errors": ["no"]}, "an error that is no object"),
        ({"errors": [None]}, "an error that is no object"),
        ({"errors": [{}]}, "an error without a message"),
        ({"errors": [{"message": None}]}, "an error without a message"),
        ({"errors": [{"message": 7}]}, "an error without a message"),
        ({"errors": [ERROR, {"message": ""}]}, "an error without a message"),
        ({"errors": [{**ERROR, "status": 404}]}, "an error with status"),
        ({"errors": [{**ERROR, "type": 4}]}, "whose type is no text"),
        ({"errors": [{**ERROR, "extensions": []}]}, "whose extensions are no object"),
        ({"errors": [{**ERROR, "locations": []}]}, "locations that are none"),
        ({"errors": [{**ERROR, "locations": [{"line": 0, "column": 1}]}]}, "locations that are"),
        ({"errors": [{**ERROR, "locations": [{"line": 1}]}]}, "locations that are none"),
        ({"errors": [{**ERROR, "path": "viewer"}]}, "a path that is none"),
        ({"errors": [{**ERROR, "path": []}]}, "a path that is none"),
        ({"errors": [{**ERROR, "path": [1.5]}]}, "a path that is none"),
        ({"data": MONA, "errors": [{**ERROR, "path": ["viewer", "login"]}]}, "all the same"),
        ({"data": MONA, "errors": [{**ERROR, "path": ["nobody"]}]}, "all the same"),
        ({"data": MONA, "extensions": 7}, "extensions that are no object"),
        ({"data": MONA, "status": 200}, "status, which is no part of an answer"),
    ],
)
def test_an_answer_has_data_or_errors_of_the_right_form(answer: Any, words: str) -> None:
    found = judged(VIEWER, answer)
    assert words in found
    assert bool(words) is bool(found)


@pytest.mark.parametrize(
    ("answer", "sent", "words"),
    [
        ({"data": MONA}, {"media": "text/html"}, "answers with text/html"),
        ({"data": MONA}, {"media": ""}, "answers with nothing"),
        ({"data": MONA}, {"status": 500}, "refuses with 500 without a message"),
        ({"message": "no"}, {"status": 401}, "refuses with 401 without a documentation_url"),
        ({"message": "no", "documentation_url": "https://x"}, {"status": 401}, ""),
    ],
)
def test_status_and_type_of_an_answer_are_judged(
    answer: Any, sent: dict[str, Any], words: str
) -> None:
    found = judged(VIEWER, answer, **sent)
    assert words in found
    assert bool(words) is bool(found)


def test_only_what_github_would_answer_may_be_answered() -> None:
    assert "answers what GitHub refuses" in difference("{ nothing }", {"nothing": 1})
    assert judged("{ nothing }", {"errors": [ERROR]}) == ""


STATES = '{ __type(name: "IssueState") { name kind enumValues { name } } viewer { login } }'
STATE = {"name": "IssueState", "kind": "ENUM", "enumValues": [{"name": "OPEN"}]}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (STATE, ""),
        ({**STATE, "enumValues": [{"name": "AJAR"}]}, "AJAR is none of GitHub's"),
        ({**STATE, "enumValues": []}, "enumValues: is empty"),
        ({**STATE, "enumValues": [{}]}, "has [], and GitHub ['name']"),
        ({**STATE, "enumValues": None}, "enumValues: is None"),
        ({**STATE, "kind": "OBJECT"}, "kind: is 'OBJECT', and 'ENUM' at GitHub's"),
        ({"name": "IssueState"}, "has ['name'], and GitHub"),
        (None, "is None"),
    ],
)
def test_what_is_said_about_the_schema_is_a_part_of_what_github_says(said: Any, words: str) -> None:
    found = difference(STATES, {"__type": said, **MONA})
    assert words in found
    assert bool(words) is bool(found)


def test_what_stands_beside_a_question_about_the_schema_is_judged() -> None:
    wrong = difference(STATES, {"__type": STATE, "viewer": {"login": 7}})
    assert "completes to" in wrong
    named = "{ mine: __schema { queryType { name } } viewer { login } }"
    right = {"mine": {"queryType": {"name": "Query"}}, **MONA}
    assert difference(named, right) == ""
    assert "viewer: is not answered" in difference(named, {"mine": right["mine"]})
    assert "mine.queryType.name: is 'Q'" in difference(
        named, {**right, "mine": {"queryType": {"name": "Q"}}}
    )
    assert "types: is empty" in difference(
        "{ __schema { types { name } } }", {"__schema": {"types": []}}
    )
    assert "is None" in difference("{ __schema { types { name } } }", {})
