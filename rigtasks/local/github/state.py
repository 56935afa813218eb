"""The sandbox's memory: tables of rows in SQLite, read from memory, written through.

One re-entrant lock guards everything. `with state.change():` is one transaction: its rows reach
the disk together, and a restart on the same folder finds them.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from rigtasks.local.github import governance, model
from rigtasks.local.github.history import History, replay
from rigtasks.local.github.model import Row

R = TypeVar("R", bound=Row)
GroupKey = tuple[object, ...]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    table_name TEXT NOT NULL, id INTEGER NOT NULL, row BLOB NOT NULL,
    PRIMARY KEY (table_name, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_FIRST_FREE_ID = 1_000
_ALWAYS_OF_NOW = frozenset({"accounts", "apps", "installations", "tokens", "deliveries"})


class Table(Generic[R]):
    """All rows of one kind, by id and by one grouping key."""

    def __init__(
        self,
        row_type: type[R],
        database: sqlite3.Connection,
        group: Callable[[R], GroupKey] = lambda row: (row.id,),
    ) -> None:
        self._history: History | None = None
        self._name = row_type.__name__
        self._database = database
        self._group = group
        self._rows: dict[int, R] = {}
        self._groups: dict[GroupKey, dict[int, None]] = {}
        decoder = msgspec.msgpack.Decoder(row_type)
        stored = database.execute(
            "SELECT row FROM rows WHERE table_name = ? ORDER BY id", (self._name,)
        )
        for (encoded,) in stored:
            self._remember(decoder.decode(encoded))

    def keep_history(self, history: History) -> None:
        """Note there what rows were before they change from now on."""
        self._history = history

    def put(self, row: R) -> R:
        """Store a row, in place of the one with its id."""
        self._note(row.id)
        self._forget(row.id)
        self._remember(row)
        self._database.execute(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
            (self._name, row.id, msgspec.msgpack.encode(row)),
        )
        return row

    def remove(self, row_id: int) -> None:
        """Drop a row."""
        self._note(row_id)
        self._forget(row_id)
        self._database.execute(
            "DELETE FROM rows WHERE table_name = ? AND id = ?", (self._name, row_id)
        )

    def revert(self, row_id: int, row: R | None) -> None:
        """Put a row back in memory only; None takes it away."""
        self._forget(row_id)
        if row is not None:
            self._remember(row)

    def get(self, row_id: int) -> R:
        """Return the row of that id; KeyError when there is none."""
        return self._rows[row_id]

    def find(self, row_id: int) -> R | None:
        """Return the row of that id, or None."""
        return self._rows.get(row_id)

    def of(self, *key: object) -> list[R]:
        """Return the rows of one group, oldest id first."""
        return [self._rows[row_id] for row_id in sorted(self._groups.get(key, ()))]

    def first(self, *key: object) -> R | None:
        """Return the oldest row of one group, or None."""
        rows = self.of(*key)
        return rows[0] if rows else None

    def all(self) -> list[R]:
        """Return every row, oldest id first."""
        return [self._rows[row_id] for row_id in sorted(self._rows)]

    def __len__(self) -> int:
        return len(self._rows)

    def oldest_id(self) -> int:
        """Return the smallest id; ValueError when the table is empty."""
        return min(self._rows)

    def _note(self, row_id: int) -> None:
        if self._history is not None:
            self._history.note(self, row_id, self._rows.get(row_id))

    def _remember(self, row: R) -> None:
        self._rows[row.id] = row
        self._groups.setdefault(self._group(row), {})[row.id] = None

    def _forget(self, row_id: int) -> None:
        old = self._rows.pop(row_id, None)
        if old is not None:
            del self._groups[self._group(old)][row_id]


def row_repository(row: Row) -> int | None:
    """Return the repository a row belongs to, or None."""
    found = getattr(row, "repository_id", None)
    return found if isinstance(found, int) else None


class State:
    """Every table, the id counter, the lock and the clock."""

    def __init__(self, path: Path, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)
        self.lock = threading.RLock()
        self._depth = 0
        database = self._database
        self.accounts = Table(model.Account, database, lambda row: (row.login.lower(),))
        self.apps = Table(model.App, database, lambda row: (row.slug,))
        self.installations = Table(model.Installation, database, lambda row: (row.account_id,))
        self.tokens = Table(model.Token, database, lambda row: (row.digest,))
        self.repositories = Table(model.Repository, database, lambda row: (row.owner_id,))
        self.protections = Table(
            governance.Protection, database, lambda row: (row.repository_id, row.branch)
        )
        self.rulesets = Table(governance.Ruleset, database, lambda row: (row.owner_id,))
        self.teams = Table(governance.Team, database, lambda row: (row.organization_id,))
        self.queue_entries = Table(
            governance.QueueEntry, database, lambda row: (row.repository_id, row.base_ref)
        )
        self.labels = Table(model.Label, database, lambda row: (row.repository_id,))
        self.issues = Table(model.Issue, database, lambda row: (row.repository_id,))
        self.pulls = Table(model.PullRequest, database, lambda row: (row.repository_id,))
        self.comments = Table(model.Comment, database, lambda row: (row.repository_id, row.number))
        self.issue_events = Table(
            model.IssueEvent, database, lambda row: (row.repository_id, row.number)
        )
        self.content_edits = Table(
            model.ContentEdit, database, lambda row: (row.repository_id, row.number)
        )
        self.reviews = Table(model.Review, database, lambda row: (row.repository_id, row.number))
        self.threads = Table(model.Thread, database, lambda row: (row.repository_id, row.number))
        self.review_comments = Table(
            model.ReviewComment, database, lambda row: (row.repository_id, row.number)
        )
        self.check_suites = Table(
            model.CheckSuite, database, lambda row: (row.repository_id, row.head_sha)
        )
        self.check_runs = Table(
            model.CheckRun, database, lambda row: (row.repository_id, row.head_sha)
        )
        self.statuses = Table(model.Status, database, lambda row: (row.repository_id, row.sha))
        self.deliveries = Table(model.Delivery, database, lambda row: (row.guid,))
        self._history = History()
        for name, table in vars(self).items():
            if isinstance(table, Table) and name not in _ALWAYS_OF_NOW:
                table.keep_history(self._history)
        self._next_id = max(_FIRST_FREE_ID, int(self.setting("next_id") or 0))

    def forget_repository(self, repository_id: int) -> None:
        """Drop a repository with everything in it; deliveries stay in their log."""
        tables = [one for one in vars(self).values() if isinstance(one, Table)]
        for table in tables:
            for row in table.all():
                if table is not self.deliveries and row_repository(row) == repository_id:
                    table.remove(row.id)
        self.repositories.remove(repository_id)

    def now(self) -> datetime:
        """Return the time in UTC, cut to whole seconds as GitHub's answers are."""
        return self._clock().astimezone(UTC).replace(microsecond=0)

    def new_id(self) -> int:
        """Return an id no row has had."""
        with self.change():
            self._next_id += 1
            self.set_setting("next_id", str(self._next_id))
            return self._next_id

    def setting(self, name: str) -> str | None:
        """Return a stored setting, or None."""
        row = self._database.execute(
            "SELECT value FROM settings WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, name: str, value: str) -> None:
        """Store a setting."""
        self._database.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock over one transaction; nested uses join the outer one."""
        with self.lock:
            if self._depth == 0:
                self._database.execute("BEGIN")
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._database.execute("COMMIT")
                    self._history.end_change(self._clock())

    @contextmanager
    def as_of(self, *, seconds: float | None = None, changes: int | None = None) -> Iterator[None]:
        """Hold the lock and show what GitHub knew before, for reading only.

        What a repository holds is shown as it was; accounts, tokens and Apps are those of now, and
        so are git's own refs and objects.

        Args:
            seconds: how long ago.
            changes: how many transactions ago, at most the thousand that are kept.
        """
        with self.lock:
            since = None if seconds is None else self._clock() - timedelta(seconds=seconds)
            redo = self._history.rewind(since=since, most=changes)
            try:
                yield
            finally:
                replay(redo)

    def close(self) -> None:
        """Close the database file."""
        with self.lock:
            self._database.close()
