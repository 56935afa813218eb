"""Carry out what the plan says about a request: the shell around the server's own answers."""

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import msgspec
from werkzeug.wrappers import Request, Response

from rigtasks.local.github.access import Caller, CallerKind
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.faults.cut import CUT
from rigtasks.local.github.faults.decide import ANONYMOUS, RequestFacts
from rigtasks.local.github.faults.injector import FaultInjector
from rigtasks.local.github.faults.plan import (
    Cut,
    ErrorAfter,
    ErrorBefore,
    PrimaryLimit,
    RequestRule,
    SecondaryLimit,
    ServerError,
    Slow,
    StaleRead,
    TokenExpires,
    Unauthorized,
)
from rigtasks.local.github.limits import GraphqlLimitError, primary_limit, secondary_limit
from rigtasks.local.github.request_cost import Resource, is_graphql, is_graphql_read
from rigtasks.local.github.state import State

_READS = frozenset({"GET", "HEAD"})
_SLOWER = (
    "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your "
    "request and contact us if the problem persists."
)
_WORDS: dict[ServerError, str] = {
    500: "Server Error",
    502: "Server Error",
    503: "No server is currently available to service your request. Sorry about that.",
    504: _SLOWER,
}
_R = TypeVar("_R", bound=RequestRule)


class Disturbing:
    """Lets requests through, most of them unharmed.

    Args:
        state: the sandbox's memory.
        injector: asks the plan.
    """

    def __init__(self, state: State, injector: FaultInjector) -> None:
        self._state = state
        self._injector = injector
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let slow answers go at once."""
        self._stopping.set()

    def answer(
        self, request: Request, path: str, caller: Caller, serve: Callable[[], Response]
    ) -> Response:
        """Answer a request as the plan wants it.

        Args:
            request: the request; where its answer is to break off, that is noted in it.
            path: its address without the API's base.
            caller: who asks; anonymous also where the token is not accepted.
            serve: gives the answer that would be right.
        """
        struck = self._injector.of_request(self._facts(request, path, caller))
        response = self._refusal(struck, caller, by_graphql=is_graphql(request.method, path))
        if response is None:
            with self._as_of(_first(struck, StaleRead)):
                response = _served(serve)
        if (spoiled := _first(struck, ErrorAfter)) is not None:
            response = _server_error(spoiled.status)
        if (cut := _first(struck, Cut)) is not None:
            request.environ[CUT] = cut.bytes
        if (slow := _first(struck, Slow)) is not None:
            self._stopping.wait(slow.seconds)
        return response

    def _facts(self, request: Request, path: str, caller: Caller) -> RequestFacts:
        return RequestFacts(
            method=request.method,
            path=path,
            caller=_name(caller),
            has_token=caller.token is not None,
            reads=request.method in _READS or is_graphql_read(request, path),
            seconds=self._injector.seconds,
        )

    def _as_of(self, stale: StaleRead | None) -> AbstractContextManager[None]:
        if stale is None:
            return nullcontext()
        if stale.seconds is None and stale.changes is None:
            return self._state.as_of(changes=1)
        return self._state.as_of(seconds=stale.seconds, changes=stale.changes)

    def _refusal(
        self, struck: Iterable[RequestRule], caller: Caller, *, by_graphql: bool
    ) -> Response | None:
        for rule in struck:
            match rule:
                case ErrorBefore(status=status):
                    return _server_error(status)
                case Unauthorized():
                    return HttpError(401, "Bad credentials").response()
                case TokenExpires():
                    self._end_token(caller)
                case SecondaryLimit(status=status, retry_after=seconds):
                    return secondary_limit(status, seconds).response()
                case PrimaryLimit(reset=seconds) if by_graphql:
                    headers = self._exhausted(Resource.GRAPHQL, seconds)
                    return GraphqlLimitError(caller, headers).response()
                case PrimaryLimit(status=status, reset=seconds):
                    headers = self._exhausted(Resource.CORE, seconds)
                    return primary_limit(caller, status, headers).response()
                case _:
                    pass
        return None

    def _end_token(self, caller: Caller) -> None:
        if caller.token is not None:
            with self._state.change():
                ended = msgspec.structs.replace(caller.token, expires_at=self._state.now())
                self._state.tokens.put(ended)

    def _exhausted(self, resource: Resource, seconds: int) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Used": "5000",
            "X-RateLimit-Reset": str(int(self._state.now().timestamp()) + seconds),
            "X-RateLimit-Resource": str(resource),
        }


def _served(serve: Callable[[], Response]) -> Response:
    try:
        return serve()
    except HttpError as error:
        return error.response()


def _server_error(status: ServerError) -> Response:
    return HttpError(status, _WORDS[status]).response()


def _first(struck: Iterable[RequestRule], kind: type[_R]) -> _R | None:
    return next((rule for rule in struck if isinstance(rule, kind)), None)


def _name(caller: Caller) -> str:
    if caller.account is not None:
        return caller.account.login
    if caller.kind is CallerKind.APP and caller.app is not None:
        return f"app/{caller.app.slug}"
    return ANONYMOUS
