"""Rows for COPY, byte by byte as Postgres writes them, so that they can be compared unread.

The format is CSV with the quoting of JSON: every value but a whole number stands in quotes, and
NULL does not. A row is then a JSON array without its brackets, unless a text needs an escape.
Times are those of a session in UTC whose DateStyle is ISO.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec.structs import astuple

_encoder = msgspec.json.Encoder()


def copied_json(field: bytes) -> bytes:
    """Return JSON from a field of COPY's text format, where only its backslashes are escaped."""
    return field.replace(b"\\\\", b"\\") if b"\\" in field else field


class CopyFormat:
    """How the rows of one table are written.

    Args:
        row: the type of its rows; the fields are its columns in their order.
    """

    def __init__(self, row: type[msgspec.Struct]) -> None:
        kinds = {name: _kind(hint) for name, hint in get_type_hints(row).items()}
        quoted = ", ".join(name for name, kind in kinds.items() if kind is not int)
        self.reading = r"(FORMAT csv, ESCAPE '\', NULL 'null')"
        self.writing = rf"(FORMAT csv, ESCAPE '\', NULL 'null', FORCE_QUOTE ({quoted}))"
        self._worded = [
            (index, _WORDS[kind]) for index, kind in enumerate(kinds.values()) if kind in _WORDS
        ]

    def line(self, row: msgspec.Struct) -> bytes:
        """Return a row as COPY writes and reads it."""
        values = list(astuple(row))
        for index, words in self._worded:
            if values[index] is not None:
                values[index] = words(values[index])
        line = _encoder.encode(values)
        return _escaped(line) if b"\\" in line else line[1:-1] + b"\n"


def _kind(hint: Any) -> Any:
    """Return the type of a column that may be NULL or not."""
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    return kinds[0] if kinds else hint


def _escaped(line: bytes) -> bytes:
    values: list[str | int | None] = msgspec.json.decode(line)
    return (",".join(_csv(value) for value in values) + "\n").encode()


def _csv(value: str | int | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "null" if value is None else str(value)


def _time(value: datetime) -> str:
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    text = _encoder.encode(utc)[1:-2].decode().replace("T", " ")  # several times faster than `str`
    return f"{text.rstrip('0') if value.microsecond else text}+00"


def _float(value: float) -> str:
    return repr(value).removesuffix(".0")


_WORDS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "t" if value else "f",
    datetime: _time,
    float: _float,
}
