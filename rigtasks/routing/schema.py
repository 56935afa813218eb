"""The published JSON Schema of `.rig-agent.yaml`, made from the table of keys."""

from typing import Any, assert_never

from rigtasks.routing.keys import KEYS, Key, Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Build the schema that editors and `rig config validate` can use for a file's values.

    Only what YAML adds to JSON (anchors, tags, duplicate keys, odd number notations) is beyond it.
    """
    return {
        "$schema": DIALECT,
        "title": "rig-agent",
        "description": "What a repository tells the rig about its own work.",
        **_object(KEYS),
    }


def _object(keys: tuple[Key, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.about, **_value(key)} for key in keys},
    }


def _value(key: Key) -> dict[str, Any]:
    match key.kind:
        case Kind.TEXT:
            return _text(key)
        case Kind.CHOICE:
            return {"type": "string", "enum": [str(choice) for choice in key.choices]}
        case Kind.INTEGER:
            return {"type": "integer", "minimum": key.minimum, "maximum": key.maximum}
        case Kind.MONEY:
            return {"type": "number", "minimum": key.minimum, "maximum": key.maximum}
        case Kind.LIST:
            return {"type": "array", "maxItems": key.max_items, "items": _text(key)}
        case Kind.SECTION:
            return _object(key.keys)
        case _:
            assert_never(key.kind)


def _text(key: Key) -> dict[str, Any]:
    return {"type": "string", "maxLength": key.max_length, "pattern": key.pattern}
