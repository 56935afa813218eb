"""Fold events into the state of an issue. Total, pure, and blind to everything but its input."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from rigtasks.errors import Permanent
from rigtasks.lifecycle.envelope import StoredEvent
from rigtasks.lifecycle.events import acceptance, intake, liveness, work
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.failure import FailureClass, costs_an_attempt
from rigtasks.lifecycle.feedback import ci_feedback, conflict_feedback, review_feedback
from rigtasks.lifecycle.state import (
    ActiveRun,
    Feedback,
    FeedbackKind,
    IssueState,
    Lane,
    Overlay,
    PendingPublish,
    PendingReview,
    PullRequest,
    Stage,
)

Handler = Callable[[IssueState, Any, StoredEvent], IssueState]


class BrokenStream(Permanent):
    """A stream does not begin with an approval or a refusal."""


def evolve(state: IssueState | None, stored: StoredEvent) -> IssueState:
    """Return the state after one more event.

    Raises:
        BrokenStream: the stream's first event is neither an approval nor a refusal.
    """
    event = stored.event
    if state is None:
        if isinstance(event, intake.IssueApproved | intake.IssueRefused):
            return _begin(event, stored)
        raise BrokenStream(f"{stored.stream} begins with {event.type}; it cannot be read")
    handler = _HANDLERS.get(type(event))
    if handler is None:
        return replace(state, updated_at=stored.recorded_at)
    after = handler(state, event, stored)
    entered = stored.recorded_at if after.lane is not state.lane else state.entered_at
    return replace(after, updated_at=stored.recorded_at, entered_at=entered)


def _begin(event: intake.IssueApproved | intake.IssueRefused, stored: StoredEvent) -> IssueState:
    blank = IssueState(
        ref=event.ref,
        repo_id=event.repo_id,
        repo=event.repo,
        number=event.number,
        generation=event.generation,
        title=event.title,
        lane=Lane.QUEUED,
        entered_at=stored.recorded_at,
        updated_at=stored.recorded_at,
    )
    if isinstance(event, intake.IssueApproved):
        return _approved(blank, event, stored)
    return _refused(blank, event, stored)


def _approved(state: IssueState, event: intake.IssueApproved, stored: StoredEvent) -> IssueState:
    return replace(
        state,
        lane=Lane.QUEUED if state.lane is Lane.FAILED else state.lane,
        overlay=None,
        ref=event.ref,
        repo=event.repo,
        title=event.title,
        body=event.body,
        comments=event.comments,
        task_digest=event.task_digest,
        approved_by=event.approved_by,
        approved_at=stored.recorded_at,
        stack=event.stack,
        queue=event.queue,
        priority=event.priority,
        base_branch=event.base_branch,
        config=event.config,
        config_sha=event.config_sha,
        depends_on=event.depends_on,
        limits=event.limits,
        hold=None,
        hold_sentence="",
        reason="",
        refusal_code=None,
        who_must_act=None,
        retry_at=None,
        attempts=0,
        lost_runs=0,
        review_loops=0,
        abstentions=0,
    )


def _refused(state: IssueState, event: intake.IssueRefused, _: StoredEvent) -> IssueState:
    return replace(
        state,
        lane=Lane.FAILED,
        hold=None,
        hold_sentence="",
        reason=event.sentence,
        refusal_code=event.code,
        who_must_act=event.who_must_act,
    )


def _held(state: IssueState, event: intake.IssueHeld, _: StoredEvent) -> IssueState:
    return replace(state, hold=event.waits_for, hold_sentence=event.sentence)


def _assigned(
    state: IssueState,
    event: intake.IssueAssigned | acceptance.ReviewAssigned,
    stored: StoredEvent,
) -> IssueState:
    implementing = isinstance(event, intake.IssueAssigned)
    return replace(
        state,
        lane=Lane.ASSIGNED if implementing else state.lane,
        epoch=event.epoch,
        runs=state.runs + 1,
        retry_at=None,
        hold=None,
        hold_sentence="",
        run=ActiveRun(
            run_id=event.run_id,
            epoch=event.epoch,
            stage=Stage.IMPLEMENT if implementing else Stage.REVIEW,
            agent=event.agent,
            holder=event.holder,
            started_at=stored.recorded_at,
        ),
    )


def _resumed_lane(state: IssueState) -> Lane:
    """Return the lane a run that ended without a result leaves the issue in."""
    if state.run is not None and state.run.stage is Stage.REVIEW:
        return state.lane
    return Lane.CHANGES_REQUESTED if state.pr is not None else Lane.QUEUED


def _unassigned(
    state: IssueState, _event: intake.IssueUnassigned | work.RunReleased, _: StoredEvent
) -> IssueState:
    return replace(state, lane=_resumed_lane(state), run=None)


def _lost(state: IssueState, _event: work.RunLost, _: StoredEvent) -> IssueState:
    return replace(state, lane=_resumed_lane(state), run=None, lost_runs=state.lost_runs + 1)


def _run_failed(state: IssueState, event: work.RunFailed, stored: StoredEvent) -> IssueState:
    retry_at = (
        None
        if event.retry_seconds is None
        else stored.recorded_at + timedelta(seconds=event.retry_seconds)
    )
    implementing = event.stage == Stage.IMPLEMENT
    feedback = state.feedback
    if event.output_tail and implementing:
        feedback = Feedback(
            kind=FeedbackKind.TESTS, head_sha=state.head_sha, text=event.output_tail
        )
    return replace(
        state,
        lane=_resumed_lane(state),
        run=None,
        publish=None,
        retry_at=retry_at,
        feedback=feedback,
        reason=event.reason,
        attempts=state.attempts + int(implementing and costs_an_attempt(event.failure)),
        abstentions=state.abstentions + int(not implementing),
        lost_runs=state.lost_runs + int(event.failure is FailureClass.INFRA),
    )


def _work_started(state: IssueState, event: work.WorkStarted, _: StoredEvent) -> IssueState:
    if state.run is None or state.run.stage is Stage.REVIEW:
        return state
    return replace(state, lane=Lane.IN_PROGRESS, base_sha=event.base_sha)


def _branch(state: IssueState, event: work.BranchCreated, _: StoredEvent) -> IssueState:
    return replace(state, branch=event.branch)


def _cli_completed(state: IssueState, event: work.CliCompleted, _: StoredEvent) -> IssueState:
    if event.artifact_id is None or event.head_sha is None or event.stage != Stage.REVIEW:
        return state
    return replace(
        state,
        run=None,
        verdict=PendingReview(
            run_id=event.run_id,
            epoch=event.epoch,
            artifact_id=event.artifact_id,
            head_sha=event.head_sha,
        ),
    )


def _tests_passed(state: IssueState, event: work.TestsPassed, _: StoredEvent) -> IssueState:
    return replace(
        state,
        run=None,
        lane=Lane.IN_PROGRESS,
        publish=PendingPublish(
            run_id=event.run_id,
            epoch=event.epoch,
            artifact_id=event.artifact_id,
            base_sha=event.base_sha,
            head_sha=event.head_sha,
        ),
    )


def _push_intent(state: IssueState, event: work.PushIntent, _: StoredEvent) -> IssueState:
    return replace(state, branch=event.branch, push_intent_sha=event.new_sha)


def _moved_head(state: IssueState, head_sha: str) -> IssueState:
    """Return the state with a new head: everything known of the old one is stale."""
    return replace(
        state,
        lane=Lane.IN_REVIEW,
        head_sha=head_sha,
        publish=None,
        verdict=None,
        feedback=None,
        review_id=None,
        blockers=(),
        blockers_sha=None,
        abstentions=0,
    )


def _pr_created(state: IssueState, event: work.PrCreated, _: StoredEvent) -> IssueState:
    return replace(
        _moved_head(state, event.head_sha),
        branch=event.branch,
        pr=PullRequest(number=event.pr, url=event.url, author_id=event.author_id),
    )


def _pr_updated(state: IssueState, event: work.PrUpdated, _: StoredEvent) -> IssueState:
    if state.lane in _NOT_MOVED_BY_OTHERS and not event.by_rig:
        return replace(state, head_sha=event.head_sha)
    return _moved_head(state, event.head_sha)


def _pr_closed(state: IssueState, _event: work.PrClosed, _: StoredEvent) -> IssueState:
    return replace(
        state,
        lane=Lane.QUEUED,
        run=None,
        publish=None,
        verdict=None,
        pr=None,
        head_sha=None,
        feedback=None,
        blockers=(),
        blockers_sha=None,
    )


def _issue_failed(state: IssueState, event: work.IssueFailed, _: StoredEvent) -> IssueState:
    return replace(
        state,
        lane=Lane.FAILED,
        run=None,
        publish=None,
        verdict=None,
        reason=event.reason,
        who_must_act=event.who_must_act,
    )


def _ci_passed(state: IssueState, event: acceptance.CiPassed, _: StoredEvent) -> IssueState:
    return replace(state, ci_sha=event.head_sha, ci_green=True)


def _ci_failed(state: IssueState, event: acceptance.CiFailed, _: StoredEvent) -> IssueState:
    known = replace(state, ci_sha=event.head_sha, ci_green=False)
    if event.head_sha != state.head_sha or state.lane not in _ACCEPTANCE_LANES:
        return known
    return replace(
        known,
        lane=Lane.CHANGES_REQUESTED,
        run=None,
        verdict=None,
        review_loops=state.review_loops + 1,
        feedback=ci_feedback(event),
    )


def _review_passed(state: IssueState, event: acceptance.ReviewPassed, _: StoredEvent) -> IssueState:
    ready = state.lane is Lane.IN_REVIEW and event.head_sha == state.head_sha
    return replace(
        state,
        lane=Lane.READY_TO_MERGE if ready else state.lane,
        verdict=None,
        review_sha=event.head_sha,
        review_id=event.review_id,
    )


def _review_disputed(
    state: IssueState, event: acceptance.ReviewDisputed, _: StoredEvent
) -> IssueState:
    seen = replace(state, last_dispute_id=max(state.last_dispute_id, event.review_id))
    if event.head_sha != state.head_sha or state.lane not in _ACCEPTANCE_LANES:
        return seen
    return replace(
        seen,
        lane=Lane.CHANGES_REQUESTED,
        run=None,
        verdict=None,
        review_sha=None,
        review_id=None,
        review_loops=state.review_loops + 1,
        feedback=review_feedback(event),
    )


def _abstained(state: IssueState, _event: acceptance.ReviewAbstained, _: StoredEvent) -> IssueState:
    return replace(state, run=None, verdict=None, abstentions=state.abstentions + 1)


def _gate_triggered(
    state: IssueState, event: acceptance.HumanGateTriggered, _: StoredEvent
) -> IssueState:
    return replace(state, gate_sha=event.head_sha, gate_reasons=event.reasons)


def _gate_cleared(
    state: IssueState, event: acceptance.HumanGateCleared, _: StoredEvent
) -> IssueState:
    return replace(state, gate_cleared_sha=event.head_sha)


def _gate_approved(
    state: IssueState, event: liveness.OperatorGateApproved, _: StoredEvent
) -> IssueState:
    return replace(state, gate_cleared_sha=event.head_sha)


def _gate_waiting(
    state: IssueState, event: acceptance.MergeGateWaiting, _: StoredEvent
) -> IssueState:
    return replace(state, blockers=event.blockers, blockers_sha=event.head_sha)


def _conflict(state: IssueState, event: acceptance.MergeConflict, _: StoredEvent) -> IssueState:
    if state.lane not in _ACCEPTANCE_LANES:
        return state
    return replace(
        state,
        lane=Lane.CHANGES_REQUESTED,
        run=None,
        verdict=None,
        feedback=conflict_feedback(event, state.base_branch),
    )


def _merged(
    state: IssueState,
    event: acceptance.Merged | acceptance.MergeOutsideRig | liveness.BreakGlassMerge,
    _: StoredEvent,
) -> IssueState:
    return replace(
        state,
        merge_sha=event.merge_sha,
        run=None,
        publish=None,
        verdict=None,
        blockers=(),
        blockers_sha=None,
    )


def _done(state: IssueState, event: intake.IssueDone, _: StoredEvent) -> IssueState:
    return replace(
        state, lane=Lane.DONE, overlay=None, run=None, hold=None, merge_sha=event.merge_sha
    )


def _cancelled(state: IssueState, event: intake.IssueCancelled, _: StoredEvent) -> IssueState:
    return replace(
        state,
        lane=Lane.CANCELLED,
        overlay=None,
        run=None,
        publish=None,
        verdict=None,
        hold=None,
        reason=event.reason,
    )


def _escalated(
    state: IssueState, event: liveness.Escalated | intake.IssueNeedsHuman, _: StoredEvent
) -> IssueState:
    return replace(
        state, overlay=Overlay.ESCALATED, reason=event.reason, who_must_act=event.who_must_act
    )


def _stuck(state: IssueState, _event: liveness.AgentStuck, _: StoredEvent) -> IssueState:
    return replace(state, overlay=Overlay.STUCK, run=None, lane=_resumed_lane(state))


def _acknowledged(
    state: IssueState, event: liveness.EscalationAcknowledged, _: StoredEvent
) -> IssueState:
    return replace(state, who_must_act=event.by)


def _retried(state: IssueState, _event: liveness.OperatorRetried, _: StoredEvent) -> IssueState:
    lane = Lane.CHANGES_REQUESTED if state.pr is not None else Lane.QUEUED
    return replace(
        state,
        lane=lane if state.lane is Lane.FAILED else state.lane,
        overlay=None,
        hold=None,
        retry_at=None,
        attempts=0,
        lost_runs=0,
        review_loops=0,
        abstentions=0,
        who_must_act=None,
        refusal_code=None,
        reason="",
    )


def _rerouted(state: IssueState, event: liveness.OperatorRerouted, _: StoredEvent) -> IssueState:
    return replace(state, queue=event.queue)


def _budget_raised(
    state: IssueState, event: liveness.OperatorBudgetRaised, _: StoredEvent
) -> IssueState:
    return replace(state, limits=replace(state.limits, max_cost_micro_usd=event.cap_micro_usd))


def _usage(state: IssueState, event: liveness.TokenUsage, _: StoredEvent) -> IssueState:
    usage = event.usage
    tokens = usage.input_uncached + usage.cache_read + usage.cache_write + usage.output
    if usage.cost_micro_usd is None:
        return replace(
            state,
            tokens=state.tokens + tokens,
            cost_unknown_runs=state.cost_unknown_runs + 1,
        )
    return replace(
        state,
        tokens=state.tokens + tokens,
        cost_micro_usd=state.cost_micro_usd + usage.cost_micro_usd,
    )


_ACCEPTANCE_LANES = frozenset({Lane.IN_REVIEW, Lane.READY_TO_MERGE})

#: Somebody else's push is known here, but the run, its commits or a person decides what follows.
_NOT_MOVED_BY_OTHERS = frozenset({Lane.ASSIGNED, Lane.IN_PROGRESS, Lane.FAILED})

_HANDLERS: dict[type[Event], Handler] = {
    intake.IssueApproved: _approved,
    intake.IssueRefused: _refused,
    intake.IssueHeld: _held,
    intake.IssueAssigned: _assigned,
    intake.IssueUnassigned: _unassigned,
    intake.IssueCancelled: _cancelled,
    intake.IssueDone: _done,
    intake.IssueNeedsHuman: _escalated,
    work.WorkStarted: _work_started,
    work.BranchCreated: _branch,
    work.CliCompleted: _cli_completed,
    work.TestsPassed: _tests_passed,
    work.PushIntent: _push_intent,
    work.RunReleased: _unassigned,
    work.RunFailed: _run_failed,
    work.RunLost: _lost,
    work.IssueFailed: _issue_failed,
    work.PrCreated: _pr_created,
    work.PrUpdated: _pr_updated,
    work.PrClosed: _pr_closed,
    acceptance.CiPassed: _ci_passed,
    acceptance.CiFailed: _ci_failed,
    acceptance.ReviewAssigned: _assigned,
    acceptance.ReviewPassed: _review_passed,
    acceptance.ReviewDisputed: _review_disputed,
    acceptance.ReviewAbstained: _abstained,
    acceptance.HumanGateTriggered: _gate_triggered,
    acceptance.HumanGateCleared: _gate_cleared,
    acceptance.MergeGateWaiting: _gate_waiting,
    acceptance.MergeConflict: _conflict,
    acceptance.Merged: _merged,
    acceptance.MergeOutsideRig: _merged,
    liveness.Escalated: _escalated,
    liveness.AgentStuck: _stuck,
    liveness.EscalationAcknowledged: _acknowledged,
    liveness.OperatorRetried: _retried,
    liveness.OperatorRerouted: _rerouted,
    liveness.OperatorGateApproved: _gate_approved,
    liveness.OperatorBudgetRaised: _budget_raised,
    liveness.TokenUsage: _usage,
    liveness.BreakGlassMerge: _merged,
}
