"""What resolves the fields of `schema.graphql`: by type and field, from the sandbox's own rows."""

from collections.abc import Mapping

from rigtasks.local.github.graphql_changes import CHANGES
from rigtasks.local.github.graphql_queue import QUEUE
from rigtasks.local.github.graphql_reading import READING
from rigtasks.local.github.graphql_types import Resolver


def _together(
    *parts: Mapping[str, Mapping[str, Resolver]],
) -> Mapping[str, Mapping[str, Resolver]]:
    merged: dict[str, dict[str, Resolver]] = {}
    for part in parts:
        for type_name, fields in part.items():
            merged.setdefault(type_name, {}).update(fields)
    return merged


#: What resolves a field that is not read off its row under its own name, by type and field.
RESOLVERS = _together(READING, QUEUE, CHANGES)
