"""The text format of COPY: rows of tab-separated fields with a few escapes."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from types import NoneType
from typing import Any

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_ESCAPED = re.compile(r"[\\\t\n\r]")
_ESCAPE_TABLE = str.maketrans(_ESCAPES)
_UNESCAPED = {value[1]: key for key, value in _ESCAPES.items()} | {
    "b": "\b",
    "f": "\f",
    "v": "\v",
}


def copied_row(line: bytes) -> list[str]:
    """Return the fields of one row that holds no NULL."""
    text = line.decode()
    fields = text[:-1].split("\t")
    if "\\" in text:
        return [_unescape(field) if "\\" in field else field for field in fields]
    return fields


def copy_fields(values: Iterable[object]) -> bytes:
    """Return one row of values as COPY reads it."""
    return ("\t".join([_FORMATS.get(type(value), str)(value) for value in values]) + "\n").encode()


def _escaped(value: str) -> str:
    return value.translate(_ESCAPE_TABLE) if _ESCAPED.search(value) else value


_FORMATS: dict[type, Callable[[Any], str]] = {
    NoneType: lambda _: "\\N",
    str: _escaped,
    bool: lambda value: "t" if value else "f",
    datetime: datetime.isoformat,
    int: int.__repr__,
}


def _unescape(field: str) -> str:
    head, *rest = field.split("\\")
    parts = [head]
    escaped = iter(rest)
    for piece in escaped:
        if piece:
            parts.append(_UNESCAPED[piece[0]] + piece[1:])
        else:  # two backslashes in a row stand for one
            parts.append("\\" + next(escaped))
    return "".join(parts)
