"""GraphQL: run the supported part of GitHub's schema, and say clearly what is not part of it."""

from typing import Any

from rigtasks.local.github.graphql_syntax import (
    Document,
    Field,
    GraphqlSyntaxError,
    Operation,
    Selection,
    Variable,
    parse,
)
from rigtasks.local.github.graphql_types import (
    Connection,
    Context,
    InvalidQueryError,
    Json,
    Link,
    Node,
    RefusedError,
    Schema,
)
from rigtasks.local.github.graphql_validation import validate

_LARGEST_PAGE = 100


def execute(schema: Schema, context: Context, body: Json) -> Json:
    """Run a request body `{"query", "variables", "operationName"}` and return the answer."""
    source = body.get("query")
    if not isinstance(source, str) or not source.strip():
        return {
            "errors": [{"message": "A query attribute must be specified and must be a string."}]
        }
    variables = body.get("variables") or {}
    try:
        document = parse(source)
        operation = _chosen(document, body.get("operationName"))
        given = _variables(operation, variables)
        validate(schema, document, operation)
    except GraphqlSyntaxError as error:
        where = [{"line": error.line, "column": error.column}]
        return {"errors": [{"message": str(error), "locations": where}]}
    except InvalidQueryError as error:
        return {"errors": [error.error]}
    run = _Run(schema, context, document, given)
    root = Node(type="Mutation" if operation.kind == "mutation" else "Query", value=None)
    data = run.selected(root, operation.selections, ())
    return {"data": data, "errors": run.errors} if run.errors else {"data": data}


def _chosen(document: Document, name: object) -> Operation:
    if name is None and len(document.operations) == 1:
        return document.operations[0]
    for operation in document.operations:
        if operation.name == name and name is not None:
            return operation
    raise InvalidQueryError({"message": f'No operation named "{name}"'})


def _variables(operation: Operation, given: Any) -> Json:
    if not isinstance(given, dict):
        raise InvalidQueryError({"message": "Variables must be an object"})
    for name in sorted(operation.required):
        if given.get(name) is None:
            raise InvalidQueryError(
                {
                    "message": f"Variable ${name} of required type was provided invalid value",
                    "extensions": {"value": None, "problems": []},
                }
            )
    return {**operation.variables, **given}


class _Run:
    """One execution with the errors it met."""

    def __init__(
        self, schema: Schema, context: Context, document: Document, variables: Json
    ) -> None:
        self._schema = schema
        self._context = context
        self._document = document
        self._variables = variables
        self.errors: list[Json] = []

    def selected(
        self, node: Node, selections: tuple[Selection, ...], path: tuple[str | int, ...]
    ) -> Json | None:
        """Return the selected fields of an object."""
        answer: Json = {}
        for selection in selections:
            if isinstance(selection, Field):
                answer[selection.alias] = self._field(node, selection, (*path, selection.alias))
                continue
            spread = (
                selection
                if selection.fragment is None
                else self._document.fragments[selection.fragment]
            )
            if spread.on in {None, node.type}:
                answer.update(self.selected(node, spread.selections, path) or {})
        return answer

    def _field(self, node: Node, field: Field, path: tuple[str | int, ...]) -> Any:
        if field.name == "__typename":
            return node.type
        entry = self._schema[node.type][field.name]
        resolver = entry.resolve if isinstance(entry, Link) else entry
        try:
            value = resolver(self._context, node.value, self._arguments(field))
            return self._rendered(value, field, path)
        except RefusedError as error:
            self.errors.append(
                {
                    "type": error.kind,
                    "path": list(path),
                    "locations": [{"line": field.line, "column": field.column}],
                    "message": str(error),
                }
            )
            return None

    def _rendered(self, value: Any, field: Field, path: tuple[str | int, ...]) -> Any:
        match value:
            case Node():
                return self.selected(value, field.selections, path)
            case Connection():
                return self._connection(value, field, path)
            case list():
                return [
                    self._rendered(item, field, (*path, index)) for index, item in enumerate(value)
                ]
            case _:
                return value

    def _connection(
        self, value: Connection, field: Field, path: tuple[str | int, ...]
    ) -> Json | None:
        arguments = self._arguments(field)
        first, last = arguments.get("first"), arguments.get("last")
        size = first if first is not None else last
        if not isinstance(size, int) or not 0 < size <= _LARGEST_PAGE:
            message = (
                f"You must provide a `first` or `last` value between 1 and {_LARGEST_PAGE} to "
                f"properly paginate the `{field.name}` connection."
            )
            self.errors.append(
                {
                    "type": "MISSING_PAGINATION_BOUNDARIES",
                    "path": list(path),
                    "locations": [{"line": field.line, "column": field.column}],
                    "message": message,
                }
            )
            return None
        after = arguments.get("after")
        start = 0 if after is None else _position(after) + 1
        if first is None:
            start = max(len(value.items) - size, 0)
        items = value.items[start : start + size]
        page = Node(
            type=value.type,
            value={
                "totalCount": len(value.items),
                "nodes": items,
                "pageInfo": Node(
                    type="PageInfo",
                    value={
                        "hasNextPage": start + size < len(value.items),
                        "hasPreviousPage": start > 0,
                        "startCursor": _cursor(start) if items else None,
                        "endCursor": _cursor(start + len(items) - 1) if items else None,
                    },
                ),
            },
        )
        return self.selected(page, field.selections, path)

    def _arguments(self, field: Field) -> Json:
        return {name: self._value(value) for name, value in field.arguments.items()}

    def _value(self, value: Any) -> Any:
        match value:
            case Variable(name=name):
                return self._variables.get(name)
            case list():
                return [self._value(item) for item in value]
            case dict():
                return {name: self._value(item) for name, item in value.items()}
            case _:
                return value


def _cursor(position: int) -> str:
    return f"Y3Vyc29yOnYyOp{position:06d}"


def _position(cursor: object) -> int:
    if isinstance(cursor, str) and cursor[-6:].isdigit():
        return int(cursor[-6:])
    raise RefusedError(
        f"`{cursor}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS"
    )
