"""A provider that refuses is left alone by every worker until the time it named.

Without this each claimed issue would start an agent only to hear the same refusal, and a key that
is no good would fail the whole queue. The book is in Postgres, so all workers share it.
"""

from rigtasks.eventstore.rate_limits import RateLimits
from rigtasks.lifecycle.commands import Failed
from rigtasks.lifecycle.failure import FailureClass

_EVERYTHING = "*"
#: Seconds until one worker tries again with one issue, where the provider names no time.
_SECONDS = {FailureClass.PROVIDER_QUOTA: 900.0, FailureClass.PROVIDER_AUTH: 900.0}
#: However long a provider asks for, it is tried again after a day.
_LONGEST = 86_400.0


def closed_seconds(book: RateLimits, provider: str) -> float:
    """Return how long no agent of the provider of this name may be started; 0 while it may."""
    return book.closed(_identity(provider), _EVERYTHING)


def note_refusal(book: RateLimits, provider: str, failed: Failed) -> None:
    """Close a provider that refused a run by its quota or its key; other failures say nothing."""
    usual = _SECONDS.get(failed.failure)
    if usual is None:
        return
    named = usual if failed.retry_seconds is None else failed.retry_seconds
    book.close(_identity(provider), _EVERYTHING, min(max(named, 0.0), _LONGEST))


def _identity(provider: str) -> str:
    return f"provider/{provider}"
