"""Everything the store offers, in memory."""

from collections.abc import Iterator

from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.queries import Issues, IssueSummary
from rigtasks.eventstore.run_tokens import RunTokens
from rigtasks.lifecycle.state import TERMINAL, IssueState
from rigtasks.testing.memory_claims import MemoryClaims
from rigtasks.testing.memory_outbox import MemoryOutbox
from rigtasks.testing.memory_store import MemoryDatabase, MemoryEventStore, NoSql
from rigtasks.testing.memory_tables import (
    MemoryArtifacts,
    MemoryDeliveries,
    MemoryHeartbeats,
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

    def by_ref(self, ref: str) -> IssueSummary | None:
        """Return the newest generation of the issue that is shown as `owner/repo#n`."""
        return self._last((stream, state) for stream, state in self._states() if state.ref == ref)

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

    def waiting_for(self, ref: str) -> tuple[IssueSummary, ...]:
        """Return the open issues that depend on an issue."""
        return tuple(
            self._summary(stream, state)
            for stream, state in sorted(self._states(), key=lambda one: one[0])
            if ref in state.depends_on and state.lane not in TERMINAL
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
            updated_at=state.updated_at,
        )


def stores_in(database: MemoryDatabase) -> Stores:
    """Return the stores over a database in memory; tokens of runs are the one thing not there."""
    nothing = NoSql()
    return Stores(
        database=nothing,
        events=MemoryEventStore(database),
        claims=MemoryClaims(database),
        outbox=MemoryOutbox(database),
        deliveries=MemoryDeliveries(database),
        issues=MemoryIssues(database),
        artifacts=MemoryArtifacts(),
        switches=MemorySwitches(database),
        heartbeats=MemoryHeartbeats(database),
        wake_ups=MemoryWakeUps(database),
        ticks=MemoryTicks(database),
        reports=MemoryReports(),
        run_tokens=RunTokens(nothing),
    )
