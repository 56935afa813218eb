"""The text format of COPY, byte by byte as Postgres writes it: rows can be compared unread.

Times are written for a session in UTC whose DateStyle is ISO.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import NoneType
from typing import Any

_ESCAPES = {
    "\\": "\\\\",
    "\t": "\\t",
    "\n": "\\n",
    "\r": "\\r",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}
_ESCAPED = re.compile(r"[\\\t\n\r\x08\f\v]")
_ESCAPE_TABLE = str.maketrans(_ESCAPES)


def copied_json(field: bytes) -> bytes:
    """Return JSON from a field of COPY: it holds no control character, so backslashes are all."""
    return field.replace(b"\\\\", b"\\")


def copy_fields(values: Iterable[object]) -> bytes:
    """Return one row of values as COPY writes and reads it."""
    return ("\t".join([_FORMATS.get(type(value), str)(value) for value in values]) + "\n").encode()


def _text(value: str) -> str:
    return value.translate(_ESCAPE_TABLE) if _ESCAPED.search(value) else value


def _time(value: datetime) -> str:
    text = value.astimezone(UTC).isoformat(" ").removesuffix("+00:00")
    return f"{text.rstrip('0') if value.microsecond else text}+00"


def _float(value: float) -> str:
    return repr(value).removesuffix(".0")


_FORMATS: dict[type, Callable[[Any], str]] = {
    NoneType: lambda _: "\\N",
    str: _text,
    bool: lambda value: "t" if value else "f",
    datetime: _time,
    int: int.__repr__,
    float: _float,
}
