"""Page the connections of GraphQL as GitHub does: `first` or `last`, `after` or `before`."""

from collections.abc import Sequence
from typing import Any

from rigtasks.local.github.graphql_types import Json, RefusedError

_LARGEST_PAGE = 100


def page(name: str, rows: Sequence[Any], arguments: Json) -> Json:
    """Return the page of a connection that its arguments ask for.

    Args:
        name: of the field, for the words of a refusal.
        rows: everything the connection holds, in its order.
        arguments: `first` or `last`, `after` and `before`.

    Raises:
        RefusedError: the size is missing or out of bounds, or a cursor is none.
    """
    first, last = _size(name, "first", arguments), _size(name, "last", arguments)
    if first is None and last is None:
        raise RefusedError(
            f"You must provide a `first` or `last` value of at least 1 to properly paginate the "
            f"`{name}` connection.",
            "MISSING_PAGINATION_BOUNDARIES",
        )
    after, before = arguments.get("after"), arguments.get("before")
    start = 0 if after is None else _position(after) + 1
    end = len(rows) if before is None else min(_position(before), len(rows))
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    shown = list(rows[start:end])
    return {
        "totalCount": len(rows),
        "nodes": shown,
        "pageInfo": {
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(start) if shown else None,
            "endCursor": _cursor(end - 1) if shown else None,
        },
    }


def _size(name: str, argument: str, arguments: Json) -> int | None:
    size: int = arguments.get(argument) or 0
    if size > _LARGEST_PAGE:
        raise RefusedError(
            f"Requesting {size} records on the `{name}` connection exceeds the `{argument}` limit "
            f"of {_LARGEST_PAGE} records.",
            "EXCESSIVE_PAGINATION",
        )
    return size if size > 0 else None


def _cursor(position: int) -> str:
    return f"Y3Vyc29yOnYyOp{position:06d}"


def _position(cursor: str) -> int:
    if cursor[-6:].isdigit():
        return int(cursor[-6:])
    raise RefusedError(
        f"`{cursor}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS"
    )
