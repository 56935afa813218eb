"""What a store takes and gives: loaded streams, writes, results."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from rigtasks.eventstore.projection import Fold
from rigtasks.lifecycle.envelope import NewEvent, StoredEvent
from rigtasks.lifecycle.state import IssueState


class OutboxEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to publish after the append: a task of the conductor or a bell for workers.

    Args:
        kind: `task` (repeated until it is done) or `hint` (done once it was published).
        task: the Celery task's name.
        queue: the Celery queue it goes to.
        args: the task's arguments; ids only.
        dedup_key: an entry with this key is stored once, however often it is added.
        delay_seconds: how long it rests before it is due.
    """

    kind: str
    task: str
    queue: str
    args: tuple[Any, ...] = ()
    dedup_key: str | None = None
    delay_seconds: float = 0.0


def running_from(clock: datetime) -> Callable[[], datetime]:
    """Return a clock that reads `clock` now and moves on with this machine's monotonic time."""
    started = time.monotonic()
    return lambda: clock + timedelta(seconds=time.monotonic() - started)


class LoadedStream:
    """A stream as it was when it was loaded: its state, and the moment it was decided in.

    `now` is the store's clock; decisions and the events they lead to share it.
    """

    __slots__ = ("_clock", "fold", "stream")

    def __init__(self, stream: str, fold: Fold, clock: Callable[[], datetime]) -> None:
        self.stream = stream
        self.fold = fold
        self._clock = clock

    @property
    def version(self) -> int:
        """Return how many events the stream holds; 0 for a new one."""
        return self.fold.version

    @property
    def state(self) -> IssueState | None:
        """Return the state of the issue; None for a new stream and for streams of other kinds."""
        return self.fold.state

    @property
    def now(self) -> datetime:
        """Return the store's time."""
        return self._clock()

    def after(self, events: Sequence[NewEvent], *, at: datetime | None = None) -> Fold:
        """Fold events that are not stored yet and return where they would lead.

        The fold remembers only what these events add: runs touched, steps, usage.
        """
        fold = self.fold.branch_off()
        recorded_at = at or self.now
        for ordinal, new in enumerate(events, start=1):
            fold.apply(
                StoredEvent(
                    position=0,
                    stream=self.stream,
                    version=self.version + ordinal,
                    event_id=new.event_id,
                    event=new.event,
                    actor=new.actor,
                    correlation_id=new.correlation_id,
                    causation_id=new.causation_id,
                    recorded_at=recorded_at,
                )
            )
        return fold


class Writes(msgspec.Struct, frozen=True, kw_only=True):
    """What one decision stores, all of it or nothing.

    Args:
        events: in their order; none means that nothing is stored.
        outbox: what is to be published afterwards.
        next_wakeup_at: when the issue must be looked at again; None removes its timer.
        epoch: refuse the append unless this is the newest epoch of the issue.
        run_id: with an epoch: refuse it as well unless this run's lease is alive.
    """

    events: tuple[NewEvent, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()
    next_wakeup_at: datetime | None = None
    epoch: int | None = None
    run_id: UUID | None = None


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """What the store holds after an append.

    Args:
        version: of the stream.
        positions: of the events, in their order.
        recorded_at: the database's time they carry.
        state: of the issue, None for other streams and for a repetition.
        repeated: these very events had been stored before; nothing was written now.
    """

    version: int
    positions: tuple[int, ...]
    recorded_at: datetime
    state: IssueState | None = None
    repeated: bool = False


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one decision: the state before, and what was appended, if anything."""

    before: IssueState | None
    writes: Writes
    appended: Appended | None

    @property
    def after(self) -> IssueState | None:
        """Return the state of the issue now."""
        if self.appended is None or self.appended.state is None:
            return self.before
        return self.appended.state


Decide = Callable[[LoadedStream], Writes]
