"""The words of the GraphQL part: nodes, connections, resolvers, links between types, refusals."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from rigtasks.local.github.access import Caller
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.pulls import MergeChecks

Json = dict[str, Any]


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A value of an object type, with what its resolvers need."""

    type: str
    value: Any


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A list to be paged; `type` is the connection's own name."""

    type: str
    items: list[Node]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what may be looked at."""

    hub: Hub
    caller: Caller
    merge_checks: MergeChecks


Resolver = Callable[[Context, Any, Json], Any]


class Link(msgspec.Struct, frozen=True):
    """A field whose value is an object of another type, so that it needs selections."""

    type: str
    resolve: Resolver


Schema = Mapping[str, Mapping[str, Resolver | Link]]


class RefusedError(Exception):
    """A field that could not be answered; `kind` is GitHub's `type` of the error."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class InvalidQueryError(Exception):
    """A query that is refused as a whole, before anything runs; `error` is its JSON."""

    def __init__(self, error: Json) -> None:
        super().__init__(error["message"])
        self.error = error


def carried(name: str) -> Resolver:
    """Build the resolver of a field that a value already carries by name."""
    return lambda _context, value, _arguments: value[name]


def connection(node_type: str) -> Mapping[str, Resolver | Link]:
    """Build the type of a connection to nodes of one type."""
    return {
        "totalCount": carried("totalCount"),
        "nodes": Link(node_type, carried("nodes")),
        "pageInfo": Link("PageInfo", carried("pageInfo")),
    }


PAGE_INFO: Mapping[str, Resolver | Link] = {
    name: carried(name) for name in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")
}
