"""What no check is about: said by the judges, and found where counts say that nothing was held."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import is_object_type

from rigtasks.local.github.graphql import schema
from rigtasks.local.github.rest.table import ROUTES
from rigtasks.testing import (
    answer_book,
    graphql_schemas,
    recorded_answers,
    rest_schemas,
    webhook_schemas,
)
from rigtasks.testing.conformance import Check
from rigtasks.testing.graphql_subset import own_types
from rigtasks.testing.schema_document import FORMATS

#: What the judges say about themselves.
SAID = (
    *answer_book.OUTSIDE,
    *rest_schemas.OUTSIDE,
    *graphql_schemas.OUTSIDE,
    *webhook_schemas.OUTSIDE,
    *recorded_answers.OUTSIDE,
)
_ARGUMENT = re.compile(r"<(?:[^<>:]*:)?(\w+)>")
#: What stands for an argument that is none for itself; everything else is `1`.
_ARGUMENTS = {"spec": "1...2"}
_FIRST_REFUSAL = 300


def unheld_calls(counts: Mapping[Check, int]) -> list[str]:
    """Return the sandbox's REST calls of which no success was held against the document."""
    held = {
        key
        for check in counts
        if check.judge == rest_schemas.JUDGE
        for key, _, status in [check.subject.rpartition(" ")]
        if int(status) < _FIRST_REFUSAL
    }
    asked = {_call(route.method, route.rule) for route in ROUTES}
    return sorted(call for call in asked if call not in held)


def _call(method: str, rule: str) -> str:
    """Name a call of the sandbox as GitHub's document does, by its own rule where that has none."""
    path = _ARGUMENT.sub(lambda found: _ARGUMENTS.get(found[1], "1"), rule)
    operation = rest_schemas.operation_of(method, path)
    return f"{method} {rule}" if operation is None else operation.key


def unheld_fields(counts: Mapping[Check, int]) -> list[str]:
    """Return the fields of the sandbox's GraphQL schema that no judged answer had."""
    held = {check.subject for check in counts if check.judge == graphql_schemas.JUDGE}
    fields = {
        f"{kind.name}.{name}"
        for kind in own_types(schema())
        if is_object_type(kind)
        for name in kind.fields
    }
    return sorted(fields - held)


def unchecked_formats() -> list[str]:
    """Return the formats of the documents that no judge looks at."""
    documents = (rest_schemas.content(), webhook_schemas.webhook_schemas().content)
    return sorted({one for each in documents for one in _formats(each)} - set(FORMATS.checkers))


def _formats(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("format"), str) and "type" in node:
            yield node["format"]
        for part in node.values():
            yield from _formats(part)
    elif isinstance(node, list):
        for part in node:
            yield from _formats(part)
