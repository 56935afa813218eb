"""Bring a database to this version's schema."""

import hashlib
import time
from importlib.resources import files
from pathlib import Path

import psycopg2
from alembic.command import upgrade as run_steps
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from rigtasks.errors import Permanent
from rigtasks.eventstore.connection import DatabaseUnavailable, Timeouts, libpq_url

VERSION_TABLE = "schema_version"
_LOCK = 7470
_WAIT = Timeouts(statement=600.0, lock=600.0, idle_in_transaction=600.0)
#: A step that waits for a table makes everybody behind it wait as well, the receiver included.
_TABLE_SECONDS = 1.0
_PAUSE_SECONDS = 0.5


class SchemaTooNew(Permanent):
    """A newer version of the rig has already changed this database."""


def upgrade(database_url: str) -> None:
    """Bring the schema to this version; safe to call from many processes at once.

    Steps and functions are applied in one transaction, under a lock that the others wait for. While
    others use a table that a step changes, the step gives way to them and comes again.

    Raises:
        SchemaTooNew: the database belongs to a newer version of the rig.
        DatabaseUnavailable: Postgres does not answer, or a table was in use for ten minutes.
    """
    engine = create_engine(
        "postgresql+psycopg2://", creator=lambda: _connect(database_url), poolclass=NullPool
    )
    deadline = time.monotonic() + _WAIT.lock
    while True:
        try:
            _run(engine)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable) or time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"the schema could not be brought up to date: {error}"
                ) from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _run(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{_TABLE_SECONDS:.0f}s'"))
        _refuse_newer(connection)
        config = _config()
        config.attributes["connection"] = connection
        run_steps(config, "head")
        _apply_functions(connection)


def current_revision(connection: Connection) -> str | None:
    """Return the step the database is at, None where it has no schema of ours."""
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def newest_revision() -> str | None:
    """Return the newest step this version knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _connect(database_url: str) -> psycopg2.extensions.connection:
    return psycopg2.connect(
        libpq_url(database_url),
        application_name="rig-migrate",
        connect_timeout=round(_WAIT.connect),
        options=f"-c statement_timeout={_WAIT.statement:.0f}s -c lock_timeout={_WAIT.lock:.0f}s",
    )


def _config() -> Config:
    config = Config()
    folder = Path(str(files("rigtasks.eventstore").joinpath("migrations")))
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _refuse_newer(connection: Connection) -> None:
    current = current_revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaTooNew(
            f"the database is at schema step {current}, this version of the rig knows up to "
            f"{newest_revision()}: start the newer version, or use another database"
        )


def _apply_functions(connection: Connection) -> None:
    """Replace the SQL functions and views where their text changed since they were applied."""
    sources = sorted(
        (each for each in files("rigtasks.eventstore.sql").iterdir() if each.name.endswith(".sql")),
        key=lambda each: each.name,
    )
    statements = [each.read_text() for each in sources]
    digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    applied = connection.execute(
        text("SELECT digest FROM schema_functions ORDER BY applied_at DESC LIMIT 1")
    ).scalar()
    if applied == digest:
        return
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.execute(
        text(
            "INSERT INTO schema_functions (digest) VALUES (:digest) "
            "ON CONFLICT (digest) DO UPDATE SET applied_at = clock_timestamp()"
        ),
        {"digest": digest},
    )
