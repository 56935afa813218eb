"""Fold one stream into the rows that are kept of it. The append and the rebuild share this fold."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from rigtasks.eventstore.projection_rows import (
    DependencyRow,
    IssueRow,
    RunRow,
    StepRow,
    UsageRow,
)
from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import Event, Usage
from rigtasks.lifecycle.evolve import evolve_undated
from rigtasks.lifecycle.state import ActiveRun, IssueState, Stage
from rigtasks.routing.internal import normalise_full_name


class Fold:
    """One issue's stream, folded so far: its state, its runs, and the rows that only grow."""

    __slots__ = ("_known", "runs", "state", "steps", "stream", "usage", "version")

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.version = 0
        self.state: IssueState | None = None
        self.runs: dict[UUID, RunRow] = {}
        self.steps: list[StepRow] = []
        self.usage: list[UsageRow] = []
        self._known: dict[UUID, RunRow] = {}

    def branch_off(self) -> "Fold":
        """Return a copy that remembers only what is folded from here on."""
        copy = Fold(self.stream)
        copy.version = self.version
        copy.state = self.state
        copy.runs = dict(self.runs)
        copy._known = dict(self.runs)
        return copy

    @property
    def touched(self) -> set[UUID]:
        """Return the runs whose rows were begun or changed since the fold was branched off."""
        return {run_id for run_id, run in self.runs.items() if self._known.get(run_id) is not run}

    def apply(self, stored: RecordedEvent) -> None:
        """Fold one more event."""
        self.apply_all((stored,))

    def apply_all(self, events: Sequence[RecordedEvent]) -> None:
        """Fold the events in their order."""
        if not events:
            return
        entered_at: datetime | None = None
        for stored in events:
            before = self.state
            after = self.state = evolve_undated(before, stored)
            note = _RUN_NOTES.get(type(stored.event))
            if note is not None:
                note(self, stored.event, stored)
            if before is None:
                continue
            if after.lane is not before.lane:
                entered_at = stored.recorded_at
            live, run = before.run, after.run
            if live is not None and (run is None or run.run_id is not live.run_id):
                self._note_end(live, run, stored)
        self.version = stored.version
        self.state = replace(
            after,
            entered_at=entered_at or after.entered_at,
            updated_at=stored.recorded_at,
        )

    @property
    def live_run(self) -> UUID | None:
        """Return the run that holds the issue now."""
        return self.state.run.run_id if self.state is not None and self.state.run else None

    def change(self, run_id: UUID, **fields: Any) -> None:
        """Change the row of a run; a run that was never claimed has none."""
        run = self.runs.get(run_id)
        if run is not None:
            self.runs[run.run_id] = replace(run, **fields)

    def _note_end(
        self, live: ActiveRun, successor: ActiveRun | None, stored: RecordedEvent
    ) -> None:
        if successor is not None and successor.run_id == live.run_id:
            return
        event = stored.event
        outcome = _OUTCOMES.get(type(event))
        self.change(
            live.run_id,
            ended_at=stored.recorded_at,
            outcome=outcome or "stopped",
            **({} if outcome else {"reason": event.type}),
        )


def issue_row(fold: Fold) -> IssueRow:
    """Return the row of an issue as the fold leaves it."""
    state = fold.state
    assert state is not None  # noqa: S101 - a stream with events has a state
    stage = state.wanted_stage
    return IssueRow(
        stream=fold.stream,
        version=fold.version,
        ref=state.ref,
        repo_id=state.repo_id,
        repo=state.repo,
        repo_key=normalise_full_name(state.repo),
        number=state.number,
        generation=state.generation,
        title=state.title,
        lane=str(state.lane),
        overlay=None if state.overlay is None else str(state.overlay),
        claim_stage=None if stage is None else str(stage),
        claim_queue=state.wanted_queue,
        claim_after=None if stage is None else state.retry_at,
        has_dependencies=bool(state.depends_on),
        priority=state.priority,
        approved_at=state.approved_at,
        approved_by=state.approved_by,
        task_digest=state.task_digest,
        stack=state.stack,
        queue=state.queue,
        base_branch=state.base_branch,
        hold=state.hold,
        hold_sentence=state.hold_sentence,
        reason=state.reason,
        refusal_code=state.refusal_code,
        who_must_act=state.who_must_act,
        branch=state.branch,
        head_sha=state.head_sha,
        merge_sha=state.merge_sha,
        pr=None if state.pr is None else state.pr.number,
        pr_url=None if state.pr is None else state.pr.url,
        epoch=state.epoch,
        run_id=fold.live_run,
        runs=state.runs,
        attempts=state.attempts,
        lost_runs=state.lost_runs,
        review_loops=state.review_loops,
        abstentions=state.abstentions,
        cost_micro_usd=state.cost_micro_usd,
        cost_unknown_runs=state.cost_unknown_runs,
        tokens=state.tokens,
        entered_at=state.entered_at,
        updated_at=state.updated_at,
        claim_provider=None if state.config is None else state.config.provider,
    )


def dependency_rows(fold: Fold) -> list[DependencyRow]:
    """Return the rows of what an issue depends on."""
    refs = () if fold.state is None else fold.state.depends_on
    return [DependencyRow(stream=fold.stream, ref=ref) for ref in dict.fromkeys(refs)]


