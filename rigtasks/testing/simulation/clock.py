"""The one clock of a simulation. Nothing but the scheduler moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, 8, tzinfo=UTC)


class SimulatedClock:
    """The time in UTC, and a monotonic one that never goes back."""

    def __init__(self) -> None:
        self._now = START
        self._elapsed = 0.0

    def __call__(self) -> datetime:
        """Return the time in UTC, which may be set back."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds

    def set_back(self, seconds: float) -> None:
        """Let the wall clock be corrected; no time passes by that."""
        self._now -= timedelta(seconds=seconds)
