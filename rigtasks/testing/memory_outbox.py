"""The outbox in memory."""

from collections.abc import Collection
from datetime import timedelta

from rigtasks.eventstore.outbox import BACK_OFF, MOST_ATTEMPTS, EntryKind, TakenEntry
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.testing.memory_store import MemoryDatabase, MemoryEntry


class MemoryOutbox:
    """The outbox over a `MemoryDatabase`, as the relay uses it."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def add(self, entries: tuple[OutboxEntry, ...]) -> None:
        """Add entries that belong to no append; a known key adds nothing."""
        with self._database.lock:
            self._database.add_entries(None, entries)

    def add_missing(self, entries: tuple[OutboxEntry, ...]) -> None:
        """Add those entries for which no open one has the same task and arguments."""
        with self._database.lock:
            for wanted in entries:
                known = [each.entry for each in self._database.entries if each.open]
                if (wanted.task, wanted.args) not in [(one.task, one.args) for one in known]:
                    self._database.add_entries(None, (wanted,))

    def take(self, *, most: int = 100, repeat_seconds: float = 30.0) -> tuple[TakenEntry, ...]:
        """Take the due entries, the longest due first."""
        with self._database.lock:
            now = self._database.clock()
            due = [
                each for each in self._database.entries if each.open and each.available_at <= now
            ]
            taken = sorted(due, key=lambda each: (each.available_at, each.id))[:most]
            for each in taken:
                each.available_at = now + timedelta(seconds=repeat_seconds)
            return tuple(_taken(each) for each in sorted(taken, key=lambda e: e.id))

    def published(self, ids: Collection[int]) -> None:
        """Note that the broker has the entries; hints are done with that."""
        for each in self._open(ids):
            each.published = True
            each.done = each.entry.kind == EntryKind.HINT

    def not_published(self, ids: Collection[int], *, error: str, retry_after: float = 1.0) -> None:
        """Give entries back that the broker did not take."""
        for each in self._open(ids):
            each.last_error = error
            each.available_at = self._database.clock() + timedelta(seconds=retry_after)

    def done(self, entry_id: int) -> bool:
        """Finish a task; return whether it was still open."""
        found = [each for each in self._database.entries if each.id == entry_id and not each.done]
        for each in found:
            each.done = True
        return bool(found)

    def is_open(self, entry_id: int) -> bool:
        """Say whether an entry still has to be worked on."""
        return any(each.open for each in self._open((entry_id,)))

    def failed(
        self,
        entry_id: int,
        *,
        error: str,
        retry_after: float | None = None,
        most: int = MOST_ATTEMPTS,
    ) -> bool:
        """Note that a task failed; return whether it died of that."""
        for each in self._open((entry_id,)):
            if each.dead:
                continue
            each.attempts += 1
            seconds = max(retry_after or 0.0, BACK_OFF[min(each.attempts, len(BACK_OFF)) - 1])
            each.last_error = error
            each.published = False
            each.available_at = self._database.clock() + timedelta(seconds=seconds)
            each.dead = each.attempts >= most
            return each.dead
        return False

    def give_back(self, entry_id: int, *, reason: str, seconds: float) -> None:
        """Note that a task has to wait; that is no failure."""
        for each in self._open((entry_id,)):
            if not each.dead:
                each.last_error = reason
                each.published = False
                each.available_at = self._database.clock() + timedelta(seconds=seconds)

    def _open(self, ids: Collection[int]) -> list[MemoryEntry]:
        return [each for each in self._database.entries if each.id in ids and not each.done]


def _taken(each: MemoryEntry) -> TakenEntry:
    return TakenEntry(
        id=each.id,
        kind=EntryKind(each.entry.kind),
        task=each.entry.task,
        queue=each.entry.queue,
        args=each.entry.args,
        stream=each.stream,
        attempts=each.attempts,
        again=each.published,
    )
