"""The hourly allowance of requests, counted for each installation or user as GitHub does."""

import threading
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from rigtasks.local.github.access import Caller, CallerKind
from rigtasks.local.github.answers import HttpError

_WINDOW = timedelta(hours=1)
_ANONYMOUS_LIMIT = 60


class RateLimits:
    """Counts requests per caller in windows of an hour."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[datetime, int]] = {}

    def check(self, caller: Caller, now: datetime) -> None:
        """Refuse a caller whose allowance is used up.

        Raises:
            HttpError: 403 with the headers of an exhausted limit.
        """
        with self._lock:
            _, used = self._window(caller, now)
            exhausted = used >= self._limit_of(caller)
        if exhausted:
            raise HttpError(
                403,
                f"API rate limit exceeded for {caller.rate_key}.",
                headers=self.headers(caller, now),
            )

    def count(self, caller: Caller, now: datetime) -> None:
        """Count one request."""
        with self._lock:
            start, used = self._window(caller, now)
            self._windows[caller.rate_key] = (start, used + 1)

    def headers(self, caller: Caller, now: datetime) -> dict[str, str]:
        """Return the `X-RateLimit-*` headers."""
        shape = self.shape(caller, now)
        return {
            "X-RateLimit-Limit": str(shape["limit"]),
            "X-RateLimit-Remaining": str(shape["remaining"]),
            "X-RateLimit-Used": str(shape["used"]),
            "X-RateLimit-Reset": str(shape["reset"]),
            "X-RateLimit-Resource": "core",
        }

    def shape(self, caller: Caller, now: datetime) -> dict[str, Any]:
        """Return GitHub's `rate-limit` of one resource."""
        with self._lock:
            start, used = self._window(caller, now)
        limit = self._limit_of(caller)
        return {
            "limit": limit,
            "used": used,
            "remaining": max(limit - used, 0),
            "reset": int((start + _WINDOW).timestamp()),
        }

    def stamp(self, response: Response, caller: Caller, now: datetime) -> None:
        """Put the headers on an answer."""
        response.headers.update(self.headers(caller, now))

    def _window(self, caller: Caller, now: datetime) -> tuple[datetime, int]:
        start, used = self._windows.get(caller.rate_key, (now, 0))
        return (now, 0) if now >= start + _WINDOW else (start, used)

    def _limit_of(self, caller: Caller) -> int:
        if caller.kind is CallerKind.ANONYMOUS:
            return min(self._limit, _ANONYMOUS_LIMIT)
        return self._limit
