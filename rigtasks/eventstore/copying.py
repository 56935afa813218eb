"""The text format of COPY, byte by byte as Postgres writes it: rows can be compared unread.

Times are written for a session in UTC whose DateStyle is ISO.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

_ESCAPE_TABLE = str.maketrans(
    {
        "\\": "\\\\",
        "\t": "\\t",
        "\n": "\\n",
        "\r": "\\r",
        "\b": "\\b",
        "\f": "\\f",
        "\v": "\\v",
    }
)
_NULL = "\\N"
_encoder = msgspec.json.Encoder()


def copied_json(field: bytes) -> bytes:
    """Return JSON from a field of COPY: it holds no control character, so backslashes are all."""
    return field.replace(b"\\\\", b"\\")


def copy_fields(values: Iterable[object]) -> bytes:
    """Return one row of values as COPY writes and reads it."""
    fields = [_NULL if value is None else _FORMATS[type(value)](value) for value in values]
    return ("\t".join(fields) + "\n").encode()


def _text(value: str) -> str:
    plain = value.isprintable() and "\\" not in value
    return value if plain else value.translate(_ESCAPE_TABLE)


def _time(value: datetime) -> str:
    text = value.astimezone(UTC).isoformat(" ").removesuffix("+00:00")
    return f"{text.rstrip('0') if value.microsecond else text}+00"


def _float(value: float) -> str:
    return repr(value).removesuffix(".0")


def _uuid(value: UUID) -> str:
    return _encoder.encode(value)[1:-1].decode()  # several times faster than `str`


_FORMATS: dict[type, Callable[[Any], str]] = {
    str: _text,
    bool: lambda value: "t" if value else "f",
    datetime: _time,
    int: int.__repr__,
    float: _float,
    UUID: _uuid,
}
