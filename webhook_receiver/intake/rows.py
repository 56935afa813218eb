"""Deliveries as rows of COPY's binary format: the server parses nothing and compresses nothing.

The format is described under "Binary Format" of COPY in Postgres' documentation: a header, then
per row the number of its fields and each field behind its length in bytes, -1 for NULL.
"""

import struct
from collections.abc import Iterable

import msgspec

from webhook_receiver.intake.delivery import Incoming

COPY = """
COPY deliveries (delivery_id, event, action, repo_id, repo, number, semantic_key, headers, payload,
                 status, outcome)
FROM STDIN (FORMAT binary)
"""
_BEGIN = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = struct.pack(">h", -1)
_FIELDS = struct.pack(">h", 11)
_NULL = struct.pack(">i", -1)
_JSONB_VERSION = b"\x01"
_length = struct.Struct(">i").pack
_bigint = struct.Struct(">iq").pack
_integer = struct.Struct(">ii").pack


def copied(deliveries: Iterable[Incoming]) -> bytes:
    """Return the deliveries as the input of `COPY`."""
    parts = [_BEGIN]
    for each in deliveries:
        parts += (
            _FIELDS,
            _text(each.delivery_id),
            _text(each.event),
            _text(each.action),
            _NULL if each.repo_id is None else _bigint(8, each.repo_id),
            _text(each.repo),
            _NULL if each.number is None else _integer(4, each.number),
            _text(each.semantic_key),
            _bytes(_JSONB_VERSION + msgspec.json.encode(each.headers)),
            _bytes(each.payload),
            _text(each.status),
            _text(each.outcome),
        )
    parts.append(_END)
    return b"".join(parts)


def _text(value: str | None) -> bytes:
    return _NULL if value is None else _bytes(value.encode())


def _bytes(value: bytes) -> bytes:
    return _length(len(value)) + value
