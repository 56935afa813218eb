"""One lazily made, read-only database engine per process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from rigtasks.errors import Retryable
from rigtasks.eventstore.connection import libpq_url
from rigtasks.eventstore.patience import patiently

APPLICATION = "rig-web"
CONNECT_SECONDS = 2
STATEMENT_SECONDS = 3
ANSWER_SECONDS = 10.0
"""For all statements of one page together; the server's own limit is for each."""
POOL_SIZE = 4

_SESSION = (
    "-c default_transaction_read_only=on -c timezone=UTC"
    f" -c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={STATEMENT_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={STATEMENT_SECONDS}s"
)


class StoreUnavailable(Retryable):
    """The database did not answer a question."""


class ReadDatabase:
    """Postgres for questions only; the engine is made on first use, after any fork.

    Args:
        database_url: where Postgres is, with or without SQLAlchemy's driver suffix.
    """

    def __init__(self, database_url: str) -> None:
        self._url = libpq_url(database_url).replace("://", "+psycopg2://", 1)
        self._engine: Engine | None = None
        self._making = threading.Lock()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection that cannot write.

        Raises:
            StoreUnavailable: the database is down, too slow or not migrated.
        """
        try:
            with self._made().connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None  # noqa: S101 - it is checked out
                with patiently(raw, ANSWER_SECONDS):
                    yield connection
        except DBAPIError as error:
            raise StoreUnavailable("The database did not answer.", retry_after=5) from error

    def close(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            self._engine.dispose()

    def _made(self) -> Engine:
        with self._making:
            if self._engine is None:
                self._engine = create_engine(
                    self._url,
                    pool_size=POOL_SIZE,
                    max_overflow=POOL_SIZE,
                    pool_timeout=STATEMENT_SECONDS,
                    pool_pre_ping=True,
                    connect_args={
                        "application_name": APPLICATION,
                        "connect_timeout": CONNECT_SECONDS,
                        "options": _SESSION,
                    },
                )
            return self._engine