def _began(
    fold: Fold, event: intake.IssueAssigned | acceptance.ReviewAssigned, stored: RecordedEvent
) -> None:
    assert fold.state is not None  # noqa: S101 - it was just evolved
    implementing = isinstance(event, intake.IssueAssigned)
    fold.runs[event.run_id] = RunRow(
        run_id=event.run_id,
        stream=fold.stream,
        epoch=event.epoch,
        stage=str(Stage.IMPLEMENT if implementing else Stage.REVIEW),
        queue=event.queue,
        repo_id=fold.state.repo_id,
        agent=event.agent,
        holder=event.holder,
        started_at=stored.recorded_at,
    )


def _started(fold: Fold, event: work.WorkStarted, _: RecordedEvent) -> None:
    fold.change(event.run_id, base_sha=event.base_sha, isolation=event.isolation)


def _cli_started(fold: Fold, event: work.CliStarted, _: RecordedEvent) -> None:
    fold.change(event.run_id, provider=event.provider, model=event.model, isolation=event.isolation)


def _cli_completed(fold: Fold, event: work.CliCompleted, _: RecordedEvent) -> None:
    run = fold.runs.get(event.run_id)
    if run is None:
        return
    fold.change(
        event.run_id,
        ending=event.ending,
        seconds=event.seconds,
        model=event.usage.model or run.model,
        head_sha=event.head_sha or run.head_sha,
        artifact_id=event.artifact_id or run.artifact_id,
    )
    if run.ending is not None:
        return  # a run has the steps of its first completion
    fold.steps.extend(
        StepRow(
            run_id=event.run_id,
            ordinal=ordinal,
            name=step.name,
            status=step.status,
            seconds=step.seconds,
            detail=step.detail,
        )
        for ordinal, step in enumerate(event.steps, start=1)
    )


def _tests_passed(fold: Fold, event: work.TestsPassed, _: RecordedEvent) -> None:
    fold.change(
        event.run_id,
        base_sha=event.base_sha,
        head_sha=event.head_sha,
        artifact_id=event.artifact_id,
    )


def _failed(fold: Fold, event: work.RunFailed, _: RecordedEvent) -> None:
    fold.change(event.run_id, outcome="failed", failure=str(event.failure), reason=event.reason)


def _released(fold: Fold, event: work.RunReleased, _: RecordedEvent) -> None:
    lost = f"; nothing was kept: {event.not_kept}" if event.not_kept else ""
    fold.change(event.run_id, reason=f"{event.reason}{lost}")


def _unassigned(fold: Fold, event: intake.IssueUnassigned, _: RecordedEvent) -> None:
    run = fold.runs.get(event.run_id)
    before = f"{run.reason}; " if run is not None and run.outcome == "released" else ""
    fold.change(event.run_id, reason=f"{before}{event.reason}")


def _used(fold: Fold, event: liveness.TokenUsage, stored: RecordedEvent) -> None:
    used = event.usage
    fold.usage.append(_usage_row(fold.stream, stored, event, used))
    run = fold.runs.get(event.run_id)
    if run is None:
        return
    fold.change(
        event.run_id,
        model=used.model or run.model,
        turns=run.turns + used.turns,
        input_uncached=run.input_uncached + used.input_uncached,
        cache_read=run.cache_read + used.cache_read,
        cache_write=run.cache_write + used.cache_write,
        output=run.output + used.output,
        cost_micro_usd=run.cost_micro_usd + (used.cost_micro_usd or 0),
        cost_unknown=run.cost_unknown or used.cost_micro_usd is None,
    )


def _usage_row(
    stream: str, stored: RecordedEvent, event: liveness.TokenUsage, used: Usage
) -> UsageRow:
    return UsageRow(
        event_id=stored.event_id,
        stream=stream,
        run_id=event.run_id,
        agent=event.agent,
        model=used.model,
        turns=used.turns,
        input_uncached=used.input_uncached,
        cache_read=used.cache_read,
        cache_write=used.cache_write,
        output=used.output,
        cost_micro_usd=used.cost_micro_usd,
        cost_basis=used.cost_basis.value,
        recorded_at=stored.recorded_at,
    )


_RUN_NOTES: dict[type[Event], Callable[[Fold, Any, RecordedEvent], None]] = {
    intake.IssueAssigned: _began,
    acceptance.ReviewAssigned: _began,
    work.WorkStarted: _started,
    work.CliStarted: _cli_started,
    work.CliCompleted: _cli_completed,
    work.TestsPassed: _tests_passed,
    work.RunFailed: _failed,
    work.RunReleased: _released,
    intake.IssueUnassigned: _unassigned,
    liveness.TokenUsage: _used,
}

_OUTCOMES: dict[type[Event], str] = {
    work.TestsPassed: "succeeded",
    work.CliCompleted: "succeeded",
    work.RunFailed: "failed",
    work.RunLost: "lost",
    work.RunReleased: "released",
    intake.IssueUnassigned: "released",
    liveness.AgentStuck: "stuck",
    acceptance.ReviewAbstained: "abstained",
}
