"""`pause` and `resume` of the rig, a repository or an issue.

The row stops and lets go; the event in the stream `rig` says for good who did it and why. The row
is written first, because a stop must hold even where the event could not be stored.
"""

from uuid import uuid4

import msgspec

from rigtasks.cli.failures import PreconditionFailed
from rigtasks.cli.lookup import find_issue, find_repository
from rigtasks.cli.operated import OperatedRig, operator
from rigtasks.cli.output import Output, write_json, write_line
from rigtasks.eventstore.stream import LoadedStream, Writes
from rigtasks.eventstore.switches import RIG, Switch, issue_scope, repository_scope
from rigtasks.lifecycle.envelope import NewEvent
from rigtasks.lifecycle.events.liveness import OperatorPaused, OperatorResumed
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.roles import check
from rigtasks.shell import effect_entry

RIG_STREAM = "rig"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a switch stops: its key in the table, its name for people, the stream of an issue."""

    key: str
    name: str
    stream: str | None = None


class Switched(msgspec.Struct, frozen=True, kw_only=True):
    """What a switch does now, as JSON."""

    scope: str
    name: str
    paused: bool


def whole_rig() -> Scope:
    """Return the scope of everything."""
    return Scope(key=RIG, name="the rig")


def repository(rig: OperatedRig, text: str) -> Scope:
    """Return the scope of a repository, found by its name."""
    return Scope(key=repository_scope(find_repository(rig, text)), name=text)


def issue(rig: OperatedRig, text: str) -> Scope:
    """Return the scope of an issue, found by any reference."""
    found = find_issue(rig, text)
    return Scope(key=issue_scope(found.stream), name=found.ref, stream=found.stream)


def pause(rig: OperatedRig, scope: Scope, *, reason: str, output: Output) -> None:
    """Stop a scope; the comment on a stopped issue will say so.

    Raises:
        PreconditionFailed: it is stopped already; the first reason stays.
    """
    by = operator().id
    if not rig.stores.switches.set(scope.key, reason=reason, actor=by):
        holding = _holding(rig, scope)
        why = f" by {holding.actor}: {holding.reason}" if holding is not None else ""
        raise PreconditionFailed(f"{scope.name} is paused already{why}")
    _record(rig, OperatorPaused(scope=scope.key, reason=reason, by=by))
    if scope.stream is not None:
        told = effect_entry(scope.stream, Effect(kind=EffectKind.REPORT))
        rig.stores.outbox.add_missing((told,))
    _report(scope, output, paused=True)


def resume(rig: OperatedRig, scope: Scope, *, output: Output) -> None:
    """Let a scope go on.

    Raises:
        PreconditionFailed: it was not stopped.
    """
    by = operator().id
    if not rig.stores.switches.lift(scope.key, actor=by):
        others = ", ".join(f"{one.scope} by {one.actor}" for one in rig.stores.switches.active())
        raise PreconditionFailed(f"{scope.name} is not paused; paused now: {others or 'nothing'}")
    _record(rig, OperatorResumed(scope=scope.key, by=by))
    _report(scope, output, paused=False)


def _holding(rig: OperatedRig, scope: Scope) -> Switch | None:
    return rig.stores.switches.first_of((scope.key,))


def _record(rig: OperatedRig, event: OperatorPaused | OperatorResumed) -> None:
    """Append the event to the rig's own stream, behind whatever others append meanwhile."""
    actor = operator()
    check(actor.kind, event)
    new = NewEvent(event_id=uuid4(), event=event, actor=actor, correlation_id=uuid4())

    def writes(_loaded: LoadedStream) -> Writes:
        return Writes(events=(new,))

    rig.stores.events.handle(RIG_STREAM, writes)


def _report(scope: Scope, output: Output, *, paused: bool) -> None:
    if output is Output.JSON:
        write_json(Switched(scope=scope.key, name=scope.name, paused=paused))
    else:
        write_line(f"{scope.name} {'paused' if paused else 'resumed'}")
