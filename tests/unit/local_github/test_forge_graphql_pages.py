"""Pages of a GraphQL connection: sizes, cursors from both ends, and what is refused."""

from typing import Any

import pytest

from rigtasks.local.github.graphql_pages import page
from rigtasks.local.github.graphql_types import RefusedError

ROWS = list("abcde")


def nodes(**arguments: Any) -> tuple[str, bool, bool]:
    shown = page("letters", ROWS, arguments)
    assert shown["totalCount"] == len(ROWS)
    info = shown["pageInfo"]
    return "".join(shown["nodes"]), info["hasPreviousPage"], info["hasNextPage"]


def cursor(letter: str) -> str:
    place = ROWS.index(letter) + 1
    return str(page("letters", ROWS, {"first": place})["pageInfo"]["endCursor"])


def test_pages_go_forwards_and_backwards() -> None:
    assert nodes(first=2) == ("ab", False, True)
    assert nodes(first=2, after=cursor("b")) == ("cd", True, True)
    assert nodes(first=2, after=cursor("d")) == ("e", True, False)
    assert nodes(first=100) == ("abcde", False, False)
    assert nodes(last=2) == ("de", True, False)
    assert nodes(last=2, before=cursor("d")) == ("bc", True, True)
    assert nodes(first=4, last=1) == ("d", True, True)


def test_a_page_beyond_the_end_is_empty_and_has_no_cursors() -> None:
    shown = page("letters", ROWS, {"first": 1, "after": cursor("e")})
    assert shown["nodes"] == []
    assert (shown["pageInfo"]["startCursor"], shown["pageInfo"]["endCursor"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({}, "MISSING_PAGINATION_BOUNDARIES"),
        ({"first": 0}, "MISSING_PAGINATION_BOUNDARIES"),
        ({"last": -1}, "MISSING_PAGINATION_BOUNDARIES"),
        ({"first": 101}, "EXCESSIVE_PAGINATION"),
        ({"last": 101}, "EXCESSIVE_PAGINATION"),
        ({"first": 1, "after": "what"}, "INVALID_CURSOR_ARGUMENTS"),
        ({"last": 1, "before": ""}, "INVALID_CURSOR_ARGUMENTS"),
    ],
)
def test_what_is_no_page_is_refused_by_name(arguments: dict[str, Any], kind: str) -> None:
    with pytest.raises(RefusedError, match=r"letters|cursor") as refused:
        page("letters", ROWS, arguments)
    assert refused.value.kind == kind
