"""Webhooks that never arrived: which ones GitHub was asked to send once more."""

from collections.abc import Sequence

from rigtasks.eventstore.connection import Rows

_UNKNOWN = """
SELECT guid FROM unnest(%s::text[]) AS guid
 WHERE NOT EXISTS (SELECT FROM lost_deliveries AS l WHERE l.guid = guid.guid)
   AND NOT EXISTS (SELECT FROM deliveries AS d WHERE d.delivery_id = guid.guid)
"""
_ASK = """
INSERT INTO lost_deliveries (guid, attempt_id, event) VALUES (%s, %s, %s)
ON CONFLICT (guid) DO NOTHING RETURNING guid
"""
_NOT_ASKED = "DELETE FROM lost_deliveries WHERE guid = %s"
_FORGET = """
DELETE FROM lost_deliveries WHERE asked_at < clock_timestamp() - make_interval(secs => %s)
RETURNING guid
"""


class LostDeliveries:
    """Remember what was asked for, so that each is asked for once."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def unknown(self, guids: Sequence[str]) -> frozenset[str]:
        """Return those that neither arrived here nor were asked for."""
        return frozenset(row[0] for row in self._database.rows(_UNKNOWN, (list(guids),)))

    def ask(self, guid: str, *, attempt_id: int, event: str) -> bool:
        """Note that one is about to be asked for; False where somebody did so before."""
        return bool(self._database.rows(_ASK, (guid, attempt_id, event)))

    def not_asked(self, guid: str) -> None:
        """Take the note back: the call did not go out."""
        self._database.rows(_NOT_ASKED, (guid,))

    def forget(self, *, older_than_seconds: float) -> int:
        """Delete what was asked for long ago; return how many."""
        return len(self._database.rows(_FORGET, (older_than_seconds,)))
