"""Watchers of issues that need only Postgres: who is silent, what is late, what feeds itself.

Each looks for itself whether something is wrong, whatever the way that should have moved it: a
lost bell, timer or webhook keeps none of them from seeing it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import structlog

from rigtasks.errors import RigError
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.queries import IssueSummary
from rigtasks.eventstore.switches import RIG, breaker_scope, issue_scope, repository_scope
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.breaker import Activity, BreakerLimits, why_open
from rigtasks.lifecycle.commands import Command, OpenBreaker, ReportSilence
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.lateness import Patience, call_reminder, gate_reminder, overdue
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.state import IssueState
from rigtasks.shell import IssueShell, effect_entry

_log = structlog.get_logger("rig.clock")

_CLOCK = Actor(kind=ActorKind.CLOCK, id="watcher")
_WATCHES = UUID("0c4f8d3e-6c2a-4a55-b0a2-9b3f0a8c7d21")
#: Who the breaker's stops name as the one that set them.
BREAKER = "the breaker"

_Judge = Callable[[IssueState, datetime, Patience], Command | None]


@dataclass(frozen=True, kw_only=True)
class Watchers:
    """The watchers of one process.

    Args:
        stores: the tables.
        shell: gives commands to issues.
        patience: how long they wait; scaled.
        breaker: how much may happen around one issue.
    """

    stores: Stores
    shell: IssueShell
    patience: Patience
    breaker: BreakerLimits

    @property
    def jobs(self) -> dict[str, Callable[[], str]]:
        """Return every watcher by the name of its job."""
        return {
            "silent_agents": self.silent_agents,
            "late_pull_requests": self.late_pull_requests,
            "human_gates": self.human_gates,
            "escalations": self.escalations,
            "breakers": self.breakers,
        }

    def silent_agents(self) -> str:
        """Take issues from agents that are alive and show no progress."""
        silent = self.stores.claims.silent(seconds=self.patience.silent)
        taken = 0
        for run in silent:
            command = ReportSilence(
                run_id=run.run_id, epoch=run.epoch, silent_seconds=run.silent_seconds
            )
            taken += self._tell(run.stream, command, f"{run.run_id} silent")
        return f"{taken} silent agents"

    def late_pull_requests(self) -> str:
        """Say which reviews nobody took and which approved pull requests are not merged."""
        late = self._each(
            self._moving(self.stores.issues.with_open_pull_requests()),
            overdue,
        )
        return f"{late} pull requests are late"

    def human_gates(self) -> str:
        """Remind those who have to look at a pull request before it may be merged."""
        reminded = self._each(
            self._moving(self.stores.issues.with_open_pull_requests()),
            gate_reminder,
        )
        return f"{reminded} reminders at human gates"

    def escalations(self) -> str:
        """Tell called persons a second time who have not said that they are at it."""
        told = self._each(
            self._moving(self.stores.issues.calling()),
            call_reminder,
        )
        return f"{told} persons were told again"

    def breakers(self) -> str:
        """Stop issues around which something answers itself, until a person looks."""
        opened = 0
        for activity in self.stores.activities.around_issues(seconds=self.breaker.window):
            reason = why_open(activity, self.breaker)
            opened += reason is not None and self._open(activity, reason)
        return f"{opened} breakers opened"

    def _open(self, activity: Activity, reason: str) -> bool:
        """Stop first: a stop must hold even where the issue cannot be told."""
        scope = breaker_scope(activity.repo_id, activity.number)
        source = StopSource.BREAKER
        if not self.stores.switches.set(scope, reason=reason, actor=BREAKER, source=source):
            return False
        told = effect_entry(activity.stream, Effect(kind=EffectKind.REPORT))
        self.stores.outbox.add_missing((told,))
        self._tell(activity.stream, OpenBreaker(reason=reason), reason)
        _log.warning("breaker opened", stream=activity.stream, reason=reason)
        return True

    def _moving(self, issues: Iterable[IssueSummary]) -> tuple[IssueSummary, ...]:
        """Leave out what somebody has stopped: it stands still as it should."""
        stopped = {one.scope for one in self.stores.switches.active()}
        return tuple(
            one
            for one in issues
            if not stopped
            & {
                RIG,
                repository_scope(one.repo_id),
                issue_scope(one.stream),
                breaker_scope(one.repo_id, one.number),
            }
        )

    def _each(self, issues: Iterable[IssueSummary], judge: _Judge) -> int:
        """Give each issue the command it needs now; return how many changed by that.

        Raises:
            RigError: the first of those that could not be looked at; all others were.
        """
        changed = 0
        errors: list[RigError] = []
        for issue in issues:
            try:
                loaded = self.stores.events.load(issue.stream)
                if loaded.state is None:
                    continue
                command = judge(loaded.state, loaded.now, self.patience)
                if command is not None:
                    changed += self._tell(issue.stream, command, f"{loaded.version}")
            except RigError as error:
                _log.error("an issue was not watched", stream=issue.stream, error=str(error))
                errors.append(error)
        if errors:
            raise errors[0]
        return changed

    def _tell(self, stream: str, command: Command, what: str) -> bool:
        cause = uuid5(_WATCHES, f"{stream} {type(command).__name__} {what}")
        return bool(self.shell.tell(stream, command, actor=_CLOCK, cause=cause).events)
