"""Compute every projection again from the events and put right what differs.

Writers stand still meanwhile, readers do not. What stands is compared with what the events say row
by row, as COPY writes them, and only rows that differ are changed, in one transaction. A store
whose projections are right is left untouched, which is also how that is proved.
"""

import io
import multiprocessing
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager

import msgspec
import psycopg2.extensions

from rigtasks.eventstore.projection_rows import ClaimCountRow
from rigtasks.eventstore.refold import FORMATS, ISSUES, Part, fold_part, session, split

_WRITERS_GATE = 7472
_MOST_PROCESSES = 2
_WORTH_A_PROCESS = 20_000
_PARTS_OF_A_PROCESS = 3  # the cuts are rough; who is done early takes one more

#: The rebuilt tables with their keys, in the order they are corrected.
TABLES = {
    "issues": "stream",
    "issue_dependencies": "stream, ref",
    "runs": "run_id",
    "steps": "run_id, ordinal",
    "usage": "event_id",
    "claim_counts": "queue, repo_id",
}


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild did; `corrected` counts the rows that differed, by table."""

    events: int
    issues: int
    seconds: float
    corrected: dict[str, int]


class _Rows(set[bytes]):
    """The rows of a table as COPY writes them."""

    write = set.add


def rebuild_projections(database_url: str, *, processes: int | None = None) -> Rebuilt:
    """Rebuild every projection from the events.

    Args:
        database_url: the migrated database.
        processes: how many fold side by side; by the machine and the amount of work where None.

    Raises:
        UnknownEvent: an event cannot be read by this version; nothing was changed.
    """
    began = time.monotonic()
    connection = session(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITERS_GATE,))
        with _folding(database_url, cursor, processes or _processes(cursor)) as folding:
            standing = {table: _standing(cursor, table) for table in TABLES}
            parts = [part.result() for part in folding]
        corrected = {
            table: _correct(cursor, table, standing.pop(table), _rebuilt(parts, table))
            for table in TABLES
        }
    connection.close()
    return Rebuilt(
        events=sum(part.events for part in parts),
        issues=sum(part.issues for part in parts),
        seconds=time.monotonic() - began,
        corrected=corrected,
    )


def _processes(cursor: psycopg2.extensions.cursor) -> int:
    cursor.execute("SELECT count(*) FROM (SELECT FROM events LIMIT %s) AS e", (_WORTH_A_PROCESS,))
    row = cursor.fetchone()
    small = row is None or row[0] < _WORTH_A_PROCESS
    return 1 if small else min(_MOST_PROCESSES, os.cpu_count() or 1)


@contextmanager
def _folding(
    database_url: str, cursor: psycopg2.extensions.cursor, processes: int
) -> Iterator[list[Future[Part]]]:
    """Begin to fold; where one process is enough it is this one, and done on entry."""
    if processes == 1:
        alone: Future[Part] = Future()
        alone.set_result(fold_part(database_url, ISSUES))
        yield [alone]
        return
    parts = split(cursor, processes * _PARTS_OF_A_PROCESS)
    pool = ProcessPoolExecutor(processes, mp_context=_start_method())
    try:
        yield [pool.submit(fold_part, database_url, part) for part in parts]
    finally:
        pool.shutdown(cancel_futures=True)


def _start_method() -> multiprocessing.context.BaseContext:
    """Fork where that is safe, because importing everything again costs half a second."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if alone else "spawn")


def _standing(cursor: psycopg2.extensions.cursor, table: str) -> set[bytes]:
    rows = _Rows()
    cursor.copy_expert(f"COPY public.{table} TO STDOUT {FORMATS[table].writing}", rows)
    return rows


def _rebuilt(parts: list[Part], table: str) -> set[bytes]:
    if table == "claim_counts":
        return _claim_counts(parts)
    return {row for part in parts for row in part.rows[table]}


def _claim_counts(parts: list[Part]) -> set[bytes]:
    live = sum((Counter(part.live) for part in parts), Counter[tuple[str, int]]())
    return {
        FORMATS["claim_counts"].line(ClaimCountRow(queue=queue, repo_id=repo_id, live=count))
        for (queue, repo_id), count in live.items()
    }


def _correct(
    cursor: psycopg2.extensions.cursor, table: str, standing: set[bytes], rebuilt: set[bytes]
) -> int:
    """Make a table equal to what was rebuilt; return how many rows differed."""
    wrong = standing - rebuilt
    missing = rebuilt - standing
    if wrong:
        cursor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table}) ON COMMIT DROP")
        _copy_in(cursor, "pg_temp", table, wrong)
        cursor.execute(
            f"DELETE FROM public.{table} WHERE ({TABLES[table]}) IN"  # noqa: S608 - names of ours
            f" (SELECT {TABLES[table]} FROM pg_temp.{table})"
        )
    if missing:
        _copy_in(cursor, "public", table, missing)
    return max(len(wrong), len(missing))


def _copy_in(cursor: psycopg2.extensions.cursor, schema: str, table: str, rows: set[bytes]) -> None:
    copy = f"COPY {schema}.{table} FROM STDIN {FORMATS[table].reading}"
    cursor.copy_expert(copy, io.BytesIO(b"".join(sorted(rows))))
