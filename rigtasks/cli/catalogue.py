"""The event catalogue as text and as JSON."""

import json

import msgspec

from rigtasks.lifecycle.events import EVENT_TYPES, Event


def as_json_text() -> str:
    """Return the catalogue as a JSON list, with the schema of each type's fields."""
    return json.dumps([_described(name, kind) for name, kind in EVENT_TYPES.items()], indent=2)


def as_table() -> str:
    """Return the catalogue with one line for each type: name, version, stream, fields."""
    width = max(len(name) for name in EVENT_TYPES)
    lines = []
    for name, kind in EVENT_TYPES.items():
        fields = ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
        lines.append(f"{name:<{width}}  v{kind.schema_version}  {kind.stream_kind:<7}  {fields}")
    return "\n".join(line.rstrip() for line in lines)


def _described(name: str, kind: type[Event]) -> dict[str, object]:
    return {
        "type": name,
        "schema_version": kind.schema_version,
        "stream": kind.stream_kind,
        "description": (kind.__doc__ or "").strip().splitlines()[0] if kind.__doc__ else "",
        "schema": msgspec.json.schema(kind),
    }
