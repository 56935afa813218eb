"""Carry out one outbox entry once; a failure is never only a log line."""

from collections.abc import Callable

import structlog

from rigtasks.errors import NotNow, Permanent, Retryable, RigError
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.outbox import MOST_ATTEMPTS
from rigtasks.eventstore.upcasters import UnknownEvent
from rigtasks.github.errors import LAGGING_TRIES, NotFound

_log = structlog.get_logger("rig.conductor")

#: A newer version is being rolled out beside this one, or the rig was rolled back.
_NEWER_SECONDS = 10.0

#: Told in words what failed, and whether that was the last try.
OnFailure = Callable[[str, bool], None]


def carry(
    stores: Stores, entry_id: int, work: Callable[[], str], *, on_failure: OnFailure | None = None
) -> str:
    """Run the work of an outbox entry unless it was done before, and settle the entry.

    What can be tried again is due later, by its own time or the outbox's back-off; what has to
    wait is given back, and that counts as no try: also what only a newer version of the rig can
    read. What no repetition cures is dead at once and shown on the dashboard. Anything unforeseen
    counts as retryable, and is raised as well, so that Flower shows it.

    Args:
        stores: where the entry is.
        entry_id: the entry.
        work: what it asks for; returns its outcome in words.
        on_failure: tells those the entry is about; after its last try it is asked for again only
            by what they do.
    """
    if not stores.outbox.is_open(entry_id):
        return "ignored: done already"
    try:
        outcome = work()
    except NotNow as error:
        seconds, longest = error.retry_after, error.longest
        return _give_back(stores, entry_id, error, seconds=seconds, longest=longest)
    except UnknownEvent as error:
        return _give_back(stores, entry_id, error, seconds=_NEWER_SECONDS)
    except (Retryable, Permanent) as error:
        final = _failed(stores, entry_id, error, on_failure)
        return f"given up: {error}" if final else f"later: {error}"
    except Exception as error:
        _failed(stores, entry_id, error, on_failure)
        raise
    stores.outbox.done(entry_id)
    _log.info("done", entry=entry_id, outcome=outcome)
    return outcome


def _give_back(
    stores: Stores, entry_id: int, error: RigError, *, seconds: float, longest: float = 0.0
) -> str:
    """Let an entry wait; what it waits for is told once."""
    reason = str(error)
    if stores.outbox.give_back(entry_id, reason=reason, seconds=seconds, longest=longest):
        _log.info("waits", entry=entry_id, reason=reason)
    return f"later: {error}"


def most_tries(error: Exception) -> int:
    """Return how often work that failed like this is tried in all."""
    if isinstance(error, NotFound):
        return LAGGING_TRIES
    return 1 if isinstance(error, Permanent) else MOST_ATTEMPTS


def _failed(stores: Stores, entry_id: int, error: Exception, on_failure: OnFailure | None) -> bool:
    words = str(error) if isinstance(error, RigError) else f"{type(error).__name__}: {error}"
    after = error.retry_after if isinstance(error, Retryable) else None
    final = stores.outbox.failed(entry_id, error=words, retry_after=after, most=most_tries(error))
    if final:
        _log.error("given up", entry=entry_id, error=words)
    else:
        _log.warning("retried later", entry=entry_id, error=words)
    if on_failure is not None:
        on_failure(words, final)
    return final
