"""`pause` and `resume` of the rig, a repository, an issue or a provider.

The row stops and lets go; the event in the stream `rig` says for good who did it and why. The row
is written first, because a stop must hold even where the event could not be stored.
"""

import re
from datetime import datetime
from uuid import uuid4

import msgspec

from rigtasks.cli.durations import duration_seconds
from rigtasks.cli.failures import PreconditionFailed
from rigtasks.cli.lookup import find_issue, find_repository, issue_state
from rigtasks.cli.operated import OperatedRig, operator
from rigtasks.cli.output import Output, write_json, write_line
from rigtasks.errors import Rejected
from rigtasks.eventstore.stream import LoadedStream, Writes
from rigtasks.eventstore.switches import (
    RIG,
    Switch,
    breaker_scope,
    issue_scope,
    provider_scope,
    repository_scope,
)
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.commands import Retry
from rigtasks.lifecycle.envelope import NewEvent
from rigtasks.lifecycle.events.liveness import OperatorPaused, OperatorResumed
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.roles import check
from rigtasks.shell import effect_entry

RIG_STREAM = "rig"
_PROVIDER = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a switch stops.

    Args:
        key: in the table.
        name: for people.
        stream: of an issue.
        breaker: the key under which the breaker stops an issue.
    """

    key: str
    name: str
    stream: str | None = None
    breaker: str | None = None


class Switched(msgspec.Struct, frozen=True, kw_only=True):
    """What a switch does now, as JSON."""

    scope: str
    name: str
    paused: bool
    until: datetime | None = None


def whole_rig() -> Scope:
    """Return the scope of everything."""
    return Scope(key=RIG, name="the rig")


def repository(rig: OperatedRig, text: str) -> Scope:
    """Return the scope of a repository, found by its name."""
    return Scope(key=repository_scope(find_repository(rig, text)), name=text)


def issue(rig: OperatedRig, text: str) -> Scope:
    """Return the scope of an issue, found by any reference."""
    found = find_issue(rig, text)
    state = issue_state(rig, found)
    return Scope(
        key=issue_scope(found.stream),
        name=found.ref,
        stream=found.stream,
        breaker=breaker_scope(state.repo_id, state.number),
    )


def provider(name: str) -> Scope:
    """Return the scope of a provider; its name is not checked, as workers elsewhere may know it.

    Raises:
        Rejected: it cannot be a provider's name.
    """
    if _PROVIDER.fullmatch(name) is None:
        raise Rejected(
            f"{name!r} is no provider's name: claude, codex, command or scripted",
            code="provider-invalid",
        )
    return Scope(key=provider_scope(name), name=f"the provider {name}")


def pause(
    rig: OperatedRig, scope: Scope, *, reason: str, lasting: str | None, output: Output
) -> None:
    """Stop a scope; the comment on a stopped issue will say so.

    Args:
        rig: where.
        scope: what.
        reason: why.
        lasting: how long, such as `2h`; None until somebody resumes it.
        output: the form of the answer.

    Raises:
        Rejected: the duration is none.
        PreconditionFailed: it is stopped already; the first reason stays.
    """
    by = operator().id
    seconds = None if lasting is None else duration_seconds(lasting)
    if not rig.stores.switches.set(scope.key, reason=reason, actor=by, seconds=seconds):
        holding = _holding(rig, scope)
        why = f" by {holding.actor}: {holding.why}" if holding is not None else ""
        raise PreconditionFailed(f"{scope.name} is paused already{why}")
    holding = _holding(rig, scope)
    until = holding.until if holding is not None else None
    _record(rig, OperatorPaused(scope=scope.key, reason=reason, by=by, until=until))
    if scope.stream is not None:
        told = effect_entry(scope.stream, Effect(kind=EffectKind.REPORT))
        rig.stores.outbox.add_missing((told,))
    _report(scope, output, paused=True, until=until)


def resume(rig: OperatedRig, scope: Scope, *, output: Output) -> None:
    """Let a scope go on; an issue that its breaker stopped is sent back to work as well.

    Raises:
        PreconditionFailed: it was not stopped, or a label stops it.
    """
    lifted = rig.stores.switches.lift(scope.key, actor=operator().id)
    lifted = _close_breaker(rig, scope) or lifted
    if not lifted:
        raise PreconditionFailed(_why_not_resumed(rig, scope))
    _record(rig, OperatorResumed(scope=scope.key, by=operator().id))
    _report(scope, output, paused=False)


def _close_breaker(rig: OperatedRig, scope: Scope) -> bool:
    """Let an issue go on that its breaker stopped, with fresh counters."""
    if scope.breaker is None or scope.stream is None:
        return False
    by = operator()
    if not rig.stores.switches.lift(scope.breaker, actor=by.id, source=StopSource.BREAKER):
        return False
    again = Retry(reason="resumed after the breaker had stopped it", by=by.id)
    rig.shell.tell(scope.stream, again, actor=by, cause=uuid4())
    return True


def _why_not_resumed(rig: OperatedRig, scope: Scope) -> str:
    label = rig.stores.switches.holding(scope.key, StopSource.LABEL)
    if label is not None:
        return f"{label.reason} stops {scope.name}: take it off, and it goes on"
    others = ", ".join(f"{one.scope} by {one.actor}" for one in rig.stores.switches.active())
    return f"{scope.name} is not paused; paused now: {others or 'nothing'}"


def _holding(rig: OperatedRig, scope: Scope) -> Switch | None:
    return rig.stores.switches.holding(scope.key, StopSource.PERSON)


def _record(rig: OperatedRig, event: OperatorPaused | OperatorResumed) -> None:
    """Append the event to the rig's own stream, behind whatever others append meanwhile."""
    actor = operator()
    check(actor.kind, event)
    new = NewEvent(event_id=uuid4(), event=event, actor=actor, correlation_id=uuid4())

    def writes(_loaded: LoadedStream) -> Writes:
        return Writes(events=(new,))

    rig.stores.events.handle(RIG_STREAM, writes)


def _report(scope: Scope, output: Output, *, paused: bool, until: datetime | None = None) -> None:
    if output is Output.JSON:
        write_json(Switched(scope=scope.key, name=scope.name, paused=paused, until=until))
        return
    end = f" until {until:%Y-%m-%d %H:%M} UTC" if until is not None else ""
    write_line(f"{scope.name} {'paused' if paused else 'resumed'}{end}")
