"""One sample of every event type, made from its annotations: the same on every machine."""

import types
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from rigtasks.lifecycle.events import EVENT_TYPES, Event

_PLAIN: dict[type, Any] = {
    str: "text",
    int: 7,
    float: 1.5,
    bool: True,
    UUID: UUID("00000000-0000-4000-8000-000000000007"),
    datetime: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
}


def sample(name: str) -> Event:
    """Return a sample of an event type with every field filled.

    Raises:
        KeyError: no such type.
    """
    made = _struct(EVENT_TYPES[name])
    assert isinstance(made, Event)  # noqa: S101  # narrows the type of a factory for tests
    return made


def _struct(kind: type[msgspec.Struct]) -> msgspec.Struct:
    hints = get_type_hints(kind)
    return kind(**{field: _value(hints[field]) for field in kind.__struct_fields__})


def _value(hint: Any) -> Any:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _value(next(each for each in get_args(hint) if each is not type(None)))
    if origin is tuple:
        return (_value(get_args(hint)[0]),)
    if issubclass(hint, Enum):
        return next(iter(hint))
    return _struct(hint)
