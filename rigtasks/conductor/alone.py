"""Work on GitHub for one issue at a time, however many conductors there are."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rigtasks.errors import NotNow
from rigtasks.eventstore.connection import Connection

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_POLL_SECONDS = 0.05
#: Most effects take no longer than this, and then waiting is shorter than coming again.
_PATIENCE_SECONDS = 0.5
_RETRY_SECONDS = 1.0


class EffectUnderWay(NotNow):
    """Another process works on GitHub for this issue; it may take as long as a push takes."""


@contextmanager
def alone_with(
    database_url: str, stream: str, *, patience: float = _PATIENCE_SECONDS
) -> Iterator[None]:
    """Hold the issue's lock while effects look for what they left and then write.

    A comment has no compare-and-swap: two conductors that both look first and find nothing would
    both write. The lock is the session's, so it goes with a process that dies.

    Args:
        database_url: where the lock is.
        stream: the issue's stream.
        patience: seconds to wait for whoever is at it; a conductor has other issues to work on.

    Raises:
        EffectUnderWay: somebody else is at it.
    """
    session = Connection(database_url, application_name="rig effect")
    try:
        deadline = time.monotonic() + patience
        while not session.rows(_LOCK, (f"effects {stream}",))[0][0]:
            if time.monotonic() >= deadline:
                raise EffectUnderWay(
                    f"another effect of {stream} is under way", retry_after=_RETRY_SECONDS
                )
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        session.close()
