"""The outbox in memory."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from rigtasks.eventstore.outbox import (
    BACK_OFF,
    MOST_ATTEMPTS,
    EntryKind,
    Outbox,
    TakenEntry,
)
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.testing.memory_store import MemoryDatabase, MemoryEntry, NoSql


class MemoryOutbox(Outbox):
    """The outbox over a `MemoryDatabase`, as the relay uses it."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Add entries that belong to no append; a known key adds nothing."""
        with self._memory.lock:
            self._memory.add_entries(None, tuple(entries))

    def add_missing(self, entries: Sequence[OutboxEntry]) -> None:
        """Add those entries for which no open one has the same task and arguments."""
        with self._memory.lock:
            for wanted in entries:
                known = self._memory.open_entries.values()
                if not any(
                    (each.entry.task, each.entry.args) == (wanted.task, wanted.args)
                    for each in known
                ):
                    self._memory.add_entries(None, (wanted,))

    def take(self, *, most: int = 100, repeat_seconds: float = 30.0) -> tuple[TakenEntry, ...]:
        """Take the due entries, the longest due first."""
        with self._memory.lock:
            now = self._memory.clock()
            due = [each for each in self._memory.open_entries.values() if each.available_at <= now]
            taken = sorted(due, key=lambda each: (each.available_at, each.id))[:most]
            for each in taken:
                each.available_at = now + timedelta(seconds=repeat_seconds)
            return tuple(_taken(each) for each in sorted(taken, key=lambda e: e.id))

    def published(self, ids: Sequence[int]) -> None:
        """Note that the broker has the entries; hints are done with that."""
        for each in self._open(ids):
            each.published = True
            each.done = each.entry.kind == EntryKind.HINT
            self._memory.close(each)

    def not_published(self, ids: Sequence[int], *, error: str, retry_after: float = 1.0) -> None:
        """Give entries back that the broker did not take."""
        for each in self._open(ids):
            each.last_error = error
            each.available_at = self._memory.clock() + timedelta(seconds=retry_after)

    def done(self, entry_id: int) -> bool:
        """Finish a task; return whether it was still open."""
        found = self._open((entry_id,))
        for each in found:
            each.done = True
            self._memory.close(each)
        return bool(found)

    def is_open(self, entry_id: int) -> bool:
        """Say whether an entry still has to be worked on."""
        return any(each.open for each in self._open((entry_id,)))

    def is_asked_again(self, wanted: OutboxEntry, *, stream: str, after: int) -> bool:
        """Say whether a later append of a stream has asked for the same, and it is still to do."""
        return any(
            each.id > after
            and each.stream == stream
            and (each.entry.task, each.entry.args) == (wanted.task, wanted.args)
            for each in self._memory.open_entries.values()
        )

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
            each.available_at = self._memory.clock() + timedelta(seconds=seconds)
            each.dead = each.attempts >= most
            self._memory.close(each)
            return each.dead
        return False

    def give_back(
        self, entry_id: int, *, reason: str, seconds: float, longest: float = 0.0
    ) -> bool:
        """Note that a task has to wait; that is no failure. Return whether the reason is news."""
        for each in self._open((entry_id,)):
            if each.dead:
                continue
            news = each.last_error != reason
            now = self._memory.clock()
            waited = (now - each.created_at).total_seconds()
            each.last_error = reason
            each.published = False
            each.available_at = now + timedelta(seconds=max(seconds, min(longest, waited / 2)))
            return news
        return False

    def awaited(self, queue: str) -> int:
        """Count the published entries of a queue that nobody has settled yet."""
        return sum(
            each.published and each.entry.queue == queue
            for each in self._memory.open_entries.values()
        )

    def claimable_by_queue(self) -> dict[str, int]:
        """Count the issues each queue's workers could claim now, admission aside."""
        now = self._memory.clock()
        states = [fold.state for fold in self._memory.folds.values() if fold.state is not None]
        return Counter(
            state.wanted_queue
            for state in states
            if state.wanted_queue and (state.retry_at is None or state.retry_at <= now)
        )

    def _open(self, ids: Sequence[int]) -> list[MemoryEntry]:
        entries = self._memory.entries
        return [entries[each] for each in ids if each in entries and not entries[each].done]


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
