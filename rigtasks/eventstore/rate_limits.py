"""The book of GitHub's limits that all processes of a rig share."""

from rigtasks.eventstore.connection import Rows

_ADMIT = """
SELECT closed, lacking, pause, after_pauses FROM rig_admit_call(%s, %s, %s, %s, %s)
"""
_CLOSED = """
SELECT coalesce(greatest(extract(epoch FROM max(closed_until) - clock_timestamp()), 0), 0)::float8
  FROM rate_windows WHERE identity = %s AND scope IN (%s, '*')
"""
_CLOSE = """
INSERT INTO rate_windows AS w (identity, scope, closed_until)
VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (identity, scope)
DO UPDATE SET closed_until = greatest(w.closed_until, excluded.closed_until)
"""
_PAUSED = """
INSERT INTO rate_budgets AS b (identity, pauses) VALUES (%s, 1)
ON CONFLICT (identity) DO UPDATE SET pauses = b.pauses + 1
RETURNING pauses - 1
"""
_RECOVERED = "UPDATE rate_budgets SET pauses = 0 WHERE identity = %s AND pauses > 0"
_OPEN_WINDOWS = """
SELECT identity, scope, extract(epoch FROM closed_until - clock_timestamp())::float8
  FROM rate_windows WHERE closed_until > clock_timestamp() ORDER BY identity, scope
"""
_FORGET = """
DELETE FROM rate_windows WHERE closed_until < clock_timestamp() - make_interval(secs => %s)
RETURNING identity
"""


class RateLimits:
    """Limits in Postgres, by the database's clock.

    Used where GitHub is asked; the shapes of its arguments and answers are those of the book that
    `rigtasks.github.limits` describes.
    """

    def __init__(self, database: Rows) -> None:
        self._database = database

    def admit(
        self, identity: str, resource: str, *, points: float, budget: float | None, interval: float
    ) -> tuple[float, float, float, int]:
        """Spend from the budget and reserve the time of a write, unless something forbids it.

        Returns:
            Seconds until the window opens, until the budget suffices, and until this write's turn;
            each 0 where nothing is to be waited for. Then the pauses in a row so far.
        """
        closed, lacking, pause, pauses = self._database.rows(
            _ADMIT, (identity, resource, points, budget, interval)
        )[0]
        return closed, lacking, pause, pauses

    def closed(self, identity: str, resource: str) -> float:
        """Return the seconds until a window opens; 0 while it is open."""
        seconds: float = self._database.rows(_CLOSED, (identity, resource))[0][0]
        return seconds

    def close(self, identity: str, scope: str, seconds: float) -> None:
        """Close a window; one that is closed for longer stays so."""
        self._database.rows(_CLOSE, (identity, scope, seconds))

    def paused(self, identity: str) -> int:
        """Count one more pause of unknown length; return how many came before it in a row."""
        before: int = self._database.rows(_PAUSED, (identity,))[0][0]
        return before

    def recovered(self, identity: str) -> None:
        """Forget the pauses of an identity: GitHub answers again."""
        self._database.rows(_RECOVERED, (identity,))

    def closed_windows(self) -> tuple[tuple[str, str, float], ...]:
        """Return every closed window: the identity, the scope, the seconds until it opens."""
        return tuple((row[0], row[1], row[2]) for row in self._database.rows(_OPEN_WINDOWS))

    def forget(self, *, older_than_seconds: float) -> int:
        """Delete windows that opened long ago; return how many."""
        return len(self._database.rows(_FORGET, (older_than_seconds,)))
