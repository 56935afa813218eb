"""Jobs of the schedule that need only Postgres, so that whoever is not busy can run them.

Beat asks the conductor for each, and the relay runs them as well: neither pushes that fill the
conductor's processes nor a Redis that is away keep a dead worker's claim from being taken back.
Each period is begun once, by the first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID, uuid5

import structlog

from rigtasks.config import Settings
from rigtasks.errors import RigError
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.switches import RIG, issue_scope, repository_scope
from rigtasks.lifecycle.breaker import BreakerLimits
from rigtasks.lifecycle.commands import ExpireLease, NoteIdle
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.lateness import Patience
from rigtasks.schedule import periods
from rigtasks.shell import (
    IssueShell,
    base_branches_entry,
    canary_entry,
    delivery_entry,
    reconcile_entry,
    wake_entry,
)
from rigtasks.tasks.watchers import Watchers

_log = structlog.get_logger("rig.clock")

_CLOCK = Actor(kind=ActorKind.CLOCK, id="beat")
_TICKS = UUID("5b2f0d38-7b9e-4b0c-8d36-2f7a8d3a91cc")
_BATCH = 100


#: How long a task may take before it counts as lost, in seconds before scaling.
_ANSWER_SECONDS = 60.0


def run_once(stores: Stores, job: str, seconds: float, work: Callable[[], str]) -> str:
    """Run a job unless its period was begun by somebody else, and note its success."""
    if stores.ticks.begin(job, period_seconds=seconds) is None:
        return "ignored: this period was begun already"
    outcome = work()
    stores.reports.watcher_succeeded(job, outcome)
    return outcome


@dataclass(frozen=True, kw_only=True)
class Sweeps:
    """The sweeps of one process.

    Args:
        stores: the tables.
        shell: gives commands to issues.
        answer_seconds: how long a task may take before it counts as lost; scaled.
        orphan_seconds: how long nothing may move an issue; scaled.
        periods: how often each sweep runs, in seconds, by its name; scaled. One without is off.
        patience: how long the watchers of issues wait; scaled.
        breaker: how much may happen around one issue.
    """

    stores: Stores
    shell: IssueShell
    answer_seconds: float
    orphan_seconds: float
    periods: Mapping[str, float]
    patience: Patience = field(default_factory=Patience)
    breaker: BreakerLimits = field(default_factory=BreakerLimits)

    @cached_property
    def period_seconds(self) -> float:
        """Return how often there can be something to run."""
        return min(self.periods[job] for job in self.jobs if job in self.periods)

    @cached_property
    def jobs(self) -> dict[str, Callable[[], str]]:
        """Return every sweep by the name of its job."""
        return {
            "expired_leases": self.expired_leases,
            "wake_ups": self.wake_ups,
            "stale_deliveries": self.stale_deliveries,
            "reconcile_due": self.reconcile_due,
            "orphans": self.orphans,
            "base_branches_due": self.base_branches_due,
            "canary_due": self.canary_due,
            **self._watchers().jobs,
        }

    def _watchers(self) -> Watchers:
        return Watchers(
            stores=self.stores, shell=self.shell, patience=self.patience, breaker=self.breaker
        )

    def run(self) -> str:
        """Run each sweep that is on and whose period nobody has begun; return in words what came.

        Raises:
            RigError: what kept the first of them that failed from its end; the others ran.
        """
        outcomes: list[str] = []
        errors: list[RigError] = []
        for job, work in self.jobs.items():
            if job not in self.periods:
                continue
            try:
                outcomes.append(run_once(self.stores, job, self.periods[job], work))
            except RigError as error:
                _log.error("a sweep failed", job=job, error=str(error))
                errors.append(error)
        if errors:
            raise errors[0]
        return "; ".join(outcomes)

    def expired_leases(self) -> str:
        """Take claims back whose lease ran out by the database's clock.

        Raises:
            RigError: the first of those that could not be taken back; all others were.
        """
        expired = self.stores.claims.expired()
        errors: list[RigError] = []
        for lease in expired:
            try:
                self.shell.tell(
                    lease.stream,
                    ExpireLease(run_id=lease.run_id, epoch=lease.epoch),
                    actor=_CLOCK,
                    cause=uuid5(_TICKS, f"{lease.run_id} {lease.epoch}"),
                )
            except RigError as error:
                _log.error("a lease stays expired", stream=lease.stream, error=str(error))
                errors.append(error)
        if errors:
            raise errors[0]
        return f"{len(expired)} leases expired"

    def wake_ups(self) -> str:
        """Let issues look at themselves whose time has come."""
        woken = 0
        while True:
            streams = self.stores.wake_ups.take_due(most=_BATCH, again_seconds=self.answer_seconds)
            self.stores.outbox.add_missing(tuple(wake_entry(stream) for stream in streams))
            woken += len(streams)
            if len(streams) < _BATCH:
                return f"{woken} issues woken"

    def stale_deliveries(self) -> str:
        """Ask again for deliveries that nobody settled and no task is about."""
        forgotten = self.stores.deliveries.forgotten(older_than_seconds=self.answer_seconds)
        self.stores.outbox.add_missing(tuple(delivery_entry(one) for one in forgotten))
        return f"{len(forgotten)} deliveries asked for again"

    def reconcile_due(self) -> str:
        """Ask the conductor to go through everything on GitHub; one that does so is enough."""
        self.stores.outbox.add_missing((reconcile_entry(),))
        self.stores.tell_relays()
        return "asked for"

    def base_branches_due(self) -> str:
        """Ask the conductor to look what the rig's merges made of their base branches."""
        self.stores.outbox.add_missing((base_branches_entry(),))
        self.stores.tell_relays()
        return "asked for"

    def canary_due(self) -> str:
        """Ask the conductor to look after the canary."""
        self.stores.outbox.add_missing((canary_entry(),))
        self.stores.tell_relays()
        return "asked for"

    def orphans(self) -> str:
        """Note the issues that nothing moves, and hand those to a person that stay so.

        What a person has paused stands still as it should.
        """
        stopped = {one.scope for one in self.stores.switches.active()}
        noted = 0
        for issue, seconds in self.stores.issues.idle(seconds=self.orphan_seconds):
            if stopped & {RIG, repository_scope(issue.repo_id), issue_scope(issue.stream)}:
                continue
            told = self.shell.tell(
                issue.stream,
                NoteIdle(last_change=issue.updated_at, idle_seconds=seconds),
                actor=_CLOCK,
                cause=uuid5(_TICKS, f"{issue.stream} {issue.version}"),
            )
            noted += bool(told.events)
        return f"{noted} issues do not move"


def sweeps_on(stores: Stores, chosen: Settings) -> Sweeps:
    """Return the sweeps over the tables of a process."""
    return Sweeps(
        stores=stores,
        shell=IssueShell(stores, chosen.timers),
        answer_seconds=chosen.scaled(_ANSWER_SECONDS),
        orphan_seconds=chosen.scaled(chosen.orphan_seconds),
        periods=periods(chosen),
        patience=chosen.patience,
        breaker=chosen.breaker,
    )
