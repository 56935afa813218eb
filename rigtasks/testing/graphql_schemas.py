"""Judge GraphQL by GitHub's own schema: queries by its rules, answers by completing them again."""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntrospectionQuery,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_client_schema,
    execute_sync,
    is_specified_scalar_type,
    parse,
    validate,
)

from rigtasks.testing import graphql_answers
from rigtasks.testing.conformance import TALLY
from rigtasks.testing.graphql_introspection import part_of
from rigtasks.testing.graphql_scalars import completing
from rigtasks.testing.material import graphql_document

#: Who decides which queries there are and how their answers look.
JUDGE = "@octokit/graphql-schema"
#: What of an answer is not held against the schema.
OUTSIDE = (
    "Whether GraphQL refuses what GitHub would carry out: of a refusal only the form is judged.",
)
_ABOUT_THE_SCHEMA = frozenset({"__schema", "__type"})
_OK = 200
_JSON = "application/json"

Info = GraphQLResolveInfo[set[str]]


class AnsweredQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One GraphQL exchange; both sides as they were sent."""

    asked: bytes
    answer: bytes
    status: int = _OK
    media: str = _JSON


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Which fields an answer has, such as `Issue.title`, and where it differs from the schema."""

    fields: frozenset[str] = frozenset()
    differences: tuple[str, ...] = ()


@cache
def github_schema() -> GraphQLSchema:
    """Return GitHub's schema, whose scalars take nothing but what they are."""
    said = cast("IntrospectionQuery", graphql_document())
    schema = build_client_schema(said, assume_valid=True)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind):
            kind.coerce_output_value = completing(kind.name)
    return schema


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
    change. What the sandbox says about its own schema has to be a part of what GitHub says about
    its. A query that was refused whole has nothing but errors to judge.
    """
    answer, odd = _read(exchange)
    if odd:
        return Judgement(differences=odd)
    if exchange.status != _OK or "data" not in answer:
        return Judgement()
    asked = msgspec.json.decode(exchange.asked)
    if wrong := mistakes(asked["query"]):
        words = (f"GraphQL answers what GitHub refuses: {one}" for one in wrong)
        return Judgement(differences=tuple(words))
    return _completed(asked, answer)


def _read(exchange: AnsweredQuery) -> tuple[Any, tuple[str, ...]]:
    """Return an answer, and in words what is wrong with it whatever was asked."""
    try:
        answer = msgspec.json.decode(exchange.answer)
    except msgspec.DecodeError as error:
        return None, (f"GraphQL answers with no JSON: {error}",)
    if exchange.media != _JSON:
        return answer, (f"GraphQL answers with {exchange.media or 'nothing'}",)
    if exchange.status != _OK:
        return answer, tuple(_refusal(exchange.status, answer))
    return answer, tuple(graphql_answers.differences(answer))


def _refusal(status: int, answer: Any) -> Iterator[str]:
    """Say why something is no refusal of a whole request, which looks as REST's do."""
    for name in ("message", "documentation_url"):
        if not isinstance(answer, dict) or not isinstance(answer.get(name), str):
            yield f"GraphQL refuses with {status} without a {name}"


def _completed(asked: dict[str, Any], answer: dict[str, Any]) -> Judgement:
    fields: set[str] = set()
    document = parse(asked["query"])
    data = answer["data"]
    if data is None:
        return Judgement()
    result = execute_sync(
        github_schema(),
        document,
        root_value=data,
        context_value=fields,
        variable_values=asked.get("variables") or {},
        operation_name=asked.get("operationName"),
        field_resolver=_answered,
        type_resolver=_kind,
    )
    found = [f"GraphQL {_place(error)}: {error.message}" for error in result.errors or ()]
    if not found:
        about = {key for key in _keys_about_the_schema(document) if key in (result.data or {})}
        said, own = dict(result.data or {}), dict(data)
        for key in sorted(about):
            found += part_of(own.pop(key, None), said.pop(key), f"GraphQL {key}")
        if _plain(said) != _plain(own):
            found.append(f"GraphQL answers {own}, which completes to {said}")
    return Judgement(fields=frozenset(fields), differences=tuple(found))


def _answered(parent: dict[str, Any], info: Info, **_arguments: Any) -> Any:
    """Take a field from the answer."""
    info.context.add(f"{info.parent_type.name}.{info.field_name}")
    if info.path.key not in parent:
        raise GraphQLError("is not answered")
    return parent[info.path.key]


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


def _keys_about_the_schema(document: DocumentNode) -> set[str]:
    """Return under which names of the answer a query asks for the schema itself."""
    return {
        _key(node)
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
        for node in _plain_fields(definition.selection_set)
        if node.name.value in _ABOUT_THE_SCHEMA
    }


def _plain_fields(chosen: SelectionSetNode) -> Iterator[FieldNode]:
    for node in chosen.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _plain_fields(node.selection_set)


def _place(error: GraphQLError) -> str:
    return ".".join(str(step) for step in error.path or () if isinstance(step, str))


def _plain(data: Any) -> bytes:
    return msgspec.json.encode(data, order="deterministic")
