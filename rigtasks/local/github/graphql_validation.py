"""Refuse a GraphQL query that asks for what the schema lacks, before anything of it runs."""

from typing import Any

from rigtasks.local.github.graphql_syntax import Document, Field, Operation, Selection, Variable
from rigtasks.local.github.graphql_types import InvalidQueryError, Json, Link, Schema


def validate(schema: Schema, document: Document, operation: Operation) -> None:
    """Check every selected field and variable of an operation.

    Raises:
        InvalidQueryError: with the first thing that is wrong.
    """
    root = "Mutation" if operation.kind == "mutation" else "Query"
    _Validation(schema, document, operation).selections(root, operation.selections, ())


class _Validation:
    """One walk over an operation."""

    def __init__(self, schema: Schema, document: Document, operation: Operation) -> None:
        self._schema = schema
        self._document = document
        self._operation = operation

    def selections(
        self, type_name: str, selections: tuple[Selection, ...], inside: tuple[str, ...]
    ) -> None:
        for selection in selections:
            if isinstance(selection, Field):
                self._field(type_name, selection, inside)
                continue
            name, spread = selection.fragment, selection
            if name is not None:
                if name in inside or name not in self._document.fragments:
                    reason = "contains an infinite loop" if name in inside else "was not defined"
                    raise InvalidQueryError({"message": f"Fragment {name} {reason}"})
                spread, inside = self._document.fragments[name], (*inside, name)
            self.selections(spread.on or type_name, spread.selections, inside)

    def _field(self, type_name: str, field: Field, inside: tuple[str, ...]) -> None:
        if field.name == "__typename":
            return
        entry = self._schema.get(type_name, {}).get(field.name)
        if entry is None:
            message = f"Field '{field.name}' doesn't exist on type '{type_name}'"
            raise InvalidQueryError(
                _error(
                    field,
                    message,
                    code="undefinedField",
                    typeName=type_name,
                    fieldName=field.name,
                )
            )
        linked = isinstance(entry, Link)
        if linked != bool(field.selections):
            message = (
                f"Field must have selections (field '{field.name}' has no selections)"
                if linked
                else f"Selections can't be made on scalars (field '{field.name}')"
            )
            raise InvalidQueryError(_error(field, message, code="selectionMismatch"))
        for used in _variables_in(field.arguments):
            if used not in self._operation.variables:
                name = self._operation.name or "anonymous query"
                message = f"Variable ${used} is used by {name} but not declared"
                raise InvalidQueryError(_error(field, message, code="variableNotDefined"))
        if isinstance(entry, Link):
            self.selections(entry.type, field.selections, inside)


def _error(field: Field, message: str, **extensions: str) -> Json:
    return {
        "message": message,
        "locations": [{"line": field.line, "column": field.column}],
        "extensions": extensions,
    }


def _variables_in(value: Any) -> list[str]:
    match value:
        case Variable(name=name):
            return [name]
        case list():
            return [name for item in value for name in _variables_in(item)]
        case dict():
            return _variables_in(list(value.values()))
        case _:
            return []
