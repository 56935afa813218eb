"""Wait for what other processes bring about."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.01


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
