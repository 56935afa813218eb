"""GitHub's limits: hourly allowances, and the secondary limits that nobody can ask about.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from werkzeug.wrappers import Response

from rigtasks.local.github.access import Caller, CallerKind
from rigtasks.local.github.answers import HttpError, json_response
from rigtasks.local.github.request_cost import Cost, Resource

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_ANONYMOUS_LIMIT = 60
_SEARCHES, _ANONYMOUS_SEARCHES = 30, 10
_PRIMARY_DOCS = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
_SECONDARY_DOCS = (
    "https://docs.github.com/free-pro-team@latest/rest/overview/"
    "rate-limits-for-the-rest-api#about-secondary-rate-limits"
)
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
_CREATION = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content "
    "creation. Please retry your request again later."
)
_BUSY_SECONDS = 60

Most = Annotated[int, Meta(ge=1)] | None


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each caller may ask; None takes a limit away.

    Attributes:
        core_per_hour: REST calls.
        graphql_per_hour: GraphQL points.
        concurrent: requests at the same time, REST and GraphQL together.
        points_per_minute: REST; a read is 1, a change 5.
        graphql_points_per_minute: the same for GraphQL.
        content_per_minute: requests that make issues, comments, pull requests and reviews.
        content_per_hour: the same in an hour.
        status: of an answer that refuses; GitHub uses both.
        retry_after: whether a secondary limit tells how long to wait.
    """

    core_per_hour: Most = 5_000
    graphql_per_hour: Most = 5_000
    concurrent: Most = None
    points_per_minute: Most = None
    graphql_points_per_minute: Most = None
    content_per_minute: Most = None
    content_per_hour: Most = None
    status: Literal[403, 429] = 403
    retry_after: bool = True


GITHUBS_LIMITS = Limits(
    concurrent=100,
    points_per_minute=900,
    graphql_points_per_minute=2_000,
    content_per_minute=80,
    content_per_hour=500,
)
NO_LIMITS = Limits(core_per_hour=None, graphql_per_hour=None)


def primary_limit(caller: Caller, status: int, headers: dict[str, str]) -> HttpError:
    """Build the refusal of a caller whose allowance is used up."""
    words = f"API rate limit exceeded for {caller.rate_key}."
    if caller.kind is CallerKind.ANONYMOUS:
        words += (
            " (But here's the good news: Authenticated requests get a higher rate limit. "
            "Check out the documentation for more details.)"
        )
    return HttpError(status, words, headers=headers, docs=_PRIMARY_DOCS)


