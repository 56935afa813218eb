"""Payloads made from GitHub's webhook schemas: as little, or as much, as a schema allows."""

from enum import Enum
from functools import reduce
from typing import Any

from rigtasks.testing.webhook_schemas import WebhookKind, webhook_schemas

#: Kinds whose schema no payload can satisfy, with what it asks for.
CONTRADICTORY = {
    "fork": "topics that are text and nothing but null",
    "repository-advisory-published": "an author that is an account and nothing but null",
    "repository-advisory-reported": "an author that is an account and nothing but null",
}
_DEEPEST = 12
_SHA = "0123456789abcdef0123456789abcdef01234567"
_NAMED = {
    "sha": _SHA,
    "head_sha": _SHA,
    "before": _SHA,
    "after": _SHA,
    "commit_id": _SHA,
    "full_name": "octo/shop",
    "head_ref": f"refs/heads/gh-readonly-queue/main/pr-7-{_SHA}",
}
_FORMATS = {
    "date-time": "2026-11-01T10:00:00Z",
    "date": "2026-11-01",
    "uri": "https://github.example/octo/shop",
    "uri-template": "https://github.example/octo{/shop}",
    "email": "mona@example.invalid",
    "uuid": "00000000-0000-4000-8000-000000000007",
}
_CHOICES = ("oneOf", "anyOf")
_COLOUR = "^[0-9a-fA-F]{6}$"


class Measure(Enum):
    """How much of what a schema allows a sample has."""

    LEAN = "lean"
    """Only what is required; null wherever null is allowed; no list has an entry."""
    FULL = "full"
    """Every property; the first of every choice; one entry in every list."""


def sample_payload(kind: WebhookKind, measure: Measure) -> dict[str, Any]:
    """Return a payload of one kind of webhook; the same on every call."""
    return dict(_Sampler(measure).value(kind.schema, "", 0))


class _Sampler:
    def __init__(self, measure: Measure) -> None:
        self._lean = measure is Measure.LEAN

    def value(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        plain = _plain(schema)
        if choices := _choices(plain):
            return self._chosen(plain, choices, name, depth)
        if "enum" in plain:
            values = plain["enum"]
            return None if self._lean and None in values else values[0]
        return self._typed(plain, name, depth)

    def _chosen(
        self, schema: dict[str, Any], choices: list[dict[str, Any]], name: str, depth: int
    ) -> Any:
        """Return the first choice's value that the whole schema, with its other choices, takes."""
        rest = {key: part for key, part in schema.items() if key not in _CHOICES}
        nulls_first = sorted(choices, key=lambda one: not (self._lean and _types(one) == ["null"]))
        values = [self.value(_both(one, rest), name, depth) for one in nulls_first]
        return next((value for value in values if webhook_schemas().fits(schema, value)), values[0])

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        allowed = _types(schema) or ["string"]
        if "null" in allowed and (self._lean or depth > _DEEPEST):
            return None
        match next((one for one in allowed if one != "null"), "null"):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "string":
                return self._string(schema, name)
            case kind:
                return {"null": None, "boolean": True}.get(kind, max(7, schema.get("minimum", 7)))

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        few = self._lean or depth > _DEEPEST
        return {
            name: self.value(properties.get(name, {}), name, depth + 1)
            for name in (required if few else {**dict.fromkeys(required), **properties})
        }

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        fewest = schema.get("minItems", 0 if self._lean or depth > _DEEPEST else 1)
        return [self.value(schema.get("items", {}), name, depth + 1) for _ in range(fewest)]

    def _string(self, schema: dict[str, Any], name: str) -> str:
        if name in _NAMED:
            return _NAMED[name]
        if "format" in schema:
            return _FORMATS.get(schema["format"], "text")
        return "c0ffee" if schema.get("pattern") == _COLOUR else "text"


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, and make one schema of several that hold at once."""
    found = webhook_schemas().resolve(schema)
    if "allOf" not in found:
        return found
    rest = {key: part for key, part in found.items() if key != "allOf"}
    return reduce(_both, found["allOf"], rest)


def _both(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what two schemas allow."""
    one, other = _plain(first), _plain(second)
    both = {**one, **other}
    if one.get("type") and other.get("type"):
        both["type"] = _common(_types(one), _types(other))
    if _choices(one) and "null" not in (_types(other) or ["null"]):
        both |= {
            key: [each for each in one[key] if _types(each) != ["null"]]
            for key in _CHOICES
            if key in one
        }
    if "enum" in one and "enum" in other:
        both["enum"] = [value for value in one["enum"] if value in other["enum"]]
    names = {**one.get("properties", {}), **other.get("properties", {})}
    if names:
        both["properties"] = {
            name: _both(
                one.get("properties", {}).get(name, {}), other.get("properties", {}).get(name, {})
            )
            for name in names
        }
    if "items" in one and "items" in other:
        both["items"] = _both(one["items"], other["items"])
    both["required"] = [*dict.fromkeys([*one.get("required", ()), *other.get("required", ())])]
    return both


def _types(schema: dict[str, Any]) -> list[str]:
    kinds = schema.get("type", "object" if "properties" in schema else [])
    return kinds if isinstance(kinds, list) else [kinds]


def _common(some: list[str], others: list[str]) -> list[str]:
    """Return the types two schemas share; an integer is a number, too."""
    wide = {"integer": "number"}
    return [
        *(kind for kind in some if kind in others or wide.get(kind) in others),
        *(kind for kind in others if kind not in some and wide.get(kind) in some),
    ]


def _choices(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return list(schema.get("oneOf") or schema.get("anyOf") or ())
