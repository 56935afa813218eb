"""The event store in memory, with the same behaviour: for simulations and quick tests."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from rigtasks.errors import Conflict, Permanent, StaleEpoch
from rigtasks.eventstore.channel import NOTIFY
from rigtasks.eventstore.claims import Lease
from rigtasks.eventstore.codec import storable
from rigtasks.eventstore.connection import Parameters
from rigtasks.eventstore.deliveries import Delivery
from rigtasks.eventstore.projection import Fold
from rigtasks.eventstore.store import ISSUE_STREAM, EventIdReused, handle
from rigtasks.eventstore.stream import (
    Appended,
    Decide,
    Handled,
    LoadedStream,
    OutboxEntry,
    Writes,
)
from rigtasks.eventstore.switches import Switch
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.envelope import NewEvent, StoredEvent
from rigtasks.lifecycle.events import acceptance, intake
from rigtasks.lifecycle.state import IssueState

_NOTHING: frozenset[str] = frozenset()

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


class NoSql:
    """Stands where statements would run: relays need not be told, all else is not there."""

    def rows(self, statement: str, parameters: Parameters = ()) -> list[tuple[object, ...]]:
        """Refuse every statement but the one that tells the relays.

        Raises:
            Permanent: the table in memory lacks what was asked of it.
        """
        del parameters
        if statement == NOTIFY:
            return []
        raise Permanent(f"the store in memory does not do this: {statement.strip()[:60]}")


class MemoryEntry(msgspec.Struct, kw_only=True):
    """One entry of the outbox in memory."""

    id: int
    entry: OutboxEntry
    stream: str | None
    created_at: datetime
    available_at: datetime
    attempts: int = 0
    last_error: str | None = None
    published: bool = False
    done: bool = False
    dead: bool = False

    @property
    def open(self) -> bool:
        """Say whether the entry still has to be worked on."""
        return not self.done and not self.dead


class MemoryDatabase:
    """What the stores in memory share: everything a transaction may touch, under one lock."""

    def __init__(self, clock: Clock = wall_clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.log: list[StoredEvent] = []
        self.streams: dict[str, list[StoredEvent]] = {}
        self.folds: dict[str, Fold] = {}
        self.event_ids: dict[UUID, StoredEvent] = {}
        self.leases: dict[str, Lease] = {}
        self.wake_ups: dict[str, datetime] = {}
        self.entries: dict[int, MemoryEntry] = {}
        self.open_entries: dict[int, MemoryEntry] = {}
        self.keys: set[str] = set()
        self.deliveries: dict[str, Delivery] = {}
        self.progress: dict[str, datetime] = {}
        self.switches: dict[tuple[str, StopSource], Switch] = {}
        self.lifted: dict[tuple[str, StopSource], datetime] = {}
        self.repository_names: dict[tuple[int, str], None] = {}
        self.repository_ancestors: dict[tuple[int, int], None] = {}

    def states(self) -> Iterator[tuple[str, IssueState]]:
        """Yield every issue by its stream."""
        for stream, fold in self.folds.items():
            if fold.state is not None:
                yield stream, fold.state

    def active_switches(self) -> tuple[Switch, ...]:
        """Return the stops that hold now, by scope."""
        now = self.clock()
        return tuple(
            one for _, one in sorted(self.switches.items()) if one.until is None or one.until > now
        )

    @property
    def paused(self) -> frozenset[str]:
        """Return the scopes that are stopped now."""
        return frozenset(one.scope for one in self.active_switches()) if self.switches else _NOTHING

    def state(self, stream: str) -> IssueState | None:
        """Return the state of an issue."""
        fold = self.folds.get(stream)
        return None if fold is None else fold.state

    def record(self, stream: str, new: NewEvent, recorded_at: datetime) -> StoredEvent:
        """Store one event and fold it."""
        events = self.streams.setdefault(stream, [])
        event, _ = storable(new.event)
        stored = StoredEvent(
            position=len(self.log) + 1,
            stream=stream,
            version=len(events) + 1,
            event_id=new.event_id,
            event=event,
            actor=new.actor,
            correlation_id=new.correlation_id,
            causation_id=new.causation_id,
            recorded_at=recorded_at,
        )
        fold = self.folds.setdefault(stream, Fold(stream))
        if stream.startswith(ISSUE_STREAM):
            fold.apply(stored)
        fold.version = stored.version
        events.append(stored)
        self.log.append(stored)
        self.event_ids[stored.event_id] = stored
        return stored

    def add_entries(self, stream: str | None, entries: tuple[OutboxEntry, ...]) -> None:
        """Add outbox entries; a known key adds nothing."""
        for entry in entries:
            if entry.dedup_key is not None:
                if entry.dedup_key in self.keys:
                    continue
                self.keys.add(entry.dedup_key)
            due = self.clock() + timedelta(seconds=entry.delay_seconds)
            number = len(self.entries) + 1
            added = MemoryEntry(
                id=number, entry=entry, stream=stream, created_at=self.clock(), available_at=due
            )
            self.entries[number] = self.open_entries[number] = added

    def close(self, entry: MemoryEntry) -> None:
        """Keep an entry that is done or dead away from those that are looked through."""
        if not entry.open:
            self.open_entries.pop(entry.id, None)


class MemoryEventStore:
    """The event store over a `MemoryDatabase`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def load(self, stream: str) -> LoadedStream:
        """Return the stream folded to now, at version 0 where nothing was ever appended."""
        with self._database.lock:
            fold = self._database.folds.get(stream) or Fold(stream)
            return LoadedStream(stream, fold.branch_off(), self._database.clock)

    def events(self, stream: str) -> tuple[StoredEvent, ...]:
        """Return every event of a stream in its order."""
        with self._database.lock:
            return tuple(self._database.streams.get(stream, ()))

    def append(self, loaded: LoadedStream, writes: Writes) -> Appended:
        """Store what was decided on a loaded stream, all of it or nothing.

        Raises:
            Conflict: the stream moved on since it was loaded; load and decide again.
            StaleEpoch: the claim the writes rest on is no longer the newest.
            EventIdReused: an event id belongs to another event.
        """
        database = self._database
        for new in writes.events:
            if isinstance(new.event, intake.IssueAssigned | acceptance.ReviewAssigned):
                raise Permanent(f"{new.event.type} is written by the claim alone")
        with database.lock:
            repeated = self._repeated(loaded.stream, writes.events)
            if repeated is not None:
                return repeated
            version = len(database.streams.get(loaded.stream, ()))
            if version != loaded.version:
                raise Conflict(
                    f"{loaded.stream} is at version {version}, not at {loaded.version}: "
                    "load it again and decide again"
                )
            self._check_epoch(loaded.stream, writes)
            return self._write(loaded.stream, writes, database.clock())

    def handle(self, stream: str, decide: Decide) -> Handled:
        """Load, decide and append; after a conflict load and decide again."""
        return handle(self, stream, decide)

    def _repeated(self, stream: str, events: tuple[NewEvent, ...]) -> Appended | None:
        found = [self._database.event_ids.get(new.event_id) for new in events]
        known = [each for each in found if each is not None]
        if not known:
            return None
        same = [
            each is not None and each.stream == stream and each.event == storable(new.event)[0]
            for each, new in zip(found, events, strict=True)
        ]
        if not all(same):
            raise EventIdReused(f"an event id of {stream} belongs to another event")
        return Appended(
            version=known[-1].version,
            positions=tuple(each.position for each in known),
            recorded_at=known[0].recorded_at,
            repeated=True,
        )

    def _check_epoch(self, stream: str, writes: Writes) -> None:
        if writes.epoch is None:
            return
        database = self._database
        state = database.state(stream)
        lease = database.leases.get(stream)
        newest = state is not None and state.epoch == writes.epoch
        held = writes.run_id is None or (
            lease is not None
            and lease.run_id == writes.run_id
            and lease.expires_at > database.clock()
        )
        if not newest or not held:
            raise StaleEpoch(f"the claim on {stream} was taken over or has run out")

    def _write(self, stream: str, writes: Writes, recorded_at: datetime) -> Appended:
        database = self._database
        stored = [database.record(stream, new, recorded_at) for new in writes.events]
        state = database.state(stream)
        if state is not None and state.run is None:
            database.leases.pop(stream, None)
        if writes.next_wakeup_at is None:
            database.wake_ups.pop(stream, None)
        else:
            database.wake_ups[stream] = writes.next_wakeup_at
        database.add_entries(stream, writes.outbox)
        return Appended(
            version=stored[-1].version,
            positions=tuple(each.position for each in stored),
            recorded_at=recorded_at,
            state=state,
        )
