"""What a request costs of GitHub's limits: pure, from its method, address and GraphQL document.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import re
from enum import StrEnum
from typing import Any

import msgspec
from werkzeug.wrappers import Request

from rigtasks.local.github.graphql_syntax import (
    Document,
    Field,
    GraphqlSyntaxError,
    Operation,
    Selection,
    Variable,
    parse,
)

_READ_POINTS, _WRITE_POINTS = 1, 5
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CREATES = re.compile(r"/repos/[^/]+/[^/]+/(?:issues|pulls|commits|check-runs)(?:/.*)?")
_REQUESTS_PER_POINT = 100
_DEEPEST = 25
_GRAPHQL_PATHS = frozenset({"/graphql", "/api/graphql"})


class Resource(StrEnum):
    """The budgets of the primary limit."""

    CORE = "core"
    GRAPHQL = "graphql"
    SEARCH = "search"


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What one request takes.

    Attributes:
        resource: whose primary budget.
        units: how much of that budget: 1 for REST, the query's points for GraphQL.
        points: of the secondary limit per minute: 1 for a read, 5 for a change.
        creates: whether it makes content that people are told of.
    """

    resource: Resource
    units: int = 1
    points: int = _READ_POINTS
    creates: bool = False


def is_graphql(method: str, path: str) -> bool:
    """Tell whether a request is one of GraphQL."""
    return method == "POST" and path in _GRAPHQL_PATHS


def is_graphql_read(request: Request, path: str) -> bool:
    """Tell whether a request is a GraphQL query, which changes nothing."""
    return is_graphql(request.method, path) and not graphql_cost(_body(request)).creates


def cost_of(request: Request, path: str) -> Cost:
    """Return the cost of a REST or GraphQL request; `path` is without the API's base."""
    if is_graphql(request.method, path):
        return graphql_cost(_body(request))
    return rest_cost(request.method, path)


def rest_cost(method: str, path: str) -> Cost:
    """Return the cost of a REST call; `path` is without the API's base."""
    resource = Resource.SEARCH if path.startswith("/search/") else Resource.CORE
    points = _READ_POINTS if method in _READS else _WRITE_POINTS
    creates = method == "POST" and _CREATES.fullmatch(path) is not None
    return Cost(resource=resource, points=points, creates=creates)


def graphql_cost(body: dict[str, Any]) -> Cost:
    """Return the cost of a GraphQL call; one that cannot be read costs the least."""
    document = _parsed(body.get("query"))
    given = body.get("variables")
    variables = given if isinstance(given, dict) else {}
    operation = None if document is None else _operation(document, body.get("operationName"))
    if document is None or operation is None:
        return Cost(resource=Resource.GRAPHQL)
    requests = _requests(document, operation.selections, {**operation.variables, **variables}, 0)
    changes = operation.kind == "mutation"
    return Cost(
        resource=Resource.GRAPHQL,
        units=max(1, round(requests / _REQUESTS_PER_POINT)),
        points=_WRITE_POINTS if changes else _READ_POINTS,
        creates=changes,
    )


def _body(request: Request) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(request.get_data())
    except (msgspec.DecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _parsed(source: object) -> Document | None:
    try:
        return parse(source) if isinstance(source, str) else None
    except GraphqlSyntaxError:
        return None


def _operation(document: Document, name: object) -> Operation | None:
    named = (one for one in document.operations if name is None or one.name == name)
    return next(named, None)


def _requests(
    document: Document, selections: tuple[Selection, ...], variables: dict[str, Any], depth: int
) -> int:
    """Count the calls it takes to fill every connection, each as full as it was asked to be."""
    if depth > _DEEPEST:
        return 0
    total = 0
    for selection in selections:
        if isinstance(selection, Field):
            size = _size(selection, variables)
            below = _requests(document, selection.selections, variables, depth + 1)
            total += below if size is None else 1 + size * below
            continue
        spread = selection
        if selection.fragment is not None:
            spread = document.fragments.get(selection.fragment, selection)
        total += _requests(document, spread.selections, variables, depth + 1)
    return total


def _size(field: Field, variables: dict[str, Any]) -> int | None:
    for name in ("first", "last"):
        value = field.arguments.get(name)
        if isinstance(value, Variable):
            value = variables.get(value.name)
        if isinstance(value, int):
            return max(value, 0)
    return None
