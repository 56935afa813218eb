"""Carry out one outbox entry once; a failure is never only a log line."""

from collections.abc import Callable

import structlog

from rigtasks.errors import Permanent, Retryable
from rigtasks.stores import Stores

_log = structlog.get_logger("rig.conductor")


def carry(stores: Stores, entry_id: int, work: Callable[[], str]) -> str:
    """Run the work of an outbox entry unless it was done before, and settle the entry.

    What can be tried again is due later, by its own time or the outbox's back-off; what cannot is
    dead at once and shown on the dashboard. Anything unforeseen counts as retryable, and is raised
    as well, so that Flower shows it.
    """
    if not stores.outbox.is_open(entry_id):
        return "ignored: done already"
    try:
        outcome = work()
    except Retryable as error:
        stores.outbox.failed(entry_id, error=str(error), retry_after=error.retry_after)
        _log.warning("retried later", entry=entry_id, error=str(error))
        return f"later: {error}"
    except Permanent as error:
        stores.outbox.failed(entry_id, error=str(error), final=True)
        _log.error("given up", entry=entry_id, error=str(error))
        return f"given up: {error}"
    except Exception as error:
        stores.outbox.failed(entry_id, error=f"{type(error).__name__}: {error}")
        raise
    stores.outbox.done(entry_id)
    _log.info("done", entry=entry_id, outcome=outcome)
    return outcome
