"""Hold a schema that claims to be a part of GitHub's against GitHub's, name by name."""

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
)

from rigtasks.testing.graphql_schemas import github_schema


def own_types(part: GraphQLSchema) -> list[GraphQLNamedType]:
    """Return the types that a schema names itself."""
    return [
        kind
        for kind in part.type_map.values()
        if not kind.name.startswith("__") and not is_specified_scalar_type(kind)
    ]


def beyond(part: GraphQLSchema) -> tuple[str, ...]:
    """Say in words where a schema is no part of GitHub's."""
    found: list[str] = []
    for kind in own_types(part):
        theirs = github_schema().get_type(kind.name)
        if theirs is None or type(theirs) is not type(kind):
            found.append(f"{kind.name} is no {type(kind).__name__} of GitHub's")
        else:
            found.extend(_differences(kind, theirs))
    return tuple(found)


def _differences(ours: GraphQLNamedType, theirs: GraphQLNamedType) -> Iterator[str]:
    if isinstance(ours, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
        for value in ours.values.keys() - theirs.values.keys():
            yield f"{ours.name}.{value} is no value of GitHub's"
    elif isinstance(ours, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
        yield from _inputs(ours.name, ours.fields, theirs.fields)
    elif isinstance(ours, _WITH_FIELDS) and isinstance(theirs, _WITH_FIELDS):
        known = {each.name for each in theirs.interfaces}
        for interface in ours.interfaces:
            if interface.name not in known:
                yield f"{ours.name} is no {interface.name} at GitHub's"
        for name, field in ours.fields.items():
            yield from _field(f"{ours.name}.{name}", field, theirs.fields.get(name))


_WITH_FIELDS = (GraphQLObjectType, GraphQLInterfaceType)


def _field(name: str, ours: GraphQLField, theirs: GraphQLField | None) -> Iterator[str]:
    if theirs is None:
        yield f"{name} is no field of GitHub's"
        return
    if str(ours.type) != str(theirs.type):
        yield f"{name} is {ours.type}, and {theirs.type} at GitHub's"
    yield from _inputs(name, ours.args, theirs.args)


def _inputs(
    name: str,
    ours: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    theirs: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
) -> Iterator[str]:
    for each, given in ours.items():
        known = theirs.get(each)
        if known is None:
            yield f"{name} takes no {each} at GitHub's"
        elif str(known.type) != str(given.type):
            yield f"{name} takes {each} as {given.type}, and as {known.type} at GitHub's"
    for each, known in theirs.items():
        if each not in ours and _is_required(known):
            yield f"{name} needs {each} at GitHub's"


def _is_required(given: GraphQLArgument | GraphQLInputField) -> bool:
    if isinstance(given, GraphQLArgument):
        return is_required_argument(given)
    return is_required_input_field(given)
