"""Rows as the text of a composite value, which Postgres reads for half the price of JSON."""

from typing import Any

import msgspec
from msgspec.structs import astuple


def record_literal(row: msgspec.Struct) -> str:
    """Return a row as Postgres reads a value of its table's type.

    Args:
        row: its fields are the table's columns in their order.
    """
    return f"({','.join([_field(value) for value in astuple(row)])})"


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        if "\\" in value or '"' in value:
            value = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{value}"'
    return str(value)
