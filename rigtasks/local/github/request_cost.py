"""What a request costs of GitHub's limits: pure, from its method, address and GraphQL document.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import re
from enum import StrEnum
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    value_from_ast_untyped,
)
from werkzeug.wrappers import Request

from rigtasks.local.github.graphql_documents import document_of

_READ_POINTS, _WRITE_POINTS = 1, 5
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CREATES = re.compile(r"/repos/[^/]+/[^/]+/(?:issues|pulls|commits|check-runs)(?:/.*)?")
_REQUESTS_PER_POINT = 100
_LARGEST_PAGE = 100
_GRAPHQL_PATHS = frozenset({"/graphql", "/api/graphql"})


class Resource(StrEnum):
    """The budgets of the primary limit."""

    CORE = "core"
    GRAPHQL = "graphql"


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
    points = _READ_POINTS if method in _READS else _WRITE_POINTS
    creates = method == "POST" and _CREATES.fullmatch(path) is not None
    return Cost(resource=Resource.CORE, points=points, creates=creates)


def graphql_cost(body: dict[str, Any]) -> Cost:
    """Return the cost of a GraphQL call; one that cannot be read costs the least."""
    try:
        document = document_of(str(body.get("query")))
        operation = _operation(document, body.get("operationName"))
        if operation is None:
            return Cost(resource=Resource.GRAPHQL)
        requests = _Filling(document, _variables(operation, body)).requests(operation.selection_set)
    except (GraphQLError, RecursionError, ValueError):  # ValueError: a number of a thousand digits
        return Cost(resource=Resource.GRAPHQL)
    changes = operation.operation is OperationType.MUTATION
    return Cost(
        resource=Resource.GRAPHQL,
        units=max(1, (requests + _REQUESTS_PER_POINT // 2) // _REQUESTS_PER_POINT),
        points=_WRITE_POINTS if changes else _READ_POINTS,
        creates=changes,
    )


def _body(request: Request) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(request.get_data())
    except (msgspec.DecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _operation(document: DocumentNode, name: object) -> OperationDefinitionNode | None:
    """Return the operation of a name, or the first where none is asked for by name."""
    named = (
        one
        for one in document.definitions
        if isinstance(one, OperationDefinitionNode)
        and (name is None or (one.name is not None and one.name.value == name))
    )
    return next(named, None)


def _variables(operation: OperationDefinitionNode, body: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of an operation: those given, and else their defaults."""
    given = body.get("variables")
    defaults = {
        one.variable.name.value: value_from_ast_untyped(one.default_value)
        for one in operation.variable_definitions or ()
        if one.default_value is not None
    }
    return {**defaults, **(given if isinstance(given, dict) else {})}


class _Filling:
    """Counts the calls it takes to fill every connection, each as full as it was asked to be.

    Args:
        document: with the fragments; one inside itself counts once.
        variables: by name.
    """

    def __init__(self, document: DocumentNode, variables: dict[str, Any]) -> None:
        self._variables = variables
        self._fragments = {
            one.name.value: one.selection_set
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        self._counted: dict[str, int] = {}

    def requests(self, selections: SelectionSetNode | None) -> int:
        """Return the calls for what is selected."""
        total = 0
        for selection in () if selections is None else selections.selections:
            match selection:
                case FieldNode():
                    below = self.requests(selection.selection_set)
                    size = self._size(selection)
                    total += below if size is None else 1 + size * below
                case FragmentSpreadNode():
                    total += self._fragment(selection.name.value)
                case InlineFragmentNode():
                    total += self.requests(selection.selection_set)
        return total

    def _fragment(self, name: str) -> int:
        if name not in self._counted:
            self._counted[name] = 0
            self._counted[name] = self.requests(self._fragments.get(name))
        return self._counted[name]

    def _size(self, field: FieldNode) -> int | None:
        given = {one.name.value: one.value for one in field.arguments or ()}
        for name in ("first", "last"):
            value = self._value(given.get(name))
            if isinstance(value, int):
                return min(max(value, 0), _LARGEST_PAGE)
        return None

    def _value(self, node: ValueNode | None) -> Any:
        return None if node is None else value_from_ast_untyped(node, self._variables)
