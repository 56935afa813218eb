"""The issues that the rig files to see itself work: at most one is under way."""

from datetime import datetime

import msgspec

from rigtasks.eventstore.connection import Rows

_FIELDS = "period_start, repo_id, number, filed_at"
_OPEN = f"""
SELECT {_FIELDS} FROM canaries WHERE ended_at IS NULL ORDER BY period_start LIMIT 1
"""  # noqa: S608 - the fields are a constant
_FILED = """
INSERT INTO canaries (period_start, repo_id, number) VALUES (%s, %s, %s)
ON CONFLICT (period_start) DO NOTHING
"""
_PERIOD = """
SELECT to_timestamp(floor(extract(epoch FROM clock_timestamp()) / %(period)s) * %(period)s) AS at
"""
_DONE = "SELECT number FROM canaries WHERE period_start = %s"
_END = """
UPDATE canaries SET ended_at = clock_timestamp(), outcome = %s
 WHERE period_start = %s AND ended_at IS NULL
"""


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """One issue on its way, filed in the period that began then."""

    period_start: datetime
    repo_id: int
    number: int
    filed_at: datetime


class Canaries:
    """Remembers which canaries were filed and how they ended."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def under_way(self) -> Canary | None:
        """Return the canary that has not ended."""
        rows = self._database.rows(_OPEN)
        names = Canary.__struct_fields__
        return Canary(**dict(zip(names, rows[0], strict=True))) if rows else None

    def due(self, *, period_seconds: float) -> datetime | None:
        """Return the start of the present period where none was filed in it, else None."""
        start: datetime = self._database.rows(_PERIOD, {"period": period_seconds})[0][0]
        return None if self._database.rows(_DONE, (start,)) else start

    def filed(self, *, period_start: datetime, repo_id: int, number: int) -> None:
        """Note the canary of a period."""
        self._database.rows(_FILED, (period_start, repo_id, number))

    def end(self, canary: Canary, *, outcome: str) -> None:
        """Note how a canary ended."""
        self._database.rows(_END, (outcome, canary.period_start))
