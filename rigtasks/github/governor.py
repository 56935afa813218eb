"""Keep within GitHub's limits: recognise them, wait them out, and space out writes.

A closed limit answers without asking GitHub, because going on while limited can get an App
banned. Each installation has limits of its own, which all processes share through one book.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from rigtasks.github.errors import RateLimited
from rigtasks.github.limits import EVERYTHING, LimitBook, MemoryLimits, Spending

_SECONDARY_PAUSE: Final = 60.0
_LONGEST_PAUSE: Final = 900.0
_READ_POINTS, _WRITE_POINTS = 1, 5
_MINUTE: Final = 60.0
_LIMIT_STATUSES: Final = frozenset({403, 429})


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a GitHub may be asked.

    Args:
        mutation_interval: seconds between two writes of one identity.
        points_per_minute: the REST budget (a read costs 1, a write 5), None for no budget.
    """

    mutation_interval: float = 1.0
    points_per_minute: int | None = 900


#: For a GitHub of one's own without limits, such as the sandbox.
UNHURRIED: Final = Pace(mutation_interval=0.0, points_per_minute=None)


class Governor:
    """Decide before each call whether it may go out, and learn from each answer.

    Args:
        pace: how fast to go.
        book: where limits are written down; None keeps them for this process alone.
        now: seconds since the epoch; limits are given in that clock.
        sleep: waits for the space between two writes.
    """

    def __init__(
        self,
        pace: Pace,
        *,
        book: LimitBook | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pace = pace
        self._book = book or MemoryLimits(now=now)
        self._now = now
        self._sleep = sleep
        self._after_pauses: set[str] = set()

    def admit(self, identity: str, *, resource: str, write: bool) -> None:
        """Let a call out, after the space a write has to keep.

        Args:
            identity: whose limits count.
            resource: GitHub's name of the budget: `core` or `graphql`.
            write: whether the call changes something.

        Raises:
            RateLimited: a limit is closed; nothing was sent.
        """
        spending = Spending(
            points=_WRITE_POINTS if write else _READ_POINTS,
            points_per_minute=self._pace.points_per_minute,
            interval=self._pace.mutation_interval if write else 0.0,
        )
        admission = self._book.admit(identity, resource, spending)
        if admission.after_pauses:
            self._after_pauses.add(identity)
        _refuse_while_closed(admission.closed)
        if admission.lacking > 0:
            words = "The budget of calls per minute is used up"
            raise RateLimited(words, retry_after=admission.lacking)
        if admission.pause > 0:
            self._sleep(admission.pause)
            _refuse_while_closed(self._book.closed(identity, resource))

    def observe(
        self, identity: str, status: int, headers: Mapping[str, str], message: str = ""
    ) -> RateLimited | None:
        """Learn from an answer; return the limit it reports, None when it reports none.

        A 403 is a limit when its headers or its message say so, and a lack of permission
        otherwise.

        Args:
            identity: whose call it was.
            status: the HTTP status.
            headers: with lower-case names.
            message: GitHub's `message`, for limits that only it tells of.
        """
        now = self._now()
        resource = headers.get("x-ratelimit-resource", "core")
        if headers.get("x-ratelimit-remaining") == "0":
            self._book.close(identity, resource, _reset(headers, now) - now)
        if status not in _LIMIT_STATUSES:
            if identity in self._after_pauses:
                self._after_pauses.discard(identity)
                self._book.recovered(identity)
            return None
        limit = self._limit(identity, status, headers, message, now)
        if limit is None:
            return None
        scope, seconds, words = limit
        self._book.close(identity, scope or resource, seconds)
        return RateLimited(words, retry_after=seconds)

    def close(self, identity: str, *, resource: str, seconds: float) -> None:
        """Keep an identity away from a budget for some seconds."""
        self._book.close(identity, resource, seconds)

    def _limit(
        self, identity: str, status: int, headers: Mapping[str, str], message: str, now: float
    ) -> tuple[str, float, str] | None:
        after = _seconds(headers.get("retry-after"))
        if after is not None:
            return EVERYTHING, after, "GitHub asks for a pause"
        if headers.get("x-ratelimit-remaining") == "0":
            return "", max(0.0, _reset(headers, now) - now), "The hourly limit is used up"
        told = message.lower()
        if status == 429 or "rate limit" in told or "abuse detection" in told:  # noqa: PLR2004
            pauses = self._book.paused(identity)
            self._after_pauses.add(identity)
            pause = min(_LONGEST_PAUSE, _SECONDARY_PAUSE * 2**pauses)
            return EVERYTHING, pause, "A secondary limit is reached"
        return None


def _refuse_while_closed(seconds: float) -> None:
    if seconds > 0:
        raise RateLimited("GitHub's limit is still closed", retry_after=seconds)


def _seconds(value: str | None) -> float | None:
    if value is None or not value.strip().isdigit():
        return None
    return float(value)


def _reset(headers: Mapping[str, str], now: float) -> float:
    """Return when the hourly budget starts anew; a minute from now where GitHub does not say."""
    reset = _seconds(headers.get("x-ratelimit-reset"))
    return max(reset, now + 1.0) if reset is not None else now + _MINUTE
