"""The pool of connections of one process. Make it after the fork, never at import."""

import time
from typing import Any

import psycopg2.extensions
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from rigtasks.eventstore.connection import (
    DatabaseUnavailable,
    Parameters,
    Timeouts,
    connect,
    fetch,
    prepare,
)

#: A connection that rested longer than this is asked for a sign of life before it is used.
RESTED_SECONDS = 5.0


def make_engine(
    database_url: str,
    *,
    application_name: str,
    pool_size: int = 5,
    timeouts: Timeouts | None = None,
) -> Engine:
    """Build the engine of this process.

    Args:
        database_url: `postgresql+psycopg2://`, `postgresql://` or `postgres://`.
        application_name: what `pg_stat_activity` shows.
        pool_size: connections kept; twice as many may be open for a moment.
        timeouts: how long Postgres may take; defaults where None.
    """

    def creator() -> psycopg2.extensions.connection:
        return connect(database_url, application_name=application_name, timeouts=timeouts)

    engine = create_engine(
        "postgresql+psycopg2://",
        creator=creator,
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=(timeouts or Timeouts()).lock,
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "checkin", _on_checkin)
    event.listen(engine, "checkout", _on_checkout)
    return engine


def _on_connect(raw: Any, entry: ConnectionPoolEntry) -> None:
    prepare(raw)
    entry.info["rests_since"] = time.monotonic()


def _on_checkin(_raw: Any, entry: ConnectionPoolEntry) -> None:
    entry.info["rests_since"] = time.monotonic()


def _on_checkout(raw: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
    if time.monotonic() - entry.info["rests_since"] < RESTED_SECONDS:
        return
    try:
        fetch(raw, "SELECT 1", ())
    except DatabaseUnavailable as error:
        raise _disconnected() from error


def _disconnected() -> Exception:
    from sqlalchemy.exc import DisconnectionError  # noqa: PLC0415 - only the pool understands it

    return DisconnectionError("the rested connection is gone")


class Database:
    """Statements over the pool, each in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def rows(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own and return its rows.

        Raises:
            DatabaseUnavailable: Postgres does not answer or gave the statement up.
            psycopg2.Error: Postgres refused the statement.
        """
        try:
            pooled = self.engine.raw_connection()
        except OperationalError as error:
            raise DatabaseUnavailable(f"no connection to Postgres: {error}") from error
        try:
            raw = pooled.driver_connection
            assert raw is not None  # noqa: S101 - a checked-out connection has a driver connection
            return fetch(raw, statement, parameters)
        except DatabaseUnavailable:
            pooled.invalidate()
            raise
        finally:
            pooled.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def open_database(
    database_url: str,
    *,
    application_name: str,
    pool_size: int = 5,
    timeouts: Timeouts | None = None,
) -> Database:
    """Make the engine of this process and the statements over it."""
    return Database(
        make_engine(
            database_url,
            application_name=application_name,
            pool_size=pool_size,
            timeouts=timeouts,
        )
    )
