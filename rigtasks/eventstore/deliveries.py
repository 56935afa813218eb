"""The ledger of webhook deliveries as the conductor uses it; the receiver writes the rows."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from rigtasks.eventstore.connection import Rows
from rigtasks.eventstore.payloads import unpacked

_GET = """
SELECT delivery_id, event, action, repo_id, repo, number, headers, payload, received_at, status,
       outcome, attempts
  FROM deliveries WHERE delivery_id = %s
"""
_SETTLE = """
UPDATE deliveries
   SET status = %s, outcome = %s, outcome_at = clock_timestamp(), attempts = attempts + 1,
       last_error = NULL
 WHERE delivery_id = %s AND status = 'pending' RETURNING delivery_id
"""
_FAILED = """
UPDATE deliveries SET attempts = attempts + 1, last_error = %s
 WHERE delivery_id = %s AND status = 'pending' RETURNING attempts
"""
_FORGOTTEN = """
SELECT d.delivery_id FROM deliveries AS d
 WHERE d.status = 'pending' AND d.received_at < clock_timestamp() - make_interval(secs => %s)
   AND NOT EXISTS (SELECT FROM outbox AS o
                    WHERE o.done_at IS NULL AND o.dead_at IS NULL
                      AND o.args = jsonb_build_array(d.delivery_id))
 ORDER BY d.received_at LIMIT %s
"""
_DROP_PAYLOADS = """
UPDATE deliveries SET payload = NULL
 WHERE payload IS NOT NULL AND status <> 'pending'
   AND received_at < clock_timestamp() - make_interval(secs => %s)
RETURNING delivery_id
"""
_FORGET = """
DELETE FROM deliveries
 WHERE status <> 'pending' AND received_at < clock_timestamp() - make_interval(secs => %s)
RETURNING delivery_id
"""


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DONE = "done"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as it was received; `payload` is the JSON text, None after its retention."""

    delivery_id: str
    event: str
    action: str | None
    repo_id: int | None
    repo: str | None
    number: int | None
    headers: Mapping[str, str]
    payload: bytes | None
    received_at: datetime
    status: DeliveryStatus
    outcome: str | None
    attempts: int


class Deliveries:
    """Read deliveries and write down, in words, what became of them."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def get(self, delivery_id: str) -> Delivery | None:
        """Return a delivery with what was received, None when it is unknown."""
        rows = self._database.rows(_GET, (delivery_id,))
        return _delivery(rows[0]) if rows else None

    def settle(self, delivery_id: str, status: DeliveryStatus, outcome: str) -> bool:
        """End a pending delivery with its outcome; return whether it was still pending."""
        return bool(self._database.rows(_SETTLE, (str(status), outcome, delivery_id)))

    def failed(self, delivery_id: str, *, error: str) -> int | None:
        """Note a failed try of a pending delivery; return how many there were by now."""
        rows = self._database.rows(_FAILED, (error, delivery_id))
        return rows[0][0] if rows else None

    def forgotten(self, *, older_than_seconds: float = 0.0, most: int = 100) -> tuple[str, ...]:
        """Return the ids of pending deliveries that no open task is about, the oldest first."""
        rows = self._database.rows(_FORGOTTEN, (older_than_seconds, most))
        return tuple(row[0] for row in rows)

    def drop_payloads(self, *, older_than_seconds: float) -> int:
        """Drop the payloads of settled deliveries after their retention; return how many."""
        return len(self._database.rows(_DROP_PAYLOADS, (older_than_seconds,)))

    def forget(self, *, older_than_seconds: float) -> int:
        """Delete settled deliveries that came long ago; return how many."""
        return len(self._database.rows(_FORGET, (older_than_seconds,)))


def _delivery(row: tuple[Any, ...]) -> Delivery:
    fields = dict(zip(Delivery.__struct_fields__, row, strict=True))
    fields["headers"] = json.loads(fields["headers"])
    fields["payload"] = None if row[7] is None else unpacked(row[7])
    fields["status"] = DeliveryStatus(fields["status"])
    return Delivery(**fields)
