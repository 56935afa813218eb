"""Write deliveries to Postgres: one COPY per batch."""

import io
import logging
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from importlib.resources import files
from typing import TypeVar

import msgspec
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from rigtasks.errors import Retryable
from rigtasks.eventstore.connection import DatabaseUnavailable, Session, Timeouts, connect
from rigtasks.eventstore.deliveries import DeliveryStatus
from rigtasks.eventstore.patience import patiently
from webhook_receiver.intake.delivery import Incoming
from webhook_receiver.intake.rows import COPY, copied

APPLICATION = "rig-receiver"
RETRY_SECONDS = 5.0
TIMEOUTS = Timeouts(connect=2.0, statement=4.0, lock=2.0, idle_in_transaction=4.0)
"""GitHub waits ten seconds for an answer."""
AT_ONCE_SECONDS = 1.0
"""A connection that was gone before it was used breaks within this."""

_ACCEPT_KNOWN = files("webhook_receiver.intake").joinpath("accept_known.sql").read_text()
_READ_AT_ONCE = 1 << 20
_ONE_BY_ONE = (
    psycopg2.DataError,
    psycopg2.IntegrityError,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.ProgramLimitExceeded,
)
_FAILED = (psycopg2.Error, DatabaseUnavailable)
_LOG = logging.getLogger(__name__)

Result = TypeVar("Result")


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
        self._connection: Session | None = None

    def accept(self, batch: Sequence[Incoming]) -> list[Answer | Exception]:
        """Store a batch durably; deliveries that are stored already stay as they are.

        Returns:
            One answer per delivery, or why this one could not be stored.

        Raises:
            LedgerUnavailable: the database is down or too slow; repeating is safe.
        """
        try:
            return self._accept_new(batch)
        except psycopg2.errors.UniqueViolation:
            pass  # at least one of them is known
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
            return self._accept_new([delivery])[0]
        except psycopg2.errors.UniqueViolation:
            pass
        except (psycopg2.Error, LedgerUnavailable) as error:
            return error
        try:
            return self._accept_known(delivery)
        except (psycopg2.Error, LedgerUnavailable) as error:
            return error

    def _accept_new(self, batch: Sequence[Incoming]) -> list[Answer | Exception]:
        # Sorted, so that two receivers with the same deliveries do not wait for each other.
        rows = copied(sorted(batch, key=lambda delivery: delivery.delivery_id))
        self._run(lambda cursor: cursor.copy_expert(COPY, io.BytesIO(rows), _READ_AT_ONCE))
        return [_FIRST_ANSWER[delivery.status] for delivery in batch]

    def _accept_known(self, delivery: Incoming) -> Answer:
        given = msgspec.structs.asdict(delivery) | {
            "status": str(delivery.status),
            "headers": msgspec.json.encode(delivery.headers).decode(),
        }

        def store(cursor: Cursor) -> str | None:
            cursor.execute(_ACCEPT_KNOWN, given)
            found = cursor.fetchone()
            return None if found is None else found[0]

        return Answer.DUPLICATE if self._run(store) else _FIRST_ANSWER[delivery.status]

    def _run(self, work: Callable[[Cursor], Result]) -> Result:
        """Do some work, a second time when the connection turns out to be gone already.

        Repeating is safe whatever became of the first try: ids that are stored stay as they are.
        """
        last_try, began = self._connection is None, time.monotonic()
        while True:
            try:
                return self._run_once(work)
            except _ONE_BY_ONE:
                raise
            except _FAILED as error:
                gone = self._connection is None or bool(self._connection.closed)
                self.close()
                late = time.monotonic() - began > AT_ONCE_SECONDS
                if last_try or late or not gone:
                    raise _unavailable(error) from error
                last_try = True

    def _run_once(self, work: Callable[[Cursor], Result]) -> Result:
        if self._connection is None:
            self._connection = _connect(self._url)
        raw = self._connection
        with patiently(raw, raw.answer), raw.cursor() as cursor:
            return work(cursor)


def _connect(url: str) -> Session:
    connection = connect(url, application_name=APPLICATION, timeouts=TIMEOUTS)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")  # whatever the server's default is
    return connection


def _unavailable(error: Exception) -> LedgerUnavailable:
    _LOG.error("deliveries cannot be stored: %s", error)
    return LedgerUnavailable(
        "The database did not confirm the delivery; nothing was stored for certain.",
        retry_after=RETRY_SECONDS,
    )
