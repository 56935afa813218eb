"""Everything the store offers, in memory."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from rigtasks.eventstore.canaries import Canaries
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.queries import Issues, IssueSummary
from rigtasks.eventstore.rate_limits import RateLimits
from rigtasks.eventstore.run_tokens import RunTokens
from rigtasks.lifecycle.events.acceptance import ReviewAssigned
from rigtasks.lifecycle.events.intake import IssueAssigned
from rigtasks.lifecycle.state import TERMINAL, IssueState, Lane
from rigtasks.testing.memory_activity import MemoryActivities
from rigtasks.testing.memory_claims import MemoryClaims
from rigtasks.testing.memory_outbox import MemoryOutbox
from rigtasks.testing.memory_repositories import MemoryRepositories, is_named_by
from rigtasks.testing.memory_store import MemoryDatabase, MemoryEventStore, NoSql
from rigtasks.testing.memory_tables import (
    MemoryArtifacts,
    MemoryDeliveries,
    MemoryHeartbeats,
    MemoryLostDeliveries,
    MemoryReports,
    MemorySwitches,
    MemoryTicks,
    MemoryWakeUps,
)


class MemoryIssues(Issues):
    """Find the streams that a fact of GitHub is about."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(NoSql())
        self._memory = database

    def newest(self, *, repo_id: int, number: int) -> IssueSummary | None:
        """Return the newest generation of an issue."""
        return self._last(
            (stream, state)
            for stream, state in self._states()
            if (state.repo_id, state.number) == (repo_id, number)
        )

    def by_pull_request(self, *, repo_id: int, pr: int) -> IssueSummary | None:
        """Return the issue a pull request belongs to."""
        return self._last(
            (stream, state)
            for stream, state in self._states()
            if state.repo_id == repo_id and state.pr is not None and state.pr.number == pr
        )

    def by_head(self, *, repo_id: int, head_sha: str) -> tuple[IssueSummary, ...]:
        """Return the open issues whose pull request stands at a commit."""
        return tuple(
            self._summary(stream, state)
            for stream, state in sorted(self._states(), key=lambda one: one[0])
            if (state.repo_id, state.head_sha) == (repo_id, head_sha) and state.lane not in TERMINAL
        )

    def waiting_for(self, *, repo_id: int, number: int) -> tuple[IssueSummary, ...]:
        """Return the open issues that depend on an issue, under any name its repository had."""
        states = (state for _, state in self._states())
        meant = [one for one in states if (one.repo_id, one.number) == (repo_id, number)]
        return self._where(
            lambda one: (
                not one.terminal
                and any(
                    is_named_by(self._memory, ref, state)
                    for ref in one.depends_on
                    for state in meant
                )
            )
        )

    def of_repository(self, *, repo_id: int, numbers: Sequence[int]) -> tuple[IssueSummary, ...]:
        """Return the newest generations of a repository's issues that have not ended."""
        newest: dict[int, tuple[str, IssueState]] = {}
        for stream, state in self._states():
            if state.repo_id != repo_id or (state.lane in TERMINAL and state.number not in numbers):
                continue
            known = newest.get(state.number)
            if known is None or known[1].generation < state.generation:
                newest[state.number] = stream, state
        return tuple(self._summary(*newest[number]) for number in sorted(newest))

    def idle(self, *, seconds: float, most: int = 100) -> tuple[tuple[IssueSummary, float], ...]:
        """Return the issues that nothing has moved for so long, and for how many seconds each."""
        now = self._memory.clock()
        still = [
            (state.updated_at, stream, state)
            for stream, state in self._states()
            if state.lane not in TERMINAL | {Lane.FAILED}
            and state.overlay is None
            and state.run is None
            and state.updated_at < now - timedelta(seconds=seconds)
        ]
        still = [one for one in still if not self._moved(one[2])] if still else still
        return tuple(
            (self._summary(stream, state), (now - since).total_seconds())
            for since, stream, state in sorted(still, key=lambda one: one[:2])[:most]
        )

    def with_open_pull_requests(self) -> tuple[IssueSummary, ...]:
        """Return the issues whose pull request waits for a review or for its merge."""
        lanes = {Lane.IN_REVIEW, Lane.READY_TO_MERGE}
        return self._where(
            lambda one: one.pr is not None and one.overlay is None and one.lane in lanes
        )

    def calling(self) -> tuple[IssueSummary, ...]:
        """Return the issues that are stuck or escalated, so that a person was called."""
        return self._where(lambda one: one.overlay is not None and not one.terminal)

    def done_lately(self, *, seconds: float) -> tuple[IssueSummary, ...]:
        """Return the issues that were done within so many seconds, the earliest first."""
        since = self._memory.clock() - timedelta(seconds=seconds)
        found = self._where(lambda one: one.lane is Lane.DONE and one.entered_at > since)
        return tuple(sorted(found, key=lambda one: (one.entered_at, one.stream)))

    def _where(self, wanted: Callable[[IssueState], bool]) -> tuple[IssueSummary, ...]:
        return tuple(
            self._summary(stream, state)
            for stream, state in sorted(self._states(), key=lambda one: one[0])
            if wanted(state)
        )

    def repositories(self) -> dict[int, str]:
        """Return every repository that was ever heard of, by id, under its latest name."""
        seen = [(state.updated_at, state.repo_id, state.repo) for _, state in self._states()]
        seen += [
            (one.received_at, one.repo_id, one.repo)
            for one in self._memory.deliveries.values()
            if one.repo_id is not None and one.repo is not None
        ]
        return {repo_id: repo for _, repo_id, repo in sorted(seen)}

    def _moved(self, waiting: IssueState) -> bool:
        """Say whether the queue of an issue gave out work since the issue moved last."""
        return any(
            isinstance(one.event, IssueAssigned | ReviewAssigned)
            and one.event.queue == waiting.wanted_queue
            and one.recorded_at > waiting.updated_at
            for one in self._memory.log
        )

    def _states(self) -> Iterator[tuple[str, IssueState]]:
        for stream, fold in self._memory.folds.items():
            if fold.state is not None:
                yield stream, fold.state

    def _last(self, found: Iterator[tuple[str, IssueState]]) -> IssueSummary | None:
        newest = max(found, key=lambda one: (one[1].generation, -one[1].number), default=None)
        return None if newest is None else self._summary(*newest)

    def _summary(self, stream: str, state: IssueState) -> IssueSummary:
        return IssueSummary(
            stream=stream,
            version=self._memory.folds[stream].version,
            ref=state.ref,
            repo_id=state.repo_id,
            repo=state.repo,
            number=state.number,
            generation=state.generation,
            lane=state.lane,
            overlay=state.overlay,
            pr=state.pr.number if state.pr else None,
            branch=state.branch,
            head_sha=state.head_sha,
            run_id=state.run.run_id if state.run else None,
            entered_at=state.entered_at,
            updated_at=state.updated_at,
        )


def stores_in(database: MemoryDatabase) -> Stores:
    """Return the stores over a database in memory.

    Not there are tokens of runs, GitHub's limits and canaries: the GitHub in memory has its own
    limits.
    """
    nothing = NoSql()
    return Stores(
        database=nothing,
        events=MemoryEventStore(database),
        claims=MemoryClaims(database),
        outbox=MemoryOutbox(database),
        deliveries=MemoryDeliveries(database),
        issues=MemoryIssues(database),
        repositories=MemoryRepositories(database),
        artifacts=MemoryArtifacts(),
        switches=MemorySwitches(database),
        heartbeats=MemoryHeartbeats(database),
        wake_ups=MemoryWakeUps(database),
        ticks=MemoryTicks(database),
        reports=MemoryReports(),
        run_tokens=RunTokens(nothing),
        rate_limits=RateLimits(nothing),
        lost_deliveries=MemoryLostDeliveries(database),
        activities=MemoryActivities(database),
        canaries=Canaries(nothing),
    )
