"""GraphQL: run the supported part of GitHub's schema, and say clearly what is not part of it."""

from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldsOnCorrectTypeRule,
    GraphQLError,
    GraphQLField,
    GraphQLFieldResolver,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    KnownArgumentNamesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
    VariablesInAllowedPositionRule,
    build_schema,
    execute_sync,
    get_named_type,
    validate,
)

from rigtasks.local.github.governance import Team
from rigtasks.local.github.graphql_documents import document_of
from rigtasks.local.github.graphql_pages import page
from rigtasks.local.github.graphql_schema import RESOLVERS
from rigtasks.local.github.graphql_types import Context, Json, RefusedError, Resolver
from rigtasks.local.github.model import Account

_SOURCE = Path(__file__).with_name("schema.graphql")
#: GitHub's `code` of an error in a query, by the rule that found it.
_CODES = {
    FieldsOnCorrectTypeRule: "undefinedField",
    KnownArgumentNamesRule: "argumentNotAccepted",
    KnownFragmentNamesRule: "useAndDefineFragment",
    KnownTypeNamesRule: "undefinedType",
    NoFragmentCyclesRule: "infiniteLoop",
    NoUndefinedVariablesRule: "variableNotDefined",
    NoUnusedFragmentsRule: "useAndDefineFragment",
    NoUnusedVariablesRule: "variableNotUsed",
    OverlappingFieldsCanBeMergedRule: "fieldConflict",
    ProvidedRequiredArgumentsRule: "missingRequiredArguments",
    ScalarLeafsRule: "selectionMismatch",
    ValuesOfCorrectTypeRule: "argumentLiteralsIncompatible",
    VariablesInAllowedPositionRule: "variableMismatch",
}


@cache
def schema() -> GraphQLSchema:
    """Return the part of GitHub's schema that is answered here, with what resolves it.

    Raises:
        LookupError: a resolver belongs to no field.
    """
    built = build_schema(_SOURCE.read_text(encoding="utf-8"))
    for type_name, resolvers in RESOLVERS.items():
        fields = _fields(built, type_name)
        for name, resolver in resolvers.items():
            fields[name].resolve = _resolving(resolver, fields[name], name)
    return built


def execute(context: Context, body: Json) -> Json:
    """Run a request body `{"query", "variables", "operationName"}` and return the answer."""
    try:
        document, variables = _asked(body)
        if wrong := _mistakes(document):
            return {"errors": wrong}
        result = execute_sync(
            schema(),
            document,
            context_value=context,
            variable_values=variables,
            operation_name=body.get("operationName"),
            field_resolver=_read,
            type_resolver=_kind,
        )
    except GraphQLError as error:
        return {"errors": [_told(error)]}
    except RecursionError:
        return {"errors": [{"message": "The query nests too deeply."}]}
    told = [_told(error) for error in result.errors or ()]
    if result.data is None and not any("path" in error for error in told):
        return {"errors": told}
    return {"data": result.data, "errors": told} if told else {"data": result.data}


def _asked(body: Json) -> tuple[DocumentNode, Json]:
    source, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(source, str) or not source.strip():
        raise GraphQLError("A query attribute must be specified and must be a string.")
    if not isinstance(variables, dict):
        raise GraphQLError("Variables must be an object")
    return document_of(source), variables


def _mistakes(document: DocumentNode) -> list[Json]:
    """Say what is wrong with a query; the rules are asked one by one only when something is."""
    if not validate(schema(), document, max_errors=1):
        return []
    ruled = [
        {**_told(error), "extensions": {"code": code}}
        for rule, code in _CODES.items()
        for error in validate(schema(), document, [rule])
    ]
    return ruled or [_told(error) for error in validate(schema(), document)]


def _told(error: GraphQLError) -> Json:
    """Render an error as GitHub does.

    Raises:
        Exception: what resolved the field failed, rather than refused.
    """
    cause = error.original_error
    if cause is not None and not isinstance(cause, RefusedError | GraphQLError):
        raise cause
    told: Json = dict(error.formatted)
    return {"type": cause.kind, **told} if isinstance(cause, RefusedError) else told


def _fields(built: GraphQLSchema, type_name: str) -> dict[str, GraphQLField]:
    kind = built.type_map[type_name]
    return kind.fields if isinstance(kind, GraphQLObjectType) else {}


def _resolving(resolver: Resolver, field: GraphQLField, name: str) -> GraphQLFieldResolver:
    if get_named_type(field.type).name.endswith("Connection"):
        return lambda row, info, **arguments: page(
            name, resolver(info.context, row, arguments), arguments
        )
    return lambda row, info, **arguments: resolver(info.context, row, arguments)


def _kind(row: Account | Team, _info: GraphQLResolveInfo[Context], _abstract: object) -> str:
    return "Team" if isinstance(row, Team) else row.type.value


def _read(row: Any, info: GraphQLResolveInfo[Context], **_arguments: Any) -> Any:
    return row[info.field_name] if isinstance(row, dict) else getattr(row, info.field_name)
