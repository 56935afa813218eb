"""The book of GitHub's limits: which windows are closed, and what was spent of each budget.

The processes of a rig share one book, because GitHub counts for each installation and not for each
process; a process alone keeps its own.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

#: The scope of a window that closes every resource.
EVERYTHING: Final = "*"
_MINUTE: Final = 60.0


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """What a call costs of an identity's budget.

    Args:
        points: what it counts, a read 1 and a write 5.
        points_per_minute: the budget, None for none.
        interval: seconds it keeps from the identity's last write; 0 for a call that is no write.
    """

    points: int
    points_per_minute: int | None
    interval: float


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """What the book says about a call.

    Args:
        closed: seconds until the window opens; 0 while it is open.
        lacking: seconds until the budget has recovered enough; 0 while it has.
        pause: seconds to keep from the last write, reserved for this call; others come after it.
        after_pauses: pauses in a row that GitHub asked for without saying how long.
    """

    closed: float = 0.0
    lacking: float = 0.0
    pause: float = 0.0
    after_pauses: int = 0


class LimitBook(Protocol):
    """Where limits are written down."""

    def admit(self, identity: str, resource: str, spending: Spending) -> Admission:
        """Spend from the budget and reserve the time of a write, unless something forbids it."""
        ...

    def closed(self, identity: str, resource: str) -> float:
        """Return the seconds until a window opens; 0 while it is open."""
        ...

    def close(self, identity: str, scope: str, seconds: float) -> None:
        """Close a window; one that is closed for longer stays so."""
        ...

    def paused(self, identity: str) -> int:
        """Count one more pause of unknown length; return how many came before it in a row."""
        ...

    def recovered(self, identity: str) -> None:
        """Forget the pauses of an identity: GitHub answers again."""
        ...


class _Standing:
    """Where one identity stands."""

    def __init__(self) -> None:
        self.closed_until: dict[str, float] = {}
        self.last_write = float("-inf")
        self.pauses = 0
        self.points = 0.0
        self.counted_at = float("-inf")


class MemoryLimits:
    """The book of a process that is alone.

    Args:
        now: seconds since the epoch.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._standings: dict[str, _Standing] = {}

    def admit(self, identity: str, resource: str, spending: Spending) -> Admission:
        """Spend from the budget and reserve the time of a write, unless something forbids it."""
        with self._lock:
            now, standing = self._now(), self._standing(identity)
            closed = self._closed(standing, resource, now)
            if closed > 0:
                return Admission(closed=closed, after_pauses=standing.pauses)
            lacking = self._spend(standing, now, spending)
            if lacking > 0:
                return Admission(lacking=lacking, after_pauses=standing.pauses)
            pause = 0.0
            if spending.interval > 0:
                due = max(now, standing.last_write + spending.interval)
                standing.last_write = due
                pause = due - now
            return Admission(pause=pause, after_pauses=standing.pauses)

    def closed(self, identity: str, resource: str) -> float:
        """Return the seconds until a window opens; 0 while it is open."""
        with self._lock:
            return self._closed(self._standing(identity), resource, self._now())

    def close(self, identity: str, scope: str, seconds: float) -> None:
        """Close a window; one that is closed for longer stays so."""
        with self._lock:
            windows = self._standing(identity).closed_until
            windows[scope] = max(windows.get(scope, 0.0), self._now() + seconds)

    def paused(self, identity: str) -> int:
        """Count one more pause of unknown length; return how many came before it in a row."""
        with self._lock:
            standing = self._standing(identity)
            standing.pauses += 1
            return standing.pauses - 1

    def recovered(self, identity: str) -> None:
        """Forget the pauses of an identity: GitHub answers again."""
        with self._lock:
            self._standing(identity).pauses = 0

    def _standing(self, identity: str) -> _Standing:
        return self._standings.setdefault(identity, _Standing())

    def _closed(self, standing: _Standing, resource: str, now: float) -> float:
        until = max(standing.closed_until.get(scope, now) for scope in (resource, EVERYTHING))
        return max(0.0, until - now)

    def _spend(self, standing: _Standing, now: float, spending: Spending) -> float:
        budget = spending.points_per_minute
        if budget is None:
            return 0.0
        recovered = max(0.0, now - standing.counted_at) * budget / _MINUTE
        spent = max(0.0, standing.points - recovered)
        over = spent + spending.points - budget
        if over > 0:
            return over * _MINUTE / budget
        standing.points = spent + spending.points
        standing.counted_at = now
        return 0.0
