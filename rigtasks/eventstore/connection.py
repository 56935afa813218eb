"""One connection to Postgres, as every part of the rig opens it. Nothing here needs SQLAlchemy.

The receiver uses this module alone. Connections are in autocommit mode: a statement is a
transaction, and what must be atomic is one SQL function.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg2
import psycopg2.extensions
import psycopg2.extras

from rigtasks.errors import Permanent, Retryable
from rigtasks.eventstore.patience import patiently

Parameters = Sequence[Any] | Mapping[str, Any]

_SCHEMES = frozenset({"postgres", "postgresql", "postgresql+psycopg2"})
#: SQLSTATE classes after which the same statement may succeed: connection, transaction rollback,
#: out of resources, lock not available, operator intervention.
_PASSING = ("08", "40", "53", "55P03", "57")


class DatabaseUnavailable(Retryable):
    """Postgres did not answer, or gave the statement up; the same call may succeed later.

    Whether a write that was under way took effect is unknown. Appends, claims and deliveries carry
    ids of their own, so repeating them is safe.
    """


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long Postgres may take, in seconds, before it gives a statement up."""

    connect: float = 5.0
    statement: float = 30.0
    lock: float = 10.0
    idle_in_transaction: float = 30.0

    @property
    def answer(self) -> float:
        """Return after how long Postgres should have given up, so that no answer will come."""
        return self.statement * 9 / 8


class Session(psycopg2.extensions.connection):
    """A raw connection that knows how long an answer may take, in seconds."""

    answer: float = Timeouts().answer


class Rows(Protocol):
    """Anything that runs one statement and returns its rows."""

    def rows(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own and return its rows."""
        ...


def libpq_url(database_url: str) -> str:
    """Return the URL in the form libpq reads.

    Raises:
        Permanent: the URL does not name a Postgres database.
    """
    parts = urlsplit(database_url)
    if parts.scheme not in _SCHEMES:
        raise Permanent(
            f"DATABASE_URL begins with {parts.scheme or 'nothing'}://; "
            "write postgresql+psycopg2://user:password@host/database"
        )
    return urlunsplit(parts._replace(scheme="postgresql"))


def session_options(timeouts: Timeouts, *, flushed: bool = True) -> str:
    """Return the settings every session starts with, as libpq's `options`.

    Unless commits are flushed, the last ones (about half a second) are lost when the server dies,
    each as a whole: for writes that somebody repeats anyway.

    Plans are made once per session: the statements of the store look up a few rows by index
    whatever the tables hold, and planning them anew costs more than running them.
    """
    settings = {
        "statement_timeout": round(timeouts.statement * 1000),
        "lock_timeout": round(timeouts.lock * 1000),
        "idle_in_transaction_session_timeout": round(timeouts.idle_in_transaction * 1000),
        "timezone": "UTC",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "jit": "off",
    } | ({} if flushed else {"synchronous_commit": "off"})
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def connect(
    database_url: str,
    *,
    application_name: str,
    timeouts: Timeouts | None = None,
    flushed: bool = True,
) -> Session:
    """Open a connection in autocommit mode that returns JSON as text and UUIDs as UUIDs.

    Raises:
        DatabaseUnavailable: Postgres does not answer.
    """
    chosen = timeouts or Timeouts()
    try:
        raw = psycopg2.connect(
            libpq_url(database_url),
            application_name=application_name,
            connection_factory=Session,
            connect_timeout=max(1, round(chosen.connect)),
            options=session_options(chosen, flushed=flushed),
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=round(chosen.answer * 1000),
        )
    except psycopg2.OperationalError as error:
        raise DatabaseUnavailable(f"Postgres does not answer: {error}") from error
    raw.answer = chosen.answer
    raw.autocommit = True
    prepare(raw)
    return raw


def prepare(raw: psycopg2.extensions.connection) -> None:
    """Make a raw connection return JSON as text and UUIDs as UUIDs."""
    psycopg2.extras.register_default_json(raw, loads=_as_text)
    psycopg2.extras.register_default_jsonb(raw, loads=_as_text)
    psycopg2.extras.register_uuid(conn_or_curs=raw)  # type: ignore[no-untyped-call]


def _as_text(value: str) -> str:
    return value


def fetch(
    raw: psycopg2.extensions.connection, statement: str, parameters: Parameters
) -> list[tuple[Any, ...]]:
    """Run one statement on a raw connection and return its rows.

    Raises:
        DatabaseUnavailable: the connection broke, the statement was given up, or no answer came.
        psycopg2.Error: anything else, for the caller who knows the SQLSTATE.
    """
    try:
        with patiently(raw, getattr(raw, "answer", Session.answer)), raw.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []
    except psycopg2.InterfaceError as error:
        raise DatabaseUnavailable(f"the connection to Postgres broke: {error}") from error
    except psycopg2.Error as error:
        if passes(error):
            raise DatabaseUnavailable(f"Postgres gave the statement up: {error}") from error
        raise


def passes(error: psycopg2.Error) -> bool:
    """Say whether the same statement may succeed later."""
    if error.pgcode is None:
        return isinstance(error, psycopg2.OperationalError)
    return error.pgcode.startswith(_PASSING)


class Connection:
    """One session that is opened when it is first needed and opened again after it broke.

    Not safe to share between threads that run statements at the same time.

    Args:
        database_url: `postgresql+psycopg2://`, `postgresql://` or `postgres://`.
        application_name: what `pg_stat_activity` shows.
        timeouts: how long Postgres may take; defaults where None.
        flushed: whether commits are on disk when they return; see `session_options`.
    """

    def __init__(
        self,
        database_url: str,
        *,
        application_name: str,
        timeouts: Timeouts | None = None,
        flushed: bool = True,
    ) -> None:
        self._database_url = database_url
        self._application_name = application_name
        self._timeouts = timeouts
        self._flushed = flushed
        self._raw: psycopg2.extensions.connection | None = None

    def rows(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own and return its rows."""
        if self._raw is None:
            self._raw = connect(
                self._database_url,
                application_name=self._application_name,
                timeouts=self._timeouts,
                flushed=self._flushed,
            )
        try:
            return fetch(self._raw, statement, parameters)
        except DatabaseUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """Close the session; the next statement opens a new one."""
        raw, self._raw = self._raw, None
        if raw is not None:
            raw.close()
