"""Keep within GitHub's limits: recognise them, wait them out, and space out writes.

A closed limit answers without asking GitHub, because going on while limited can get an App
banned. One governor serves a process; each identity has limits of its own.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from rigtasks.github.errors import RateLimited

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


class _Standing:
    """Where one identity stands."""

    def __init__(self) -> None:
        self.closed_until: dict[str, float] = {}
        self.last_write = float("-inf")
        self.pauses_in_a_row = 0
        self.points = 0.0
        self.counted_at = float("-inf")


class Governor:
    """Decide before each call whether it may go out, and learn from each answer.

    Args:
        pace: how fast to go.
        now: seconds since the epoch; limits are given in that clock.
        sleep: waits for the space between two writes.
    """

    def __init__(
        self,
        pace: Pace,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._standings: dict[str, _Standing] = {}

    def admit(self, identity: str, *, resource: str, write: bool) -> None:
        """Let a call out, after the space a write has to keep.

        Args:
            identity: whose limits count.
            resource: GitHub's name of the budget: `core` or `graphql`.
            write: whether the call changes something.

        Raises:
            RateLimited: a limit is closed; nothing was sent.
        """
        with self._lock:
            now = self._now()
            standing = self._standings.setdefault(identity, _Standing())
            self._refuse_while_closed(standing, resource, now)
            self._spend(standing, now, _WRITE_POINTS if write else _READ_POINTS)
            pause = 0.0
            if write:
                due = max(now, standing.last_write + self._pace.mutation_interval)
                standing.last_write = due
                pause = due - now
        if pause > 0:
            self._sleep(pause)

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
        with self._lock:
            now = self._now()
            standing = self._standings.setdefault(identity, _Standing())
            resource = headers.get("x-ratelimit-resource", "core")
            exhausted = headers.get("x-ratelimit-remaining") == "0"
            if exhausted:
                standing.closed_until[resource] = _reset(headers, now)
            if status not in _LIMIT_STATUSES:
                standing.pauses_in_a_row = 0
                return None
            limit = self._limit(standing, status, headers, message, now)
            if limit is None:
                return None
            scope, seconds, words = limit
            standing.closed_until[scope or resource] = now + seconds
            return RateLimited(words, retry_after=seconds)

    def close(self, identity: str, *, resource: str, seconds: float) -> None:
        """Keep an identity away from a budget for some seconds."""
        with self._lock:
            standing = self._standings.setdefault(identity, _Standing())
            standing.closed_until[resource] = self._now() + seconds

    def _limit(
        self,
        standing: _Standing,
        status: int,
        headers: Mapping[str, str],
        message: str,
        now: float,
    ) -> tuple[str, float, str] | None:
        after = _seconds(headers.get("retry-after"))
        if after is not None:
            return _EVERYTHING, after, "GitHub asks for a pause"
        if headers.get("x-ratelimit-remaining") == "0":
            return "", max(0.0, _reset(headers, now) - now), "The hourly limit is used up"
        told = message.lower()
        if status == 429 or "rate limit" in told or "abuse detection" in told:  # noqa: PLR2004
            pause = min(_LONGEST_PAUSE, _SECONDARY_PAUSE * 2**standing.pauses_in_a_row)
            standing.pauses_in_a_row += 1
            return _EVERYTHING, pause, "A secondary limit is reached"
        return None

    def _refuse_while_closed(self, standing: _Standing, resource: str, now: float) -> None:
        until = max(standing.closed_until.get(scope, now) for scope in (resource, _EVERYTHING))
        if until > now:
            raise RateLimited("GitHub's limit is still closed", retry_after=until - now)

    def _spend(self, standing: _Standing, now: float, points: int) -> None:
        budget = self._pace.points_per_minute
        if budget is None:
            return
        recovered = max(0.0, now - standing.counted_at) * budget / _MINUTE
        spent = max(0.0, standing.points - recovered)
        if spent + points > budget:
            wait = (spent + points - budget) * _MINUTE / budget
            raise RateLimited("The budget of calls per minute is used up", retry_after=wait)
        standing.points = spent + points
        standing.counted_at = now


_EVERYTHING: Final = "*"


def _seconds(value: str | None) -> float | None:
    if value is None or not value.strip().isdigit():
        return None
    return float(value)


def _reset(headers: Mapping[str, str], now: float) -> float:
    """Return when the hourly budget starts anew; a minute from now where GitHub does not say."""
    reset = _seconds(headers.get("x-ratelimit-reset"))
    return max(reset, now + 1.0) if reset is not None else now + _MINUTE
