"""GitHub's limits as all processes of the rig keep them together."""

from rigtasks.eventstore.rate_limits import RateLimits
from rigtasks.github.limits import Admission, Spending


class SharedLimits:
    """The book of limits on Postgres.

    Args:
        limits: the tables; what is written there is repeated when it gets lost, so no write has to
            wait for the disk.
    """

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits

    def admit(self, identity: str, resource: str, spending: Spending) -> Admission:
        """Spend from the budget and reserve the time of a write, unless something forbids it."""
        closed, lacking, pause, pauses = self._limits.admit(
            identity,
            resource,
            points=spending.points,
            budget=spending.points_per_minute,
            interval=spending.interval,
        )
        return Admission(closed=closed, lacking=lacking, pause=pause, after_pauses=pauses)

    def closed(self, identity: str, resource: str) -> float:
        """Return the seconds until a window opens; 0 while it is open."""
        return self._limits.closed(identity, resource)

    def close(self, identity: str, scope: str, seconds: float) -> None:
        """Close a window; one that is closed for longer stays so."""
        self._limits.close(identity, scope, seconds)

    def paused(self, identity: str) -> int:
        """Count one more pause of unknown length; return how many came before it in a row."""
        return self._limits.paused(identity)

    def recovered(self, identity: str) -> None:
        """Forget the pauses of an identity: GitHub answers again."""
        self._limits.recovered(identity)
