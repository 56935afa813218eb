"""The tables beside the event store in memory: deliveries, artifacts, switches, liveness.

Each class is the one over Postgres with its statements replaced; what has no counterpart here
fails loudly, as `NoSql` says.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from rigtasks.eventstore.artifacts import LARGEST, Artifact, Artifacts, ArtifactTooLarge
from rigtasks.eventstore.deliveries import Deliveries, Delivery, DeliveryStatus
from rigtasks.eventstore.liveness import Heartbeat, Heartbeats, Reports, Ticks, WakeUps
from rigtasks.eventstore.lost_deliveries import LostDeliveries
from rigtasks.eventstore.switches import Switch, Switches
from rigtasks.gate.facts import StopSource
from rigtasks.shell import delivery_entry
from rigtasks.testing.memory_store import MemoryDatabase, NoSql


class MemoryDeliveries(Deliveries):
    """The ledger of deliveries; `receive` is the receiver's part."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database

    @property
    def rows(self) -> dict[str, Delivery]:
        """Return every delivery by its id."""
        return self._memory.deliveries

    def receive(self, delivery: Delivery) -> bool:
        """Store a delivery as the receiver does; return whether it was new.

        One that somebody has to act on gets its task with it.
        """
        with self._memory.lock:
            if delivery.delivery_id in self.rows:
                return False
            self.rows[delivery.delivery_id] = delivery
            if delivery.status is DeliveryStatus.PENDING:
                self._memory.add_entries(None, (delivery_entry(delivery.delivery_id),))
            return True

    def get(self, delivery_id: str) -> Delivery | None:
        """Return a delivery with what was received, None when it is unknown."""
        return self.rows.get(delivery_id)

    def settle(self, delivery_id: str, status: DeliveryStatus, outcome: str) -> bool:
        """End a pending delivery with its outcome; return whether it was still pending."""
        found = self._pending(delivery_id)
        if found is None:
            return False
        self.rows[delivery_id] = replace(
            found, status=status, outcome=outcome, attempts=found.attempts + 1
        )
        return True

    def failed(self, delivery_id: str, *, error: str) -> int | None:
        """Note a failed try of a pending delivery; return how many there were by now."""
        del error
        found = self._pending(delivery_id)
        if found is None:
            return None
        self.rows[delivery_id] = replace(found, attempts=found.attempts + 1)
        return found.attempts + 1

    def forgotten(self, *, older_than_seconds: float = 0.0, most: int = 100) -> tuple[str, ...]:
        """Return the ids of pending deliveries that no open task is about, the oldest first."""
        before = self._memory.clock() - timedelta(seconds=older_than_seconds)
        old = [
            one
            for one in self.rows.values()
            if one.status is DeliveryStatus.PENDING and one.received_at < before
        ]
        if not old:
            return ()
        open_args = {each.entry.args for each in self._memory.open_entries.values()}
        wanted = [one for one in old if (one.delivery_id,) not in open_args]
        return tuple(
            one.delivery_id for one in sorted(wanted, key=lambda one: one.received_at)[:most]
        )

    def _pending(self, delivery_id: str) -> Delivery | None:
        found = self.rows.get(delivery_id)
        return found if found is not None and found.status is DeliveryStatus.PENDING else None


class MemoryLostDeliveries(LostDeliveries):
    """Which lost deliveries GitHub was asked for."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database
        self.asked: set[str] = set()

    def unknown(self, guids: Sequence[str]) -> frozenset[str]:
        """Return those that neither arrived here nor were asked for."""
        return frozenset(guids) - self.asked - self._memory.deliveries.keys()

    def ask(self, guid: str, *, attempt_id: int, event: str) -> bool:
        """Note that one is about to be asked for; False where somebody did so before."""
        del attempt_id, event
        if guid in self.asked:
            return False
        self.asked.add(guid)
        return True

    def not_asked(self, guid: str) -> None:
        """Take the note back: the call did not go out."""
        self.asked.discard(guid)


class MemoryArtifacts(Artifacts):
    """What runs hand over."""

    def __init__(self) -> None:
        super().__init__(NoSql())
        self.rows: dict[UUID, Artifact] = {}

    def put(self, artifact: Artifact) -> None:
        """Store an artifact under the id its maker chose.

        Raises:
            ArtifactTooLarge: it exceeds the size of its kind.
        """
        if len(artifact.data) > LARGEST[artifact.kind]:
            raise ArtifactTooLarge(artifact.kind, len(artifact.data))
        self.rows.setdefault(artifact.id, artifact)

    def find(self, artifact_id: UUID) -> Artifact | None:
        """Return an artifact, None where there is none."""
        return self.rows.get(artifact_id)


class MemorySwitches(Switches):
    """The stop switches; claims in memory read the scopes that are set."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database

    def set(
        self,
        scope: str,
        *,
        reason: str,
        actor: str,
        source: StopSource = StopSource.PERSON,
        seconds: float | None = None,
    ) -> bool:
        """Stop a scope; return whether this source let it run until now."""
        if self.holding(scope, source) is not None:
            return False
        now = self._memory.clock()
        self._memory.switches[scope, source] = Switch(
            scope=scope,
            reason=reason,
            actor=actor,
            since=now,
            source=source,
            until=None if seconds is None else now + timedelta(seconds=seconds),
        )
        return True

    def lift(self, scope: str, *, actor: str, source: StopSource = StopSource.PERSON) -> bool:
        """Let a scope go on as far as a source is concerned; return whether that stopped it."""
        del actor
        stopped = self.holding(scope, source)
        self._memory.switches.pop((scope, source), None)
        if stopped is None:
            return False
        now = self._memory.clock()
        self._memory.lifted[scope, source] = now
        for each in self._memory.open_entries.values():
            waits = (each.last_error or "").startswith(f"{stopped.actor} paused the ")
            if waits and not each.published:
                each.available_at = now
        return True

    def active(self) -> tuple[Switch, ...]:
        """Return every stop that holds now, by scope."""
        return self._memory.active_switches()

    def lifted_at(self, scope: str, source: StopSource) -> datetime | None:
        """Return when a source last let a scope go on."""
        return self._memory.lifted.get((scope, source))


