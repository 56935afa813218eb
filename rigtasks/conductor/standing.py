"""What the store says that intake and the gate have to know: streams, stops, live workers."""

from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.switches import (
    RIG,
    Switch,
    breaker_scope,
    issue_scope,
    provider_scope,
    repository_scope,
)
from rigtasks.gate.facts import Pause as GatePause
from rigtasks.gate.facts import PauseScope, StopSource
from rigtasks.lifecycle.state import TERMINAL, IssueState, Lane
from rigtasks.routing.facts import Pause, StreamFacts, StreamStanding
from rigtasks.routing.stack import Queue

#: A worker that has not been seen for this long counts as not running.
_SILENT_SECONDS = 600.0


def newest_stream(stores: Stores, repo_id: int, number: int) -> StreamFacts | None:
    """Return how the newest generation of an issue's stream stands; None for a new issue."""
    found = stores.issues.newest(repo_id=repo_id, number=number)
    if found is None:
        return None
    lane = Lane(found.lane)
    standing = StreamStanding.LIVE
    if lane in TERMINAL:
        standing = StreamStanding.FINISHED
    elif lane is Lane.FAILED:
        standing = StreamStanding.UNAPPROVED
    state = stores.events.load(found.stream).state
    if lane is Lane.QUEUED and state is not None and state.hold_blocks:
        standing = StreamStanding.HELD
    return StreamFacts(
        generation=found.generation,
        standing=standing,
        state=lane,
        labelled_at=state.labelled_at if state else None,
        digest=state.task_digest if state else "",
        begun=lane is not Lane.QUEUED,
    )


def pauses_in_force(stores: Stores, repo_id: int, number: int) -> tuple[Pause, ...]:
    """Return the stops that keep an issue of a repository from being worked on."""
    words = {
        RIG: "the rig",
        repository_scope(repo_id): "this repository",
        breaker_scope(repo_id, number): "this issue",
    }
    return tuple(
        Pause(scope=words[one.scope], reason=one.why, by=one.actor)
        for one in stores.switches.active()
        if one.scope in words
    )


def repository_pauses(stores: Stores, repo_id: int) -> tuple[GatePause, ...]:
    """Return the stops that keep anything from being written to a repository."""
    return _pauses(stores, {RIG: PauseScope.RIG, repository_scope(repo_id): PauseScope.REPO})


def gate_pauses(stores: Stores, state: IssueState) -> tuple[GatePause, ...]:
    """Return the stops that keep anything of an issue from being written, its merge included.

    The provider whose agent worked on it last counts: what a paused one made waits with it. The
    label stops the work, so it keeps nothing back any more once the issue has ended: what became
    of it is still to be told, and taking the label off an ended issue is looked at by nobody.
    """
    scopes = {
        RIG: PauseScope.RIG,
        repository_scope(state.repo_id): PauseScope.REPO,
        issue_scope(state.stream): PauseScope.ISSUE,
        breaker_scope(state.repo_id, state.number): PauseScope.ISSUE,
    }
    if state.provider is not None:
        scopes[provider_scope(state.provider)] = PauseScope.PROVIDER
    found = _pauses(stores, scopes)
    if not state.terminal:
        return found
    return tuple(one for one in found if one.source is not StopSource.LABEL)


def _pauses(stores: Stores, scopes: dict[str, PauseScope]) -> tuple[GatePause, ...]:
    return tuple(
        _gate_pause(one, scopes[one.scope])
        for one in stores.switches.active()
        if one.scope in scopes
    )


def queues_without_worker(stores: Stores, queues: frozenset[Queue]) -> frozenset[Queue]:
    """Return the queues that no live worker consumes, by the database's clock."""
    served = {one.queue for one in stores.heartbeats.all() if one.silent_seconds < _SILENT_SECONDS}
    return frozenset(queue for queue in queues if queue not in served)


def _gate_pause(switch: Switch, scope: PauseScope) -> GatePause:
    return GatePause(
        scope=scope,
        target=switch.scope,
        by=switch.actor,
        reason=switch.why,
        at=switch.since,
        source=switch.source,
    )
