"""What a module declares, as plain JSON: its enums, its values with their defaults, its tables."""

import enum
import json
from types import ModuleType
from typing import Any

import msgspec


def classes_of(module: ModuleType) -> dict[str, Any]:
    """Return the members of enums, and the fields of values with the defaults they have."""
    found: dict[str, Any] = {}
    for name, one in sorted(vars(module).items()):
        if not isinstance(one, type) or one.__module__ != module.__name__:
            continue
        if issubclass(one, enum.Enum):
            found[name] = {member.name: member.value for member in one}
        elif issubclass(one, msgspec.Struct):
            found[name] = {
                field.name: "needed" if field.required else plain(_default(field))
                for field in msgspec.structs.fields(one)
            }
    return found


def _default(field: Any) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory()


def plain(value: Any) -> Any:
    """Return a table as JSON has it; sets in order, classes by name."""
    if isinstance(value, msgspec.Struct):
        value = {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, set | frozenset):
        value = sorted((plain(one) for one in value), key=json.dumps)
    if isinstance(value, dict):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, enum.Enum):
        value = value.value
    return value if value is None or isinstance(value, str | int | float) else str(value)