class _Beat(msgspec.Struct, frozen=True, kw_only=True):
    shown: Heartbeat
    at: datetime


class MemoryHeartbeats(Heartbeats):
    """Signs of life of agent processes."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database
        self._beats: dict[str, _Beat] = {}

    def beat(
        self,
        *,
        holder: str,
        agent: str,
        queue: str,
        version: str,
        config_hash: str,
        isolation: str,
        run_id: UUID | None = None,
        agreed: Mapping[str, str] | None = None,
    ) -> None:
        """Note that a process is alive, what it is doing, and what it has to agree on."""
        shown = Heartbeat(
            holder=holder,
            agent=agent,
            queue=queue,
            version=version,
            config_hash=config_hash,
            isolation=isolation,
            run_id=run_id,
            agreed=dict(agreed or {}),
            silent_seconds=0.0,
        )
        self._beats[holder] = _Beat(shown=shown, at=self._memory.clock())

    def all(self) -> tuple[Heartbeat, ...]:
        """Return every process, by agent and holder."""
        now = self._memory.clock()
        beats = sorted(self._beats.values(), key=lambda one: (one.shown.agent, one.shown.holder))
        return tuple(
            replace(one.shown, silent_seconds=(now - one.at).total_seconds()) for one in beats
        )


class MemoryTicks(Ticks):
    """Periods that were begun, and how often one was that somebody had begun before."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database
        self.begun: set[tuple[str, float]] = set()
        self.refused = 0

    def begin(self, job: str, *, period_seconds: float) -> datetime | None:
        """Begin the period of a job that runs now; None where somebody began it already."""
        seconds = self._memory.clock().timestamp()
        start = seconds // period_seconds * period_seconds
        if (job, start) in self.begun:
            self.refused += 1
            return None
        self.begun.add((job, start))
        return datetime.fromtimestamp(start, UTC)


class MemoryReports(Reports):
    """The newest word of each watcher and service."""

    def __init__(self) -> None:
        super().__init__(NoSql())
        self.watchers: dict[str, str] = {}
        self.services: dict[str, tuple[bool, str]] = {}

    def watcher_succeeded(self, name: str, detail: str) -> None:
        """Note that a watcher ran to its end."""
        self.watchers[name] = detail

    def service(self, name: str, *, ok: bool, detail: str) -> None:
        """Note the state of a service that others cannot see for themselves."""
        self.services[name] = (ok, detail)


class MemoryWakeUps(WakeUps):
    """Timers of issues; appends set them."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database

    def take_due(self, *, most: int = 100, again_seconds: float = 60.0) -> tuple[str, ...]:
        """Take the streams whose time has come; each comes round again."""
        now, timers = self._memory.clock(), self._memory.wake_ups
        due = sorted((at, stream) for stream, at in timers.items() if at <= now)[:most]
        for _, stream in due:
            timers[stream] = now + timedelta(seconds=again_seconds)
        return tuple(sorted(stream for _, stream in due))

    def due_at(self, stream: str) -> datetime | None:
        """Return when a stream is woken next, None where nothing wakes it."""
        return self._memory.wake_ups.get(stream)

    def move(self, stream: str, *, seen: datetime, to: datetime | None) -> bool:
        """Set another time, or none, if `seen` still holds."""
        if self._memory.wake_ups.get(stream) != seen:
            return False
        if to is None:
            del self._memory.wake_ups[stream]
        else:
            self._memory.wake_ups[stream] = to
        return True