def secondary_limit(status: int, retry_after: int | None, words: str = _SECONDARY) -> HttpError:
    """Build the refusal of a secondary limit, with the seconds to wait where they are told."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return HttpError(status, words, headers=headers, docs=_SECONDARY_DOCS)


class GraphqlLimitError(HttpError):
    """The refusal of GraphQL's hourly limit, which comes with status 200."""

    def __init__(self, caller: Caller, headers: dict[str, str]) -> None:
        words = f"API rate limit already exceeded for {caller.rate_key}."
        super().__init__(200, words, headers=headers)

    def response(self) -> Response:
        """Render it as GraphQL's errors are."""
        error = {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": self.message}
        return json_response({"errors": [error]}, self.status, self.headers)


class RateLimits:
    """Counts what each caller asked.

    Args:
        limits: how much is allowed.
    """

    def __init__(self, limits: Limits) -> None:
        self._lock = threading.Lock()
        self.configure(limits)

    def configure(self, limits: Limits) -> None:
        """Put other limits in force; every count begins anew."""
        with self._lock:
            self._limits = limits
            self._used: dict[tuple[str, Resource], tuple[datetime, int]] = {}
            self._recent: dict[tuple[str, str], deque[tuple[datetime, int]]] = {}
            self._open: dict[str, int] = {}

    @contextmanager
    def open_request(self, caller: Caller) -> Iterator[None]:
        """Count a request among those under way.

        Raises:
            HttpError: there are too many.
        """
        key, most = caller.rate_key, self._limits.concurrent
        with self._lock:
            under_way = self._open.get(key, 0)
            if most is not None and under_way >= most:
                raise self._secondary(_BUSY_SECONDS)
            self._open[key] = under_way + 1
        try:
            yield
        finally:
            with self._lock:
                self._open[key] = max(self._open.get(key, 0) - 1, 0)

    def admit(self, caller: Caller, cost: Cost, now: datetime) -> None:
        """Let a request in and count it against the secondary limits.

        Raises:
            HttpError: a limit is reached.
        """
        with self._lock:
            _, used = self._window(caller, cost.resource, now)
            limit = self._limit_of(caller, cost.resource)
            if limit is None or used < limit:
                self._spend(caller.rate_key, cost, now)
                return
        headers = self.headers(caller, cost.resource, now)
        if cost.resource is Resource.GRAPHQL:
            raise GraphqlLimitError(caller, headers)
        raise primary_limit(caller, self._limits.status, headers)

    def count(self, caller: Caller, cost: Cost, now: datetime) -> None:
        """Take a request's units off the hourly allowance."""
        with self._lock:
            start, used = self._window(caller, cost.resource, now)
            self._used[caller.rate_key, cost.resource] = (start, used + cost.units)

    def headers(self, caller: Caller, resource: Resource, now: datetime) -> dict[str, str]:
        """Return the `X-RateLimit-*` headers; none where that limit is off."""
        shape = self.shape(caller, resource, now)
        if shape is None:
            return {}
        return {
            "X-RateLimit-Limit": str(shape["limit"]),
            "X-RateLimit-Remaining": str(shape["remaining"]),
            "X-RateLimit-Used": str(shape["used"]),
            "X-RateLimit-Reset": str(shape["reset"]),
            "X-RateLimit-Resource": str(resource),
        }

    def shape(self, caller: Caller, resource: Resource, now: datetime) -> dict[str, Any] | None:
        """Return GitHub's `rate-limit` of one resource, None where that limit is off."""
        with self._lock:
            start, used = self._window(caller, resource, now)
            limit = self._limit_of(caller, resource)
        if limit is None:
            return None
        return {
            "limit": limit,
            "used": used,
            "remaining": max(limit - used, 0),
            "reset": int((start + _HOUR).timestamp()),
        }

    def overview(self, caller: Caller, now: datetime) -> Response:
        """Answer `GET /rate_limit`.

        Raises:
            HttpError: 404 where limits are off, as an enterprise server answers.
        """
        shapes = {resource: self.shape(caller, resource, now) for resource in Resource}
        if None in shapes.values():
            raise HttpError(404, "Rate limiting is not enabled.")
        resources: dict[str, Any] = {str(resource): shape for resource, shape in shapes.items()}
        resources["search"] = _unused_searches(caller, now)
        return json_response({"resources": resources, "rate": shapes[Resource.CORE]})

    def stamp(self, response: Response, caller: Caller, resource: Resource, now: datetime) -> None:
        """Put the headers on an answer that has none of them yet."""
        for name, value in self.headers(caller, resource, now).items():
            response.headers.setdefault(name, value)

    def _window(self, caller: Caller, resource: Resource, now: datetime) -> tuple[datetime, int]:
        start, used = self._used.get((caller.rate_key, resource), (now, 0))
        return (now, 0) if now >= start + _HOUR else (start, used)

    def _limit_of(self, caller: Caller, resource: Resource) -> int | None:
        limit = {
            Resource.CORE: self._limits.core_per_hour,
            Resource.GRAPHQL: self._limits.graphql_per_hour,
        }[resource]
        if limit is None or caller.kind is not CallerKind.ANONYMOUS:
            return limit
        return min(limit, _ANONYMOUS_LIMIT)

    def _spend(self, key: str, cost: Cost, now: datetime) -> None:
        by_graphql = cost.resource is Resource.GRAPHQL
        per_minute = (
            self._limits.graphql_points_per_minute if by_graphql else self._limits.points_per_minute
        )
        made = int(cost.creates)
        budgets = (
            (f"points {by_graphql}", per_minute, _MINUTE, cost.points, _SECONDARY),
            ("minute", self._limits.content_per_minute, _MINUTE, made, _CREATION),
            ("hour", self._limits.content_per_hour, _HOUR, made, _CREATION),
        )
        for name, most, length, points, words in budgets:
            if most is not None and points:
                wait = _wait(self._recent.get((key, name), deque()), most, length, points, now)
                if wait:
                    raise self._secondary(wait, words)
        for name, most, _, points, _ in budgets:
            if most is not None and points:
                self._recent.setdefault((key, name), deque()).append((now, points))

    def _secondary(self, wait: int, words: str = _SECONDARY) -> HttpError:
        told = wait if self._limits.retry_after else None
        return secondary_limit(self._limits.status, told, words)


def _unused_searches(caller: Caller, now: datetime) -> dict[str, int]:
    """Return GitHub's allowance for searches, without which no `/rate_limit` is complete.

    Nobody uses it: there are no searches here.
    """
    limit = _ANONYMOUS_SEARCHES if caller.kind is CallerKind.ANONYMOUS else _SEARCHES
    reset = int((now + _MINUTE).timestamp())
    return {"limit": limit, "used": 0, "remaining": limit, "reset": reset}


def _wait(
    spent: deque[tuple[datetime, int]], most: int, length: timedelta, points: int, now: datetime
) -> int:
    """Forget what lies too far back; return the seconds until there is room, 0 when there is."""
    while spent and spent[0][0] <= now - length:
        spent.popleft()
    over = sum(each for _, each in spent) + points - most
    if over <= 0:
        return 0
    for at, each in spent:
        over -= each
        if over <= 0:
            return max(1, int((at + length - now).total_seconds()))
    return int(length.total_seconds())
