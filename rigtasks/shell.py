"""The thin shell around the decisions of one issue: load, decide, append, react."""

from uuid import UUID, uuid5

import msgspec

from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.stream import LoadedStream, OutboxEntry, Writes
from rigtasks.lifecycle.commands import Command
from rigtasks.lifecycle.decide import decide
from rigtasks.lifecycle.envelope import Actor, NewEvent
from rigtasks.lifecycle.events import Event
from rigtasks.lifecycle.react import Bell, Effect, react
from rigtasks.lifecycle.roles import check
from rigtasks.lifecycle.settlement import displaced_usage
from rigtasks.lifecycle.state import IssueState
from rigtasks.lifecycle.timers import Timers, next_wakeup

#: The Celery tasks that outbox entries name; they are registered in `rigtasks.tasks`.
DELIVERY_TASK = "rig.conductor.delivery"
EFFECT_TASK = "rig.conductor.effect"
WAKE_TASK = "rig.conductor.wake"
ABSENCE_TASK = "rig.conductor.absence"
CREDENTIALS_TASK = "rig.conductor.credentials"
RECONCILE_TASK = "rig.conductor.reconcile"
COMPARE_TASK = "rig.conductor.compare"
REPAIR_TASK = "rig.conductor.repair"
BASE_BRANCHES_TASK = "rig.conductor.base_branches"
CANARY_TASK = "rig.conductor.canary"
WORK_TASK = "rig.agent.work"
CONDUCTOR_QUEUE = "conductor"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a command led to: the new events, and the state of the issue now."""

    events: tuple[Event, ...]
    state: IssueState | None


class Doubt:
    """The events of a command whose answer was lost: they may be stored already."""

    def __init__(self) -> None:
        self.event_ids: set[UUID] = set()

    def is_settled(self, stores: Stores, stream: str) -> bool:
        """Say whether an earlier try was stored after all."""
        if not self.event_ids:
            return False
        return any(one.event_id in self.event_ids for one in stores.events.events(stream))


class IssueShell:
    """Gives commands to issues.

    Args:
        stores: where streams are, and whose relays are told of new outbox entries.
        timers: when each state looks at itself again, already scaled.
    """

    def __init__(self, stores: Stores, timers: Timers) -> None:
        self._stores = stores
        self._timers = timers

    def tell(
        self,
        stream: str,
        command: Command,
        *,
        actor: Actor,
        cause: UUID,
        run_id: UUID | None = None,
        epoch: int | None = None,
        doubt: Doubt | None = None,
    ) -> Told:
        """Give one command to one issue; what follows from it is stored in one transaction.

        Args:
            stream: the issue's stream.
            command: what is asked; answered before, it leads to nothing.
            actor: whose events they are; the role table is checked.
            cause: what made the caller act: a delivery, an outbox entry, a run.
            run_id: with `epoch`, refuse unless this run holds the claim by a living lease.
            epoch: refuse unless this is the newest epoch.
            doubt: kept by a caller who repeats a command that can be true twice; whatever an
                earlier try stored is not stored again.

        Raises:
            Conflict: others kept writing; nothing was stored.
            StaleEpoch: the claim was lost.
            RoleViolation: the actor may not write what the command leads to.
        """

        def writes(loaded: LoadedStream) -> Writes:
            events = decide(command, loaded.state)
            new = _new_events(loaded, events, actor, cause)
            after = loaded.after(new).state if new else None
            if after is None:
                return Writes()
            owed = displaced_usage(events, loaded.state, after)
            if owed:
                events = (*events, *owed)
                new = _new_events(loaded, events, actor, cause)
                after = loaded.after(new).state or after
            if doubt is not None:
                doubt.event_ids.add(new[0].event_id)
            return Writes(
                events=new,
                outbox=_outbox(loaded, after, react(events, loaded.state, after)),
                next_wakeup_at=next_wakeup(after, loaded.now, self._timers),
                epoch=epoch,
                run_id=run_id,
            )

        if doubt is not None and doubt.is_settled(self._stores, stream):
            return Told(events=(), state=self._stores.events.load(stream).state)
        handled = self._stores.events.handle(stream, writes)
        stored = () if handled.appended is None else handled.writes.events
        if stored and handled.writes.outbox:
            self._stores.tell_relays()
        return Told(events=tuple(new.event for new in stored), state=handled.after)

    def set_timer(self, stream: str) -> IssueState | None:
        """Return the state of an issue, its next wake-up set from it.

        For a timer that rang: an append that comes in between has the last word.
        """
        seen = self._stores.wake_ups.due_at(stream)
        loaded = self._stores.events.load(stream)
        if seen is not None and loaded.state is not None:
            due = next_wakeup(loaded.state, loaded.now, self._timers)
            self._stores.wake_ups.move(stream, seen=seen, to=due)
        return loaded.state


def _new_events(
    loaded: LoadedStream, events: tuple[Event, ...], actor: Actor, cause: UUID
) -> tuple[NewEvent, ...]:
    for event in events:
        check(actor.kind, event)
    return tuple(
        NewEvent(
            event_id=uuid5(cause, f"{loaded.stream} {loaded.version + ordinal} {event.type}"),
            event=event,
            actor=actor,
            correlation_id=cause,
        )
        for ordinal, event in enumerate(events, start=1)
    )


def _outbox(
    loaded: LoadedStream, after: IssueState, reactions: tuple[Effect | Bell, ...]
) -> tuple[OutboxEntry, ...]:
    return tuple(
        bell_entry(one.queue, after.ref)
        if isinstance(one, Bell)
        else effect_entry(loaded.stream, one, key=f"{one.kind} {loaded.stream} {loaded.version}")
        for one in reactions
    )


def effect_entry(stream: str, effect: Effect, *, key: str | None = None) -> OutboxEntry:
    """Return the outbox entry of an effect; an append's has a key, a repetition has none."""
    return OutboxEntry(
        kind="task",
        task=EFFECT_TASK,
        queue=CONDUCTOR_QUEUE,
        args=(stream, str(effect.kind)),
        dedup_key=key,
    )


