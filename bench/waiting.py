"""Wait for what other processes bring about."""

import time
from collections.abc import Callable
from typing import TypeVar

from rigtasks.eventstore.connection import Rows

Found = TypeVar("Found")

_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.01
#: A fresh process of a worker rehearses a claim last; then it waits for its bell.
_WARM = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND state = 'idle' AND query = 'SELECT rig_rehearse_claim()'
"""


def until_warm(database: Rows, workers: int) -> None:
    """Wait until so many agent workers have a fresh process that is ready for its first bell.

    Raises:
        RuntimeError: they had none in time.
    """
    until(lambda: database.rows(_WARM)[0][0] == workers, "workers that are ready")


def until(look: Callable[[], Found | None], what: str) -> Found:
    """Return what `look` finds as soon as it finds something.

    Raises:
        RuntimeError: nothing was found in time.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(_POLL_SECONDS)
    raise RuntimeError(f"waited in vain for {what}")
