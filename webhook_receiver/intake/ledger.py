"""Write deliveries to Postgres: one statement per batch."""

import logging
from collections.abc import Sequence
from enum import StrEnum
from importlib.resources import files
from typing import Any

import msgspec
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from rigtasks.errors import Retryable
from rigtasks.eventstore.connection import DatabaseUnavailable, Timeouts, connect
from rigtasks.eventstore.deliveries import DeliveryStatus
from webhook_receiver.intake.delivery import Incoming

APPLICATION = "rig-receiver"
RETRY_SECONDS = 5.0
TIMEOUTS = Timeouts(connect=2.0, statement=4.0, lock=2.0, idle_in_transaction=4.0)
"""GitHub waits ten seconds for an answer."""

ACCEPT = "EXECUTE accept (%s)"
ACCEPT_KNOWN = "EXECUTE accept_known (%s)"
_PREPARED = ("accept", "accept_known")
_ONE_BY_ONE = (psycopg2.DataError, psycopg2.IntegrityError, psycopg2.errors.DeadlockDetected)
_FAILED = (psycopg2.Error, DatabaseUnavailable)
_LOG = logging.getLogger(__name__)


class LedgerUnavailable(Retryable):
    """The database did not confirm the delivery, so nothing was promised to its sender."""


class Answer(StrEnum):
    """What the sender is told; the same again whenever a delivery is repeated."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


_FIRST_ANSWER = {
    DeliveryStatus.PENDING: Answer.ACCEPTED,
    DeliveryStatus.IGNORED: Answer.IGNORED,
    DeliveryStatus.QUARANTINED: Answer.QUARANTINED,
}


class Ledger:
    """The deliveries table as the receiver uses it; one thread at a time.

    Args:
        database_url: where Postgres is, with or without SQLAlchemy's driver suffix.
    """

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._connection: Connection | None = None

    def accept(self, batch: Sequence[Incoming]) -> list[Answer | Exception]:
        """Store a batch durably; deliveries that are stored already stay as they are.

        Returns:
            One answer per delivery, or why this one could not be stored.

        Raises:
            LedgerUnavailable: the database is down or too slow; repeating is safe.
        """
        try:
            return list(self._accept_together(batch))
        except _ONE_BY_ONE as error:
            _LOG.warning("a batch of %d is stored one by one: %s", len(batch), error)
        return [self._accept_alone(each) for each in batch]

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _accept_alone(self, delivery: Incoming) -> Answer | Exception:
        try:
            return self._accept_together([delivery])[0]
        except (psycopg2.Error, LedgerUnavailable) as error:
            return error

    def _accept_together(self, batch: Sequence[Incoming]) -> list[Answer]:
        ordered = sorted(batch, key=lambda delivery: delivery.delivery_id)
        new = {row[0] for row in self._execute(ACCEPT, ordered)}
        answers = []
        for delivery in batch:
            if delivery.delivery_id in new:
                new.remove(delivery.delivery_id)  # a twin in the same batch is known by now
                answers.append(_FIRST_ANSWER[delivery.status])
            else:
                answers.append(self._accept_known(delivery))
        return answers

    def _accept_known(self, delivery: Incoming) -> Answer:
        rows = self._execute(ACCEPT_KNOWN, [delivery])
        if rows and rows[0][0] is not None:
            return Answer.DUPLICATE
        return _FIRST_ANSWER[delivery.status]

    def _execute(self, statement: str, batch: Sequence[Incoming]) -> list[tuple[Any, ...]]:
        """Run a prepared statement, a second time when the connection turns out to be gone.

        Repeating is safe whatever became of the first try: ids that are stored stay as they are.
        """
        reused = self._connection is not None
        try:
            return self._execute_once(statement, batch)
        except _ONE_BY_ONE:
            raise
        except _FAILED as error:
            gone = self._connection is None or bool(self._connection.closed)
            self.close()
            if not (gone and reused):
                raise _unavailable(error) from error
        try:
            return self._execute_once(statement, batch)
        except _FAILED as error:
            self.close()
            raise _unavailable(error) from error

    def _execute_once(self, statement: str, batch: Sequence[Incoming]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = _connect(self._url)
        with self._connection.cursor() as cursor:
            cursor.execute(statement, (msgspec.json.encode(batch).decode(),))
            return cursor.fetchall()


def _connect(url: str) -> Connection:
    connection = connect(url, application_name=APPLICATION, timeouts=TIMEOUTS)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")  # whatever the server's default is
        for name in _PREPARED:
            sql = files("webhook_receiver.intake").joinpath(f"{name}.sql").read_text()
            cursor.execute(f"PREPARE {name} (json) AS {sql}")
    return connection


def _unavailable(error: Exception) -> LedgerUnavailable:
    _LOG.error("deliveries cannot be stored: %s", error)
    return LedgerUnavailable(
        "The database did not confirm the delivery; nothing was stored for certain.",
        retry_after=RETRY_SECONDS,
    )
