"""Tokens handed to runs, sealed so that only the run's own process can open them."""

from datetime import datetime
from uuid import UUID

import msgspec

from rigtasks.eventstore.connection import Rows

_ASK = """
INSERT INTO run_tokens (run_id, epoch, public_key) VALUES (%s, %s, %s)
ON CONFLICT (run_id, epoch) DO NOTHING
"""
_ANSWER = """
UPDATE run_tokens SET sealed = %s, expires_at = %s WHERE run_id = %s AND epoch = %s
RETURNING run_id
"""
_GET = """
SELECT run_id, epoch, public_key, sealed, expires_at FROM run_tokens
 WHERE run_id = %s AND epoch = %s
"""
_FORGET = """
DELETE FROM run_tokens WHERE created_at < clock_timestamp() - make_interval(secs => %s)
RETURNING run_id
"""


class RunToken(msgspec.Struct, frozen=True, kw_only=True):
    """A run's request for a token, and the sealed answer once there is one."""

    run_id: UUID
    epoch: int
    public_key: bytes
    sealed: bytes | None
    expires_at: datetime | None


class RunTokens:
    """Requests and answers; the first public key of a run stands."""

    def __init__(self, database: Rows) -> None:
        self._database = database

    def ask(self, *, run_id: UUID, epoch: int, public_key: bytes) -> None:
        """Leave the public key that the token is to be sealed to."""
        self._database.rows(_ASK, (run_id, epoch, public_key))

    def answer(self, *, run_id: UUID, epoch: int, sealed: bytes, expires_at: datetime) -> bool:
        """Leave the sealed token; return whether anybody asked for it."""
        return bool(self._database.rows(_ANSWER, (sealed, expires_at, run_id, epoch)))

    def get(self, *, run_id: UUID, epoch: int) -> RunToken | None:
        """Return the request with its answer, None where nobody asked."""
        rows = self._database.rows(_GET, (run_id, epoch))
        if not rows:
            return None
        fields = dict(zip(RunToken.__struct_fields__, rows[0], strict=True))
        for name in ("public_key", "sealed"):
            fields[name] = None if fields[name] is None else bytes(fields[name])
        return RunToken(**fields)

    def forget(self, *, older_than_seconds: float) -> int:
        """Delete old requests; return how many."""
        return len(self._database.rows(_FORGET, (older_than_seconds,)))
