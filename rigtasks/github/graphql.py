"""Read GraphQL answers: their errors come with status 200 and have words of their own."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import msgspec

from rigtasks.errors import RigError
from rigtasks.github.errors import (
    EffectUnknown,
    Forbidden,
    NotFound,
    RateLimited,
    Refusal,
    Unavailable,
    Unexpected,
    Unprocessable,
)
from rigtasks.github.redaction import redact
from rigtasks.github.transport import Answer, Call

T = TypeVar("T")

RATE_LIMIT_PAUSE: Final = 60.0
_REFUSALS: Final = {
    "NOT_FOUND": NotFound,
    "FORBIDDEN": Forbidden,
    "INSUFFICIENT_SCOPES": Forbidden,
    "UNPROCESSABLE": Unprocessable,
}
_RATE_LIMITS: Final = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
_FAILURE: Final = "something went wrong"


def read_data(call: Call, answer: Answer, shape: type[T]) -> T:
    """Return `data` in its type.

    Raises:
        RateLimited: the GraphQL budget is used up; its window is not told, a minute is assumed.
        RigError: as `rigtasks.github.errors` names it; `EffectUnknown` for a mutation that failed
            inside GitHub.
    """
    envelope: _Envelope = decode(answer, _Envelope, call)
    if envelope.errors:
        raise _error(call, answer, envelope.errors)
    read: T = decode(answer, _with_data(cast("Hashable", shape)), call).data
    return read


def decode(answer: Answer, shape: type[T], call: Call) -> T:
    """Read an answer into a type.

    Raises:
        Unavailable: it is something else, such as the page of a proxy in between.
        EffectUnknown: the same after a write.
    """
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        words = f"{call.method} {urlsplit(call.url).path} answered something else: {error}"
        raise EffectUnknown(words) if call.write else Unavailable(words) from error


class _Error(msgspec.Struct, frozen=True, kw_only=True):
    message: str = ""
    type: str | None = None


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    errors: tuple[_Error, ...] = ()


@lru_cache(maxsize=64)
def _with_data(shape: Any) -> Any:
    return msgspec.defstruct(f"{shape.__name__}Data", [("data", shape)])


def _error(call: Call, answer: Answer, errors: tuple[_Error, ...]) -> RigError:
    refusal = Refusal(
        method=call.method,
        path=urlsplit(call.url).path,
        status=answer.status,
        message=redact("; ".join(error.message for error in errors)[:500]),
        request_id=answer.headers.get("x-github-request-id", ""),
    )
    for error in errors:
        if error.type in _RATE_LIMITS:
            return RateLimited("The GraphQL limit is used up", retry_after=RATE_LIMIT_PAUSE)
        if error.type in _REFUSALS:
            return _REFUSALS[error.type](refusal)
    if _FAILURE in refusal.message.lower():
        words = f"{refusal}."
        return EffectUnknown(words) if call.write else Unavailable(words)
    return Unexpected(refusal)
