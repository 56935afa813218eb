"""Databases that look as if they had just been made, at a small part of the price.

To copy a template and drop the copy again costs Postgres a fifth of a second of processor for each
test; to empty two dozen small tables, a few thousandths. So a database that comes back is emptied
and lent again under a new name. It is made anew only when somebody changed its schema, or filled
it so far that it would be slow.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from psycopg2 import sql

from rigtasks.testing.services import TemporaryPostgres, database_name

Cursor = Any
"""A cursor of psycopg2, which ships no types."""

SLOW_BYTES = 64 * 1024 * 1024
"""A database larger than this is dropped: what is deleted still takes its room."""
_SESSIONS_END_MS = 10_000

_END_OTHER_SESSIONS = """
SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SIZE = "SELECT pg_database_size(current_database())"
_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""
_SEQUENCES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' ORDER BY relname
"""
# Every change of a table, an index, a column, a default, a trigger, a check or a function writes
# a row of these catalogues anew, and so gives it another xmin.
_SCHEMA = """
SELECT md5(string_agg(one, ',' ORDER BY one)) FROM (
  SELECT 'class' || oid || '@' || xmin AS one
  FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'column' || attrelid || '.' || attnum || '@' || pg_attribute.xmin
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'default' || pg_attrdef.oid || '@' || pg_attrdef.xmin FROM pg_attrdef
  UNION ALL
  SELECT 'trigger' || oid || '@' || xmin FROM pg_trigger
  UNION ALL
  SELECT 'constraint' || oid || '@' || xmin
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'function' || oid || '@' || xmin FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'type' || oid || '@' || xmin FROM pg_type WHERE typnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'namespace' || oid || '@' || xmin FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
  UNION ALL
  SELECT 'extension' || oid || '@' || xmin FROM pg_extension
  UNION ALL
  SELECT 'setting' || setdatabase || '.' || setrole || '@' || xmin FROM pg_db_role_setting
) AS everything
"""


@dataclass(frozen=True, kw_only=True)
class _Untouched:
    """What a database held before anybody used it; `rows` as COPY writes them."""

    schema: str
    tables: tuple[str, ...]
    rows: dict[str, str]
    sequences: dict[str, tuple[int, bool]]


@dataclass(kw_only=True)
class FreshDatabases:
    """Lends databases that are like a template, each under a name of its own; for one thread.

    Args:
        postgres: the server they live on.
        template: the name of the database they are made from.
    """

    postgres: TemporaryPostgres
    template: str
    _idle: list[tuple[str, _Untouched]] = field(default_factory=list, init=False)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Lend a database by its URL; every session in it ends with the loan."""
        url, untouched = self._fresh()
        try:
            yield url
        finally:
            if self._emptied(url, untouched):
                self._idle.append((url, untouched))
            else:
                self.postgres.drop_database(url)

    def _fresh(self) -> tuple[str, _Untouched]:
        if self._idle:
            url, untouched = self._idle.pop()
            # Nothing left over by its last user finds it again.
            return self.postgres.rename_database(url), untouched
        url = self.postgres.create_database(self.template)
        with self._session(url) as cursor:
            return url, _look(cursor)

    def _emptied(self, url: str, untouched: _Untouched) -> bool:
        with self._session(url) as cursor:
            cursor.execute(_END_OTHER_SESSIONS, (_SESSIONS_END_MS,))
            if _one(cursor, _SCHEMA) != untouched.schema or _one(cursor, _SIZE) > SLOW_BYTES:
                return False
            _put_back(cursor, untouched)
            return True

    @contextmanager
    def _session(self, url: str) -> Iterator[Cursor]:
        session = self.postgres.server.connect(database_name(url))
        with closing(session), session.cursor() as cursor:
            yield cursor


def _look(cursor: Cursor) -> _Untouched:
    tables = _names(cursor, _TABLES)
    rows = {table: _copied_out(cursor, table) for table in tables}
    return _Untouched(
        schema=_one(cursor, _SCHEMA),
        tables=tables,
        rows={table: text for table, text in rows.items() if text},
        sequences={each: _position(cursor, each) for each in _names(cursor, _SEQUENCES)},
    )


def _put_back(cursor: Cursor, untouched: _Untouched) -> None:
    """Empty every table without waking a trigger, and write what was there at first."""
    cursor.execute("SET session_replication_role = replica")
    cursor.execute(
        sql.SQL(";").join(
            sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in untouched.tables
        )
    )
    for table, text in untouched.rows.items():
        copy = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
        cursor.copy_expert(copy, StringIO(text))
    for sequence, (last, called) in untouched.sequences.items():
        cursor.execute("SELECT setval(%s::regclass, %s, %s)", (f'"{sequence}"', last, called))


def _copied_out(cursor: Cursor, table: str) -> str:
    text = StringIO()
    cursor.copy_expert(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table)), text)
    return text.getvalue()


def _position(cursor: Cursor, sequence: str) -> tuple[int, bool]:
    cursor.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(sequence)))
    last, called = cursor.fetchone()
    return int(last), bool(called)


def _names(cursor: Cursor, query: str) -> tuple[str, ...]:
    cursor.execute(query)
    return tuple(name for (name,) in cursor.fetchall())


def _one(cursor: Cursor, query: str) -> Any:
    cursor.execute(query)
    return cursor.fetchone()[0]
