"""Judge GraphQL by GitHub's own schema: queries by its rules, answers by completing them again."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntrospectionQuery,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_client_schema,
    execute_sync,
    get_named_type,
    parse,
    validate,
)

from rigtasks.testing.conformance import TALLY
from rigtasks.testing.material import graphql_document

#: Who decides which queries there are and how their answers look.
JUDGE = "@octokit/graphql-schema"
_ABOUT_THE_SCHEMA = frozenset({"__schema", "__type"})
_FORMS = {
    "DateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "GitObjectID": re.compile(r"[0-9a-f]{40}"),
    "URI": re.compile(r"https?://\S+"),
}

Info = GraphQLResolveInfo[set[str]]


class AnsweredQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One GraphQL exchange; both sides as they were sent."""

    asked: bytes
    answer: bytes


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Which fields an answer has, such as `Issue.title`, and where it differs from the schema."""

    fields: frozenset[str] = frozenset()
    differences: tuple[str, ...] = ()


@cache
def github_schema() -> GraphQLSchema:
    """Return GitHub's schema."""
    said = cast("IntrospectionQuery", graphql_document())
    return build_client_schema(said, assume_valid=True)


def mistakes(query: str) -> tuple[str, ...]:
    """Say in words why GitHub would refuse a query, whatever its variables are."""
    try:
        return tuple(error.message for error in validate(github_schema(), parse(query)))
    except GraphQLError as error:
        return (error.message,)


def judged(exchange: AnsweredQuery) -> tuple[str, ...]:
    """Count an answer as judged, field by field, and say in words where it differs."""
    judgement = judge(exchange)
    for coordinate in judgement.fields:
        TALLY.add(JUDGE, coordinate)
    return judgement.differences


def judge(exchange: AnsweredQuery) -> Judgement:
    """Run a query on GitHub's schema with the answer for its data.

    What comes out is what GitHub could have said, so nothing may be an error and nothing may
    change. A query that was refused whole has no answer to judge.
    """
    asked, answer = msgspec.json.decode(exchange.asked), msgspec.json.decode(exchange.answer)
    if "data" not in answer:
        return Judgement()
    if wrong := mistakes(asked["query"]):
        return Judgement(
            differences=tuple(f"GraphQL answers what GitHub refuses: {one}" for one in wrong)
        )
    document = parse(asked["query"])
    if _is_about_the_schema(document):
        return Judgement()
    if answer["data"] is None:
        missing = () if answer.get("errors") else ("GraphQL has neither data nor errors",)
        return Judgement(differences=missing)
    fields: set[str] = set()
    result = execute_sync(
        github_schema(),
        document,
        root_value=answer["data"],
        context_value=fields,
        variable_values=asked.get("variables") or {},
        operation_name=asked.get("operationName"),
        field_resolver=_answered,
        type_resolver=_kind,
    )
    found = [f"GraphQL {_place(error)}: {error.message}" for error in result.errors or ()]
    if not found and _plain(result.data) != _plain(answer["data"]):
        found = [f"GraphQL answers {answer['data']}, which completes to {result.data}"]
    return Judgement(fields=frozenset(fields), differences=tuple(found))


def _answered(parent: dict[str, Any], info: Info, **_arguments: Any) -> Any:
    """Take a field from the answer, checking the form of a scalar of GitHub's own."""
    info.context.add(f"{info.parent_type.name}.{info.field_name}")
    if info.path.key not in parent:
        raise GraphQLError("is not answered")
    value = parent[info.path.key]
    form = _FORMS.get(get_named_type(info.return_type).name)
    if form is not None and value is not None and not form.fullmatch(str(value)):
        raise GraphQLError(f"is {value!r}")
    return value


def _kind(
    value: dict[str, Any], info: Info, abstract: GraphQLInterfaceType | GraphQLUnionType
) -> str:
    """Return the type that an answer without `__typename` must have: one with just these fields."""
    sets = [node.selection_set for node in info.field_nodes if node.selection_set]
    for node in (node for one in sets for node in _fields(one, info, None)):
        if node.name.value == "__typename" and _key(node) in value:
            return str(value[_key(node)])
    for kind in info.schema.get_possible_types(abstract):
        nodes = [node for one in sets for node in _fields(one, info, kind)]
        always = {_key(node) for node in nodes if not node.directives}
        if always <= set(value) <= {_key(node) for node in nodes}:
            return kind.name
    raise GraphQLError(f"no {abstract.name} has just {', '.join(sorted(value))}")


def _fields(
    chosen: SelectionSetNode, info: Info, kind: GraphQLObjectType | None
) -> Iterator[FieldNode]:
    """Yield what is selected of an object of a type; None stands for what every type has."""
    for node in chosen.selections:
        match node:
            case FieldNode():
                yield node
            case FragmentSpreadNode():
                fragment = info.fragments[node.name.value]
                yield from _fields_on(fragment.type_condition, fragment.selection_set, info, kind)
            case InlineFragmentNode():
                yield from _fields_on(node.type_condition, node.selection_set, info, kind)


def _fields_on(
    condition: NamedTypeNode | None,
    chosen: SelectionSetNode,
    info: Info,
    kind: GraphQLObjectType | None,
) -> Iterator[FieldNode]:
    wanted = None if condition is None else info.schema.get_type(condition.name.value)
    if wanted is None or wanted is kind or _is_part(info.schema, wanted, kind):
        yield from _fields(chosen, info, kind)


def _is_part(schema: GraphQLSchema, wanted: Any, kind: GraphQLObjectType | None) -> bool:
    abstract = isinstance(wanted, GraphQLInterfaceType | GraphQLUnionType)
    return abstract and kind is not None and schema.is_sub_type(wanted, kind)


def _key(node: FieldNode) -> str:
    return (node.alias or node.name).value


def _is_about_the_schema(document: DocumentNode) -> bool:
    return any(
        isinstance(node, FieldNode) and node.name.value in _ABOUT_THE_SCHEMA
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for node in definition.selection_set.selections
    )


def _place(error: GraphQLError) -> str:
    return ".".join(str(step) for step in error.path or () if isinstance(step, str))


def _plain(data: Any) -> bytes:
    return msgspec.json.encode(data, order="deterministic")
