"""GraphQL requests that are refused whole, without looking at any row."""

import re
from typing import Any, cast

import pytest

from rigtasks.local.github.graphql import execute
from rigtasks.local.github.graphql_types import Context

Json = dict[str, Any]

NOTHING = cast("Context", None)
NUMBERED = (
    'query($n: Int!) { repository(owner: "acme", name: "shop") { issue(number: $n) { id } } }'
)


@pytest.mark.parametrize(
    ("body", "words", "place"),
    [
        ({"query": "{"}, "Expected Name", (1, 2)),
        ({"query": "{\n  viewer(n: ) { login }\n}"}, "Unexpected '\\)'", (2, 13)),
        ({"query": "{ viewer ; }"}, "Unexpected character", (1, 10)),
        ({"query": "subscription { viewer }"}, "not support subscription|subscription", (1, 1)),
        ({"query": "{ viewer { login } } { viewer { id } }"}, "anonymous operation", (1, 1)),
        ({"query": "{" + " a {" * 3_000 + "}" * 3_001}, "too deeply", None),
        ({"query": "{" + " a" * 11_000 + "}"}, "tokens", None),
        ({"query": "query A { viewer { login } }", "operationName": "B"}, "named 'B'", None),
        ({"query": "query($n: Int!) { viewer { login } }"}, "is never used", (1, 7)),
        ({"query": NUMBERED}, r"\$n", (1, 7)),
        ({"query": NUMBERED, "variables": {"n": "one"}}, "Int cannot represent", (1, 7)),
        ({"query": NUMBERED, "variables": [1]}, "Variables must be an object", None),
        ({"query": " "}, "query attribute must be specified", None),
        ({"query": 5}, "query attribute must be specified", None),
    ],
)
def test_a_mistake_is_told_with_its_place_before_anything_runs(
    body: Json, words: str, place: tuple[int, int] | None
) -> None:
    answer = execute(NOTHING, body)
    assert "data" not in answer
    (error,) = answer["errors"][:1]
    assert re.search(words, error["message"])
    if place is not None:
        assert (error["locations"][0]["line"], error["locations"][0]["column"]) == place
