"""Claims in memory. They follow `rigtasks.routing.admission`, as the SQL does."""

from datetime import timedelta
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from rigtasks.errors import Permanent
from rigtasks.eventstore.claims import (
    REVIEW_QUEUE,
    Claimed,
    Claims,
    Lease,
    Limits,
    NotClaimed,
    Renewal,
    SilentRun,
)
from rigtasks.eventstore.switches import breaker_scope
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent
from rigtasks.lifecycle.events import Event, acceptance, intake
from rigtasks.lifecycle.state import IssueState, Lane, Stage
from rigtasks.routing import admission
from rigtasks.routing.internal import NONE_INTERNAL, InternalRepositories, RepositoryRef
from rigtasks.routing.labels import Priority
from rigtasks.routing.stack import Queue
from rigtasks.testing.memory_repositories import is_named_by, learned_in
from rigtasks.testing.memory_store import MemoryDatabase, NoSql

_OVER = frozenset({Lane.DONE, Lane.CANCELLED})
_BY_RANK = {priority.rank: priority for priority in Priority}


class MemoryClaims(Claims):
    """Claims over a `MemoryDatabase`; its clock decides on leases."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database

    def claim(
        self,
        *,
        queue: str,
        agent: str,
        holder: str,
        run_id: UUID,
        lease_seconds: float,
        limits: Limits,
        internal: InternalRepositories = NONE_INTERNAL,
        providers: admission.Providers = admission.ANY_PROVIDER,
    ) -> Claimed | NotClaimed:
        """Claim the best claimable issue of a queue, in the order of the admission model."""
        database = self._memory
        with database.lock:
            if any(run_id in fold.runs for fold in database.folds.values()):
                raise Permanent(f"the run id was used before: {run_id}")
            denied = replace(internal, learned=learned_in(database, internal))
            known = replace(providers, paused=self._paused_providers())
            switches = replace(self._switches(denied), providers=known)
            if switches.rig_paused or _all_paused(known):
                return NotClaimed.PAUSED
            live = self._live_claims()
            if _full(queue, live, limits):
                return NotClaimed.LIMIT
            chosen = admission.choose(
                Queue(queue), self._candidates(), live, _model_limits(limits), switches
            )
            if chosen is None:
                return NotClaimed.NOTHING
            return self._assign(chosen.stream, queue, agent, holder, run_id, lease_seconds)

    def heartbeat(
        self,
        *,
        stream: str,
        epoch: int,
        run_id: UUID,
        lease_seconds: float,
        provider: str | None = None,
        silent_seconds: float = 0.0,
    ) -> Renewal:
        """Renew a lease that has not run out; a lease that ran out is never revived."""
        database = self._memory
        with database.lock:
            state = database.state(stream)
            if state is None:
                return Renewal.LOST
            if state.lane is Lane.CANCELLED:
                return Renewal.CANCELLED
            lease = database.leases.get(stream)
            now = database.clock()
            held = lease is not None and (lease.epoch, lease.run_id) == (epoch, run_id)
            if lease is None or not held or lease.expires_at <= now:
                return Renewal.LOST
            database.leases[stream] = replace(
                lease, expires_at=now + timedelta(seconds=lease_seconds)
            )
            shown = now - timedelta(seconds=silent_seconds)
            database.progress[stream] = max(database.progress[stream], shown)
            scopes = {"rig", f"repo:{state.repo_id}", stream, f"provider:{provider}"}
            scopes.add(breaker_scope(state.repo_id, state.number))
            paused = database.paused & scopes
            return Renewal.PAUSED if paused else Renewal.HELD

    def expired(self, *, most: int = 100) -> tuple[Lease, ...]:
        """Return leases that ran out, the longest dead first."""
        with self._memory.lock:
            now = self._memory.clock()
            dead = [each for each in self._memory.leases.values() if each.expires_at <= now]
            return tuple(sorted(dead, key=lambda each: each.expires_at)[:most])

    def silent(self, *, seconds: float, most: int = 100) -> tuple[SilentRun, ...]:
        """Return the runs with a living lease that showed no progress for so long."""
        progress, now = self._memory.progress, self._memory.clock()
        before = now - timedelta(seconds=seconds)
        quiet = [one for one in self.live() if progress[one.stream] < before]
        return tuple(
            SilentRun(
                stream=one.stream,
                epoch=one.epoch,
                run_id=one.run_id,
                silent_seconds=(now - progress[one.stream]).total_seconds(),
            )
            for one in sorted(quiet, key=lambda one: (progress[one.stream], one.stream))[:most]
        )

    def live(self) -> tuple[Lease, ...]:
        """Return the leases that are alive."""
        with self._memory.lock:
            now = self._memory.clock()
            alive = [each for each in self._memory.leases.values() if each.expires_at > now]
            return tuple(sorted(alive, key=lambda each: each.stream))

    def _switches(self, internal: InternalRepositories) -> admission.Switches:
        paused = self._memory.paused
        return admission.Switches(
            rig_paused="rig" in paused,
            paused_repositories=frozenset(
                int(scope.removeprefix("repo:")) for scope in paused if scope.startswith("repo:")
            ),
            paused_streams=frozenset(
                stream
                for stream, state in self._states()
                if stream in paused or breaker_scope(state.repo_id, state.number) in paused
            )
            if paused
            else frozenset(),
            internal=internal,
        )

    def _paused_providers(self) -> frozenset[str]:
        return frozenset(
            scope.removeprefix("provider:")
            for scope in self._memory.paused
            if scope.startswith("provider:")
        )

    def _states(self) -> list[tuple[str, IssueState]]:
        return [
            (stream, fold.state)
            for stream, fold in self._memory.folds.items()
            if fold.state is not None
        ]

    def _live_claims(self) -> list[admission.LiveClaim]:
        return [
            admission.LiveClaim(
                stream=stream,
                repository_id=state.repo_id,
                queue=Queue(self._memory.folds[stream].runs[state.run.run_id].queue),
            )
            for stream, state in self._states()
            if state.run is not None
        ]

    def _candidates(self) -> list[admission.Candidate]:
        now = self._memory.clock()
        newest: dict[tuple[int, int], IssueState] = {}
        for _, state in self._states():
            known = newest.get((state.repo_id, state.number))
            if state.approved_at is not None and (
                known is None or known.generation < state.generation
            ):
                newest[state.repo_id, state.number] = state
        candidates = []
        for stream, state in self._states():
            if not state.wanted_queue or state.approved_at is None:
                continue
            if state.retry_at is not None and state.retry_at > now:
                continue
            candidates.append(
                admission.Candidate(
                    stream=stream,
                    repository=RepositoryRef(id=state.repo_id, full_name=state.repo),
                    queue=Queue(state.wanted_queue),
                    priority=_BY_RANK[state.priority],
                    approved_at=state.approved_at,
                    open_dependencies=sum(
                        one.lane not in _OVER and is_named_by(self._memory, ref, one)
                        for ref in state.depends_on
                        for one in newest.values()
                    ),
                    provider=None if state.config is None else state.config.provider,
                )
            )
        return candidates

    def _assign(
        self, stream: str, queue: str, agent: str, holder: str, run_id: UUID, lease_seconds: float
    ) -> Claimed:
        database = self._memory
        now = database.clock()
        state = database.state(stream)
        epoch = (state.epoch if state is not None else 0) + 1
        reviewing = queue == REVIEW_QUEUE
        fields = {
            "run_id": run_id,
            "epoch": epoch,
            "agent": agent,
            "holder": holder,
            "queue": queue,
        }
        kind: type[Event] = acceptance.ReviewAssigned if reviewing else intake.IssueAssigned
        new = NewEvent(
            event_id=uuid5(run_id, "assigned"),
            event=msgspec.convert(fields, kind),
            actor=Actor(kind=ActorKind.REVIEWER if reviewing else ActorKind.WORKER, id=holder),
            correlation_id=run_id,
        )
        stored = database.record(stream, new, now)
        stage = Stage.REVIEW if reviewing else Stage.IMPLEMENT
        expires_at = now + timedelta(seconds=lease_seconds)
        database.progress[stream] = now
        database.leases[stream] = Lease(
            stream=stream,
            epoch=epoch,
            run_id=run_id,
            stage=str(stage),
            queue=queue,
            holder=holder,
            expires_at=expires_at,
        )
        return Claimed(
            stream=stream,
            version=stored.version,
            epoch=epoch,
            run_id=run_id,
            stage=stage,
            queue=queue,
            claimed_at=now,
            expires_at=expires_at,
        )


def _all_paused(providers: admission.Providers) -> bool:
    """Say whether every provider that the worker might start is paused."""
    if providers.own is None:
        return False
    return (providers.offered or frozenset({providers.own})) <= providers.paused


def _full(queue: str, live: list[admission.LiveClaim], limits: Limits) -> bool:
    in_queue = sum(claim.queue == queue for claim in live)
    return (limits.total is not None and len(live) >= limits.total) or (
        limits.per_queue is not None and in_queue >= limits.per_queue
    )


def _model_limits(limits: Limits) -> admission.ClaimLimits:
    return admission.ClaimLimits(
        total=limits.total,
        per_repository=limits.per_repository,
        per_queue=limits.per_queue,
    )
