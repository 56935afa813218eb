"""Compute every projection again from the events and put right what differs.

Writers stand still meanwhile, readers do not: what is rebuilt goes to temporary tables first, and
the live tables change only in the rows that differ, in one transaction. A store whose projections
are right is left untouched, which is also how that is proved.
"""

import io
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from itertools import repeat
from uuid import UUID

import msgspec
import psycopg2
import psycopg2.extensions
from msgspec.structs import astuple

from rigtasks.eventstore.codec import actor, decode
from rigtasks.eventstore.connection import libpq_url
from rigtasks.eventstore.copying import copied_row, copy_fields
from rigtasks.eventstore.projection import Fold, issue_row
from rigtasks.lifecycle.envelope import StoredEvent

_WRITERS_GATE = 7472
_MOST_PROCESSES = 2
_WORTH_A_PROCESS = 20_000
_UNREAD = UUID(int=0)

#: The rebuilt tables with their keys, in the order they are compared.
TABLES = {
    "issues": "stream",
    "issue_dependencies": "stream, ref",
    "runs": "run_id",
    "steps": "run_id, ordinal",
    "usage": "event_id",
    "claim_counts": "queue, repo_id",
}

_EVENTS = """
COPY (
    SELECT stream, position, version, type, schema_version, event_id, actor_kind, actor_id,
           recorded_at, data
      FROM events
     WHERE stream LIKE 'issue:%' AND (hashtext(stream) & 2147483647) % {parts} = {part}
     ORDER BY position
) TO STDOUT
"""
_CLAIM_COUNTS = """
INSERT INTO pg_temp.claim_counts (queue, repo_id, live)
SELECT queue, repo_id, count(*) FROM pg_temp.runs WHERE ended_at IS NULL GROUP BY queue, repo_id
"""


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild did; `corrected` counts the rows that differed, by table."""

    events: int
    issues: int
    seconds: float
    corrected: dict[str, int]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of the streams one process folded, as COPY reads them."""

    events: int
    issues: int
    rows: dict[str, bytes]


def rebuild_projections(database_url: str, *, processes: int | None = None) -> Rebuilt:
    """Rebuild every projection from the events.

    Args:
        database_url: the migrated database.
        processes: how many fold side by side; by the machine and the amount of work where None.

    Raises:
        UnknownEvent: an event cannot be read by this version; nothing was changed.
    """
    began = time.monotonic()
    with _session(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITERS_GATE,))
        for table in TABLES:
            cursor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table}) ON COMMIT DROP")
        parts = _fold_all(database_url, processes or _processes(cursor))
        for part in parts:
            for table, rows in part.rows.items():
                cursor.copy_expert(f"COPY pg_temp.{table} FROM STDIN", io.BytesIO(rows))
        cursor.execute(_CLAIM_COUNTS)
        corrected = {table: _correct(cursor, table) for table in TABLES}
    connection.close()
    return Rebuilt(
        events=sum(part.events for part in parts),
        issues=sum(part.issues for part in parts),
        seconds=time.monotonic() - began,
        corrected=corrected,
    )


def _session(database_url: str) -> psycopg2.extensions.connection:
    return psycopg2.connect(
        libpq_url(database_url), application_name="rig-rebuild", options="-c timezone=UTC"
    )


def _processes(cursor: psycopg2.extensions.cursor) -> int:
    cursor.execute("SELECT count(*) FROM (SELECT FROM events LIMIT %s) AS e", (_WORTH_A_PROCESS,))
    row = cursor.fetchone()
    small = row is None or row[0] < _WORTH_A_PROCESS
    return 1 if small else min(_MOST_PROCESSES, os.cpu_count() or 1)


def _fold_all(database_url: str, processes: int) -> list[_Part]:
    if processes == 1:
        return [_fold_part(database_url, 1, 0)]
    with ProcessPoolExecutor(processes, mp_context=_start_method()) as pool:
        arguments = (repeat(database_url), repeat(processes), range(processes))
        return list(pool.map(_fold_part, *arguments))


def _start_method() -> multiprocessing.context.BaseContext:
    """Fork where that is safe, because importing everything again costs half a second."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if alone else "spawn")


def _fold_part(database_url: str, parts: int, part: int) -> _Part:
    folder = _Folder()
    connection = _session(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.copy_expert(_EVENTS.format(parts=parts, part=part), folder)
    except psycopg2.Error as error:
        raise (folder.refused or error) from error
    finally:
        connection.close()
    return folder.part()


class _Folder(io.RawIOBase):
    """Takes the rows of a COPY one by one and folds them into their streams."""

    def __init__(self) -> None:
        super().__init__()
        self._folds: dict[str, Fold] = {}
        self._events = 0
        self.refused: Exception | None = None

    def writable(self) -> bool:
        """Say that rows may be written here."""
        return True

    def write(self, line: bytes) -> int:  # type: ignore[override]
        """Fold the event of one row."""
        try:
            self._fold(line)
        except Exception as error:
            self.refused = error  # the driver replaces it by an error of its own
            raise
        return len(line)

    def _fold(self, line: bytes) -> None:
        fields = copied_row(line)
        stream = fields[0]
        fold = self._folds.get(stream)
        if fold is None:
            fold = self._folds[stream] = Fold(stream)
        fold.apply(
            StoredEvent(
                position=int(fields[1]),
                stream=stream,
                version=int(fields[2]),
                event_id=msgspec.convert(fields[5], UUID),
                event=decode(fields[3], int(fields[4]), fields[9]),
                actor=actor(fields[6], fields[7]),
                correlation_id=_UNREAD,
                causation_id=None,
                recorded_at=datetime.fromisoformat(fields[8]),
            )
        )
        self._events += 1

    def part(self) -> _Part:
        """Return the rows of everything that was folded."""
        folds = self._folds.values()
        return _Part(
            events=self._events,
            issues=len(self._folds),
            rows={
                "issues": _copy(issue_row(fold) for fold in folds),
                "issue_dependencies": _dependencies(folds),
                "runs": _copy(run for fold in folds for run in fold.runs.values()),
                "steps": _copy(step for fold in folds for step in fold.steps),
                "usage": _copy(used for fold in folds for used in fold.usage),
            },
        )


def _copy(rows: Iterable[msgspec.Struct]) -> bytes:
    return b"".join(copy_fields(astuple(row)) for row in rows)


def _dependencies(folds: Iterable[Fold]) -> bytes:
    pairs = {
        (fold.stream, ref)
        for fold in folds
        if fold.state is not None
        for ref in fold.state.depends_on
    }
    return b"".join(copy_fields(pair) for pair in sorted(pairs))


def _correct(cursor: psycopg2.extensions.cursor, table: str) -> int:
    """Make a live table equal to its rebuilt one; return how many rows differed."""
    cursor.execute(
        f"DELETE FROM public.{table} WHERE ({TABLES[table]}) IN ("  # noqa: S608 - names of ours
        f" SELECT {TABLES[table]} FROM ("
        f"  SELECT * FROM public.{table} EXCEPT ALL SELECT * FROM pg_temp.{table}) AS wrong)"
    )
    deleted = cursor.rowcount
    cursor.execute(
        f"INSERT INTO public.{table} SELECT * FROM pg_temp.{table}"  # noqa: S608 - as above
        f" EXCEPT ALL SELECT * FROM public.{table}"
    )
    return max(deleted, cursor.rowcount)
