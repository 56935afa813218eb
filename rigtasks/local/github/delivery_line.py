"""The line webhooks wait in: first in, first out, but for those that are held back."""

import threading
import time
from collections.abc import Callable

import msgspec


class _Waiting(msgspec.Struct):
    """One delivery in the line; times are of the line's clock."""

    delivery_id: int
    due: float
    behind: int
    latest: float

    def is_ready(self, now: float) -> bool:
        """Tell whether it may go."""
        return now >= self.due and (self.behind <= 0 or now >= self.latest)


class DeliveryLine:
    """Deliveries that wait, for one thread that takes them.

    Args:
        clock: seconds that only go up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._taken = 0
        self._closed = False

    def add(
        self, delivery_id: int, *, delay: float = 0.0, behind: int = 0, patience: float = 0.0
    ) -> None:
        """Put a delivery at the end.

        Args:
            delivery_id: its row.
            delay: seconds before it may go.
            behind: how many that stand behind it go first.
            patience: seconds until it goes even so.
        """
        now = self._clock()
        with self._changed:
            self._waiting.append(_Waiting(delivery_id, now + delay, behind, now + patience))
            self._changed.notify_all()

    def take(self) -> int | None:
        """Wait for the first that may go and return it; None once the line is closed."""
        with self._changed:
            while not self._closed:
                now = self._clock()
                ready = next((one for one in self._waiting if one.is_ready(now)), None)
                if ready is not None:
                    self._leave(ready)
                    self._taken += 1
                    return ready.delivery_id
                self._changed.wait(self._next_in(now))
            return None

    def done(self) -> None:
        """Say that what was taken is carried out."""
        with self._changed:
            self._taken -= 1

    def close(self) -> None:
        """Give nothing away any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits and nothing is under way."""
        with self._changed:
            return not self._waiting and self._taken == 0

    def _leave(self, ready: _Waiting) -> None:
        place = self._waiting.index(ready)
        for held in self._waiting[:place]:
            held.behind -= 1
        del self._waiting[place]

    def _next_in(self, now: float) -> float | None:
        times = (one.due if one.behind <= 0 else max(one.due, one.latest) for one in self._waiting)
        earliest = min(times, default=None)
        return None if earliest is None else max(earliest - now, 0.0)
