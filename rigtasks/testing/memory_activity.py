"""What goes on around issues, in memory."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from rigtasks.eventstore.activity import Activities, BotAct
from rigtasks.eventstore.switches import breaker_scope
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.breaker import Activity
from rigtasks.lifecycle.events.acceptance import ReviewAssigned
from rigtasks.lifecycle.events.intake import IssueAssigned
from rigtasks.testing.memory_store import MemoryDatabase, NoSql

_Issue = tuple[int, int]


class MemoryActivities(Activities):
    """Notes what bots do, and counts what goes on around each issue."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database
        self._acts: dict[str, tuple[BotAct, datetime]] = {}

    def note(self, act: BotAct) -> None:
        """Note what a bot did; a delivery that is told again counts once."""
        self._acts.setdefault(act.delivery_id, (act, self._memory.clock()))

    def around_issues(self, *, seconds: float) -> tuple[Activity, ...]:
        """Count what happened within so many seconds around each issue that has not ended."""
        since = self._memory.clock() - timedelta(seconds=seconds)
        counted: dict[_Issue, Counter[str]] = {}
        for issue, kind, at in self._seen(since):
            scope = breaker_scope(*issue)
            closed = self._memory.lifted.get((scope, StopSource.BREAKER))
            if at > since and (closed is None or at > closed):
                counted.setdefault(issue, Counter())[kind] += 1
        return tuple(self._live(counted))

    def _live(self, counted: dict[_Issue, Counter[str]]) -> Iterator[Activity]:
        for issue, counts in sorted(counted.items()):
            newest = max(
                (
                    (state.generation, stream, state)
                    for stream, state in self._memory.states()
                    if (state.repo_id, state.number) == issue
                ),
                key=lambda one: one[0],
            )
            open_now = (breaker_scope(*issue), StopSource.BREAKER) in self._memory.switches
            if newest[2].terminal or open_now:
                continue
            yield Activity(
                repo_id=issue[0],
                number=issue[1],
                stream=newest[1],
                rounds=counts["round"],
                comments=counts["comment"],
                labels=counts["label"],
            )

    def _seen(self, since: datetime) -> Iterator[tuple[_Issue, str, datetime]]:
        states = dict(self._memory.states())
        for stored in reversed(self._memory.log):
            if stored.recorded_at <= since:
                break
            if isinstance(stored.event, IssueAssigned | ReviewAssigned):
                state = states[stored.stream]
                yield (state.repo_id, state.number), "round", stored.recorded_at
        for act, at in self._acts.values():
            if at <= since:
                continue
            about = {
                (state.repo_id, state.number)
                for state in states.values()
                if state.repo_id == act.repo_id
                and act.number in {state.number, state.pr.number if state.pr else None}
            }
            for issue in about:
                yield issue, act.kind, at
