"""Work on GitHub for one issue at a time, however many conductors there are."""

from collections.abc import Iterator
from contextlib import contextmanager

from rigtasks.errors import Retryable
from rigtasks.eventstore.connection import Connection, DatabaseUnavailable, Timeouts

_LOCK = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
_PATIENCE_SECONDS = 20.0


@contextmanager
def alone_with(database_url: str, stream: str) -> Iterator[None]:
    """Hold the issue's lock while effects look for what they left and then write.

    A comment has no compare-and-swap: two conductors that both look first and find nothing would
    both write. The lock is the session's, so it goes with a process that dies.

    Raises:
        Retryable: somebody else is at it for longer than this is worth waiting for.
    """
    waiting = Timeouts(statement=_PATIENCE_SECONDS, lock=_PATIENCE_SECONDS)
    session = Connection(database_url, application_name="rig effect", timeouts=waiting)
    try:
        try:
            session.rows(_LOCK, (f"effects {stream}",))
        except DatabaseUnavailable as error:
            raise Retryable(f"another effect of {stream} is under way: {error}") from error
        yield
    finally:
        session.close()
