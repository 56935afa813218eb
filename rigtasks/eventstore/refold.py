"""Fold the streams of all issues again, from the events alone, into rows as COPY writes them."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import msgspec
import psycopg2
import psycopg2.extensions

from rigtasks.eventstore.connection import libpq_url
from rigtasks.eventstore.copying import CopyFormat, copied_json
from rigtasks.eventstore.projection import Fold, dependency_rows, issue_row
from rigtasks.eventstore.projection_rows import (
    ClaimCountRow,
    DependencyRow,
    IssueRow,
    RunRow,
    StepRow,
    UsageRow,
)
from rigtasks.eventstore.recorded import RECORDED_EVENTS, recorded_events

#: The processes are what runs side by side. What an index finds counts as near, because a stream's
#: events mostly are; sorting all events only to group them costs more than the rest of the query.
_SESSION = (
    "-c timezone=UTC -c datestyle=ISO -c jit=off -c max_parallel_workers_per_gather=0"
    " -c random_page_cost=1"
)
#: How the rows of each rebuilt table are written.
FORMATS = {
    "issues": CopyFormat(IssueRow),
    "issue_dependencies": CopyFormat(DependencyRow),
    "runs": CopyFormat(RunRow),
    "steps": CopyFormat(StepRow),
    "usage": CopyFormat(UsageRow),
    "claim_counts": CopyFormat(ClaimCountRow),
}
_STREAMS = f"""
COPY (
    SELECT stream, {RECORDED_EVENTS}
      FROM events WHERE stream >= %s AND stream < %s GROUP BY stream
) TO STDOUT
"""  # noqa: S608 - the columns are a constant
_SAMPLE = """
SELECT stream
  FROM events TABLESAMPLE SYSTEM (least(100, 100 * 2e6 / (pg_relation_size('events') + 1)))
 WHERE stream >= %s AND stream < %s ORDER BY stream
"""  # about two megabytes, whatever the size of the table

#: The streams of all issues: from the first name up to, not including, the second.
ISSUES = ("issue:", "issue;")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one process folded: the rows by table, and the live claims by queue and repository."""

    events: int
    issues: int
    rows: dict[str, list[bytes]]
    live: dict[tuple[str, int], int]


def session(database_url: str) -> psycopg2.extensions.connection:
    """Open a session that writes every value in the one form that rows are compared in."""
    return psycopg2.connect(
        libpq_url(database_url), application_name="rig-rebuild", options=_SESSION
    )


def split(cursor: psycopg2.extensions.cursor, parts: int) -> list[tuple[str, str]]:
    """Cut the streams of all issues into about so many parts of about as many events each."""
    cursor.execute(_SAMPLE, ISSUES)
    sample = [stream for (stream,) in cursor.fetchall()]
    cuts = sorted({sample[len(sample) * cut // parts] for cut in range(1, parts) if sample})
    return list(pairwise((ISSUES[0], *cuts, ISSUES[1])))


def fold_part(database_url: str, streams: tuple[str, str]) -> Part:
    """Fold the streams from the first name up to, not including, the second.

    Raises:
        UnknownEvent: an event cannot be read by this version.
    """
    folder = _Folder()
    connection = session(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.copy_expert(cursor.mogrify(_STREAMS, streams).decode(), folder)
    except psycopg2.Error as error:
        raise (folder.refused or error) from error
    finally:
        connection.close()
    return folder.part()


class _Folder:
    """Takes one stream after the other, as COPY writes it, and keeps its rows."""

    def __init__(self) -> None:
        self.refused: Exception | None = None
        self._events = 0
        self._rows: dict[str, list[bytes]] = {table: [] for table in FORMATS}
        self._live: Counter[tuple[str, int]] = Counter()

    def write(self, line: bytes) -> None:
        """Fold the stream of one row."""
        try:
            self._fold(line)
        except Exception as error:
            self.refused = error  # the driver replaces it by an error of its own
            raise

    def _fold(self, line: bytes) -> None:
        stream, _, text = line.partition(b"\t")
        events = recorded_events(copied_json(text))
        fold = Fold(stream.decode())
        fold.apply_all(events)
        self._events += len(events)
        self._keep("issues", (issue_row(fold),))
        self._keep("issue_dependencies", dependency_rows(fold))
        self._keep("runs", fold.runs.values())
        self._keep("steps", fold.steps)
        self._keep("usage", fold.usage)
        for run in fold.runs.values():
            if run.ended_at is None:
                self._live[run.queue, run.repo_id] += 1

    def _keep(self, table: str, rows: Iterable[msgspec.Struct]) -> None:
        self._rows[table] += map(FORMATS[table].line, rows)

    def part(self) -> Part:
        """Return the rows of everything that was folded."""
        return Part(
            events=self._events,
            issues=len(self._rows["issues"]),
            rows=self._rows,
            live=dict(self._live),
        )
