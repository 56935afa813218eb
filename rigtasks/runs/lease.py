"""Keep a claim alive from a thread of its own, and know when to stop."""

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Self, TypeVar

from rigtasks.errors import Retryable

Answer = TypeVar("Answer")

#: Between two tries of something that may succeed later.
_REPEAT_SECONDS = 0.5
#: A worker that was told to stop is gone after ten seconds: the usual grace, so many in which its
#: run stores and says what it can, and two in which its processes end.
_GRACE_SECONDS = 5.0
_LAST_WORDS_SECONDS = 3.0


class Held(StrEnum):
    """What the database says of a claim when its lease is renewed."""

    YES = "yes"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    LOST = "lost"


class StopReason(StrEnum):
    """Why a run has to end before its work is done."""

    LEASE_LOST = "the claim was lost"
    CANCELLED = "the issue was withdrawn"
    PAUSED = "a person paused it"
    SHUTDOWN = "the worker is shutting down"


#: After these somebody else goes on with the issue, and may go on with the work.
_RESUMED = frozenset({StopReason.PAUSED, StopReason.SHUTDOWN})


class LeaseKeeper:
    """Renew a lease in the background; `stop` tells a run when it must end.

    A holder that cannot renew stops at two thirds of the lease by its own monotonic clock, earlier
    than the database gives the claim away.

    Args:
        renew: asks the database once; runs on the keeper's thread with its own connection.
        interval: seconds between renewals.
        lease: seconds a renewal is good for.
        asked_at: when the claim was asked for, by the monotonic clock; its lease began later.
        shutting_down: says whether the worker was told to stop.
        renewed: called after each renewal, on the keeper's thread; it must not raise.
        grace: seconds in which a stopped run may take its unfinished work out of the checkout.
        monotonic: the clock; whoever has another one calls `beat` instead of entering the keeper.
    """

    def __init__(
        self,
        renew: Callable[[], Held],
        *,
        interval: float,
        lease: float,
        asked_at: float,
        shutting_down: Callable[[], bool],
        renewed: Callable[[], None] = lambda: None,
        grace: float = _GRACE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._renew = renew
        self._grace = grace
        self._interval = interval
        self._deadline_after = lease * 2 / 3
        self._shutting_down = shutting_down
        self._after = renewed
        self._monotonic = monotonic
        self._renewed_at = asked_at
        self._told: StopReason | None = None
        self._told_at = asked_at
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(timeout=10)

    @property
    def reason(self) -> StopReason | None:
        """Return why the run must stop now, or None while it may go on."""
        if self._told is not None:
            return self._told
        if self._is_late():
            self._tell(StopReason.LEASE_LOST)
        elif self._shutting_down():
            self._tell(StopReason.SHUTDOWN)
        return self._told

    @property
    def holds(self) -> bool:
        """Say whether the claim may still be written for, also while the run has to end."""
        return not self._is_late() and self._told is not StopReason.LEASE_LOST

    def grace(self) -> float:
        """Return the seconds that are left to take unfinished work out; 0 where nobody wants it."""
        if self.reason not in _RESUMED or not self.holds:
            return 0.0
        return max(0.0, self._told_at + self._grace - self._monotonic())

    def persist(self, work: Callable[[], Answer]) -> Answer:
        """Repeat what may succeed later, while the claim holds and the worker may live.

        Raises:
            Retryable: it did not succeed in that time.
        """
        while True:
            try:
                return work()
            except Retryable as error:
                if not self.holds or self._must_be_gone:
                    raise
                wait = error.retry_after or _REPEAT_SECONDS
                if self._done.wait(min(wait, self._deadline_after)):
                    raise

    def stop(self) -> bool:
        """Say whether the run must stop; cheap enough to be asked ten times a second."""
        return self.reason is not None

    def beat(self) -> bool:
        """Ask the database once; return whether there is anything left to renew."""
        asked_at = self._monotonic()
        try:
            held = self._renew()
        except Retryable:
            return True  # the deadline ends the run when this goes on
        match held:
            case Held.YES:
                self._renewed_at = asked_at
            case Held.CANCELLED:
                self._tell(StopReason.CANCELLED)
            case Held.PAUSED:
                self._tell(StopReason.PAUSED)
            case Held.LOST:
                self._tell(StopReason.LEASE_LOST)
        if self._told not in {None, StopReason.SHUTDOWN}:
            return False
        self._after()
        return True

    @property
    def _must_be_gone(self) -> bool:
        until = self._told_at + self._grace + _LAST_WORDS_SECONDS
        return self.reason is StopReason.SHUTDOWN and self._monotonic() > until

    def _tell(self, reason: StopReason) -> None:
        """Note why the run has to end; the time counts from the first reason there was."""
        if self._told is None:
            self._told_at = self._monotonic()
        self._told = reason

    def _is_late(self) -> bool:
        return self._monotonic() - self._renewed_at > self._deadline_after

    def _keep(self) -> None:
        while not self._done.wait(self._interval):
            if not self.beat():
                return