def wake_entry(stream: str) -> OutboxEntry:
    """Return the outbox entry that lets an issue look at itself."""
    return OutboxEntry(kind="task", task=WAKE_TASK, queue=CONDUCTOR_QUEUE, args=(stream,))


def absence_entry(stream: str, *, seconds: float) -> OutboxEntry:
    """Return the outbox entry that looks once more, later, for an issue GitHub does not show."""
    return OutboxEntry(
        kind="task",
        task=ABSENCE_TASK,
        queue=CONDUCTOR_QUEUE,
        args=(stream,),
        delay_seconds=seconds,
    )


def delivery_entry(delivery_id: str) -> OutboxEntry:
    """Return the outbox entry that lets the conductor look at a delivery once more."""
    return OutboxEntry(kind="task", task=DELIVERY_TASK, queue=CONDUCTOR_QUEUE, args=(delivery_id,))


def reconcile_entry() -> OutboxEntry:
    """Return the outbox entry that lets the conductor go through everything on GitHub once."""
    return OutboxEntry(kind="task", task=RECONCILE_TASK, queue=CONDUCTOR_QUEUE, args=())


def base_branches_entry() -> OutboxEntry:
    """Return the outbox entry that looks what merges of the rig made of their base branches."""
    return OutboxEntry(kind="task", task=BASE_BRANCHES_TASK, queue=CONDUCTOR_QUEUE, args=())


def canary_entry() -> OutboxEntry:
    """Return the outbox entry that looks after the canary."""
    return OutboxEntry(kind="task", task=CANARY_TASK, queue=CONDUCTOR_QUEUE, args=())


def compare_entry(repo_id: int, repo: str) -> OutboxEntry:
    """Return the outbox entry that compares one repository with what the rig holds of it."""
    return OutboxEntry(kind="task", task=COMPARE_TASK, queue=CONDUCTOR_QUEUE, args=(repo_id, repo))


def repair_entry(matter: str, repo_id: int, repo: str, number: int, found: str) -> OutboxEntry:
    """Return the outbox entry that looks at what the reconciler found, and repairs it."""
    return OutboxEntry(
        kind="task",
        task=REPAIR_TASK,
        queue=CONDUCTOR_QUEUE,
        args=(matter, repo_id, repo, number, found),
    )


def bell_entry(queue: str, ref: str) -> OutboxEntry:
    """Return the hint that a queue has work; the ref is for Flower and people only."""
    return OutboxEntry(kind="hint", task=WORK_TASK, queue=queue, args=(queue, ref))
