"""What GitHub answered, as errors that tell the caller what to do next.

`Retryable` errors of a read changed nothing. A write without a clear answer is `EffectUnknown`:
read before anything else.
"""

from typing import Final

import msgspec

from rigtasks.errors import Permanent, Retryable, UnknownEffect

#: GitHub answers 404 for a moment after it told of something: tries within a minute and a half.
LAGGING_TRIES: Final = 5
_GONE: Final = 410


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """GitHub's answer to a call that failed.

    Args:
        path: the address without its query, which could hold something secret.
        errors: GitHub's own list of what is wrong, in words.
        request_id: what GitHub's support asks for.
    """

    method: str
    path: str
    status: int
    message: str
    errors: tuple[str, ...] = ()
    request_id: str = ""

    def __str__(self) -> str:
        details = f" ({'; '.join(self.errors)})" if self.errors else ""
        trace = f" [request {self.request_id}]" if self.request_id else ""
        return f"{self.method} {self.path}: {self.status} {self.message}{details}{trace}"


class _Refused(Permanent):
    """A call GitHub refused; `refusal` has the details."""

    remedy = ""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal}. {self.remedy}" if self.remedy else f"{refusal}.")
        self.refusal = refusal


class BadCredentials(_Refused):
    """401: the token, App id or key is wrong, also after a fresh token was tried."""

    remedy = "Check the App id and private key, or the personal token."


class Forbidden(_Refused):
    """403 without a rate limit, or 451: this identity may not do that."""

    remedy = "Give the identity the permission the call needs."


class NotFound(_Refused):
    """404 or 410: it does not exist, or this identity must not know of it."""

    @property
    def is_gone(self) -> bool:
        """Say whether GitHub says that it existed here and was deleted."""
        return self.refusal.status == _GONE


class NotAllowed(_Refused):
    """405: the pull request cannot be merged now, or not in this way."""


class Conflicted(_Refused):
    """409: the state the call was made for is gone, for a merge because the head moved."""


class Unprocessable(_Refused):
    """422: GitHub understood the call and finds its content wrong."""


class Unexpected(_Refused):
    """An answer no rule covers, such as a redirect to another host."""


class ResponseTooLarge(Permanent):
    """The answer is larger than the rig is willing to hold."""


class RateLimited(Retryable):
    """A limit of GitHub's is reached; nothing is sent to it before `retry_after` seconds.

    Args:
        message: which limit.
        retry_after: seconds from now.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(f"{message}; next try in {retry_after:.0f} s.", retry_after=retry_after)
        self.retry_after: float = retry_after


class Unavailable(Retryable):
    """GitHub was not reached, or failed in a call that changes nothing; try again."""


class EffectUnknown(UnknownEffect):
    """A write got no clear answer: it may have happened. Read before doing anything else."""
