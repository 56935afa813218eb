import hashlib
import io
import json
import math
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import msgspec
import pytest
from random_lives import CONDUCTOR, live

from rigtasks.cli.main import app
from rigtasks.eventstore.copying import CopyFormat
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.eventstore.rebuild import TABLES, rebuild_projections
from rigtasks.eventstore.refold import session, split
from rigtasks.eventstore.store import Writes
from rigtasks.eventstore.upcasters import UnknownEvent
from rigtasks.lifecycle.envelope import NewEvent
from rigtasks.lifecycle.events.intake import IssueHeld
from rigtasks.testing.life import approval


def snapshot(database: Database) -> dict[str, str]:
    """Return a digest of the exact text of every projection table."""
    found = {}
    for table, key in TABLES.items():
        rows = database.rows(f"SELECT t::text FROM {table} AS t ORDER BY {key}")  # noqa: S608 - our names
        found[table] = hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()
    return found


def count(database: Database, table: str) -> int:
    return int(database.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - our names


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_live_projections_equal_rebuilt_ones(
    database_url: str, database: Database, stores: Stores, seed: int
) -> None:
    live(stores, seed=seed, issues=25, steps=500)
    counts = {table: count(database, table) for table in TABLES}
    assert min(counts.values()) > 0
    before = snapshot(database)

    rebuilt = rebuild_projections(database_url)

    assert rebuilt.corrected == dict.fromkeys(TABLES, 0)
    assert rebuilt.issues == counts["issues"]
    assert rebuilt.events == database.rows("SELECT count(*) FROM events")[0][0]
    assert snapshot(database) == before


@pytest.mark.parametrize(
    "title",
    ["", " ", ",", "(a,)", 'say "no"', "a\\b\\", '\\"', "two\nlines\t", "null", "'é☃' $1 %s"],
)
def test_an_odd_title_is_stored_as_it_is(
    database_url: str, database: Database, stores: Stores, title: str
) -> None:
    held = IssueHeld(waits_for="limit", sentence=title, blocking=False)
    for event in (approval(title=title), held):
        new = NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())
        stores.events.append(stores.events.load("issue:1:7:1"), Writes(events=(new,)))

    assert database.rows("SELECT title, hold_sentence FROM issues") == [(title, title)]
    assert rebuild_projections(database_url).corrected == dict.fromkeys(TABLES, 0)


def test_two_processes_fold_the_same_rows_as_one(
    database_url: str, database: Database, stores: Stores
) -> None:
    live(stores, seed=4, issues=15, steps=200)
    before = snapshot(database)
    with session(database_url) as connection, connection.cursor() as cursor:
        assert len(split(cursor, parts=3)) == 3
    connection.close()

    rebuilt = rebuild_projections(database_url, processes=2)

    assert rebuilt.corrected == dict.fromkeys(TABLES, 0)
    assert snapshot(database) == before


def test_whatever_is_wrong_is_put_right_and_nothing_else_is_touched(
    database_url: str, database: Database, stores: Stores
) -> None:
    live(stores, seed=5, issues=20, steps=300)
    before = snapshot(database)
    moved = "UPDATE issues SET lane = 'done' WHERE number = 3 AND lane <> 'done' RETURNING stream"
    wrong = len(database.rows(moved))
    database.rows("DELETE FROM steps")
    database.rows("DELETE FROM runs WHERE epoch = 1")
    database.rows("INSERT INTO claim_counts (queue, repo_id, live) VALUES ('ios', 99, 1)")
    assert snapshot(database) != before

    rebuilt = rebuild_projections(database_url)

    assert snapshot(database) == before
    assert rebuilt.corrected["issues"] == wrong > 0
    assert rebuilt.corrected["usage"] == 0
    assert rebuilt.corrected["claim_counts"] == 1


def test_lost_projections_come_back(database_url: str, database: Database, stores: Stores) -> None:
    live(stores, seed=6, issues=10, steps=150)
    before = snapshot(database)
    for table in TABLES:
        database.rows(f"DELETE FROM {table}")  # noqa: S608 - our names

    rebuild_projections(database_url)

    assert snapshot(database) == before


def test_the_verb_says_what_it_corrected(
    database_url: str,
    database: Database,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    live(stores, seed=8, issues=10, steps=150)
    monkeypatch.setenv("DATABASE_URL", database_url)
    database.rows("UPDATE issues SET lane = 'stuck'")
    wrong = count(database, "issues")

    app(["db", "rebuild-projections"], standalone_mode=False)
    first = capsys.readouterr().out
    app(["db", "rebuild-projections", "--json"], standalone_mode=False)
    second = json.loads(capsys.readouterr().out)

    assert first.endswith(f"s: {wrong} rows corrected (issues {wrong})\n")
    assert second["issues"] == wrong
    assert second["corrected"] == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize("processes", [1, 2])
def test_an_unknown_event_stops_the_rebuild_and_changes_nothing(
    database_url: str, database: Database, stores: Stores, processes: int
) -> None:
    live(stores, seed=7, issues=5, steps=40)
    database.rows("UPDATE issues SET title = 'wrong'")
    before = snapshot(database)
    database.rows(
        "UPDATE events SET type = 'ISSUE_TELEPORTED' WHERE position = "
        "(SELECT max(position) FROM events)"
    )

    with pytest.raises(UnknownEvent, match="ISSUE_TELEPORTED"):
        rebuild_projections(database_url, processes=processes)

    assert snapshot(database) == before


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A row with a column of every kind, each of which may be NULL."""

    word: str | None = None
    number: int | None = None
    share: float | None = None
    flag: bool | None = None
    key: UUID | None = None
    at: datetime | None = None


@pytest.mark.parametrize(
    "row",
    [
        Sample(),
        Sample(word="", number=0, share=0.0, flag=False, key=UUID(int=0)),
        Sample(word="".join(map(chr, range(1, 256))) + "\\N \u2028 \U0001f642"),
        Sample(word='null, "null"\n\\.\r\n\\N\t\\t', number=7),
        Sample(word="null", number=-(2**63), share=-0.0, flag=True, key=UUID(int=1)),
        Sample(share=16.0),
        Sample(share=0.1 + 0.2),
        Sample(share=1.5e-7),
        Sample(share=math.pi * 1e20),
        Sample(share=123456789012345.6),
        Sample(at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        Sample(at=datetime(2026, 1, 2, 3, 4, 5, 120, tzinfo=UTC)),
        Sample(at=datetime(2026, 1, 2, 3, 4, 50, 100_000, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_rows_are_written_as_postgres_writes_them(database_url: str, row: Sample) -> None:
    rows = CopyFormat(Sample)
    line = rows.line(row)
    written = io.BytesIO()
    with session(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE samples (word text, number bigint, share double precision,"
            " flag boolean, key uuid, at timestamptz)"
        )
        cursor.copy_expert(f"COPY samples FROM STDIN {rows.reading}", io.BytesIO(line))
        cursor.copy_expert(f"COPY samples TO STDOUT {rows.writing}", written)
        cursor.execute("SELECT word, number, share, flag, key::text, at FROM samples")
        found = cursor.fetchone()
    connection.close()

    assert written.getvalue() == line
    assert found == (row.word, row.number, row.share, row.flag, row.key and str(row.key), row.at)
