"""Judge REST answers by GitHub's OpenAPI document: the operation, its status and its body."""

import re
from functools import cache
from typing import Any

import msgspec

from rigtasks.testing.conformance import TALLY
from rigtasks.testing.material import rest_document
from rigtasks.testing.schema_document import SchemaDocument

#: Who decides how answers look.
JUDGE = "@octokit/openapi"
_BY_ID = re.compile(r"/repositories/\d+")
_PARAMETER = re.compile(r"\{(\w+)\}")
_WITH_SLASHES = {"path": ".*", "ref": ".+", "branch": ".+", "basehead": ".+"}
_ERROR = {
    "allOf": [{"$ref": "#/components/schemas/basic-error"}],
    "required": ["message", "documentation_url"],
}
_FIRST_ERROR = 400
#: What GitHub may answer to any call: who asks, how often, what does not fit, when it is unwell.
_ANYWHERE = {401, 403, 404, 422, 429, 500, 502, 503, 504}


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to a REST call; `body` is what was sent, as it was sent."""

    method: str
    path: str
    status: int
    media: str
    body: bytes


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A method of an address, with what it may answer by status."""

    key: str
    pattern: re.Pattern[str]
    literal: int
    responses: dict[str, dict[str, Any]]


def operation_of(method: str, path: str) -> Operation | None:
    """Return the operation an address belongs to, the most literal one; None for an unknown one."""
    named = _BY_ID.sub("/repos/owner/repo", path, count=1)
    for operation in _operations(method.lower()):
        if operation.pattern.fullmatch(named):
            return operation
    return None


def judged(operation: Operation, answered: Answered) -> tuple[str, ...]:
    """Count an answer as judged, and say in words where it differs from the document."""
    TALLY.add(JUDGE, f"{operation.key} {answered.status}")
    return tuple(
        f"{operation.key} {answered.status} {difference}"
        for difference in _differences(operation, answered)
    )


def _differences(operation: Operation, answered: Answered) -> list[str]:
    described = operation.responses.get(str(answered.status))
    if described is None:
        if answered.status not in _ANYWHERE:
            return ["is no status of this operation"]
        return _body(_ERROR, answered)
    content = _document().resolve(described).get("content", {})
    if not content and answered.status >= _FIRST_ERROR:
        return _body(_ERROR, answered)
    if not content:
        return ["has a body, and the document none"] if answered.body else []
    if answered.media not in content:
        return [f"has a body of type {answered.media}"]
    return _body(content[answered.media].get("schema", {}), answered)


def _body(schema: dict[str, Any], answered: Answered) -> list[str]:
    if answered.media != "application/json" or not answered.body:
        return [f"has a body of type {answered.media}"]
    return list(_document().differences(schema, msgspec.json.decode(answered.body)))


@cache
def _document() -> SchemaDocument:
    return SchemaDocument(_modern(rest_document()))


@cache
def _operations(method: str) -> tuple[Operation, ...]:
    found = [
        Operation(
            key=f"{method.upper()} {path}",
            pattern=re.compile(_pattern(path)),
            literal=len(_PARAMETER.sub("", path)),
            responses=methods[method]["responses"],
        )
        for path, methods in _document().content["paths"].items()
        if method in methods
    ]
    return tuple(sorted(found, key=lambda one: -one.literal))


def _pattern(path: str) -> str:
    parts = _PARAMETER.split(path)
    return "".join(
        _WITH_SLASHES.get(part, "[^/]+") if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )


def _modern(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into the types of JSON Schema; leave examples out."""
    if isinstance(node, list):
        return [_modern(each) for each in node]
    if not isinstance(node, dict):
        return node
    modern = {
        key: _modern(part) for key, part in node.items() if key not in {"example", "examples"}
    }
    return _nullable(modern) if node.get("nullable") is True else modern


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [{"type": "null"}, schema]}
