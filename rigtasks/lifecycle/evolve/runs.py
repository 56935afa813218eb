"""What runs do to the state."""

from datetime import timedelta

from msgspec.structs import replace

from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import liveness, work
from rigtasks.lifecycle.failure import INTERRUPTIONS, FailureClass, costs_an_attempt
from rigtasks.lifecycle.state import (
    Feedback,
    FeedbackKind,
    IssueState,
    Lane,
    PendingPublish,
    PendingReview,
    Stage,
)


def resumed_lane(state: IssueState) -> Lane:
    """Return the lane a run that ended without a result leaves the issue in."""
    if state.run is not None and state.run.stage is Stage.REVIEW:
        return state.lane
    return Lane.CHANGES_REQUESTED if state.pr is not None else Lane.QUEUED


def lost(state: IssueState, _event: work.RunLost, _: RecordedEvent) -> IssueState:
    """Take back the claim of a vanished holder."""
    return replace(state, lane=resumed_lane(state), run=None, lost_runs=state.lost_runs + 1)


def released(state: IssueState, event: work.RunReleased, stored: RecordedEvent) -> IssueState:
    """Take back the claim of a holder that was interrupted; its work is put by first."""
    publish = _put_by(state, event)
    return replace(
        state,
        lane=resumed_lane(state) if publish is None else state.lane,
        run=None,
        publish=publish,
        retry_at=stored.recorded_at + timedelta(seconds=event.retry_seconds),
        interruptions=state.interruptions + 1,
    )


def _put_by(state: IssueState, event: work.RunReleased) -> PendingPublish | None:
    """Return the unfinished commits that wait for the branch."""
    work = event.unfinished
    if work is None:
        return None
    return PendingPublish(
        run_id=event.run_id,
        epoch=event.epoch,
        artifact_id=work.artifact_id,
        base_sha=work.base_sha,
        head_sha=work.head_sha,
        start_sha=state.run.start_sha if state.run else None,
        unfinished=True,
    )


def run_failed(state: IssueState, event: work.RunFailed, stored: RecordedEvent) -> IssueState:
    """Count the failure where it counts, and keep what the next run must answer."""
    retry_at = (
        None
        if event.retry_seconds is None
        else stored.recorded_at + timedelta(seconds=event.retry_seconds)
    )
    implementing = event.stage == Stage.IMPLEMENT
    interrupted = event.failure in INTERRUPTIONS
    feedback = state.feedback
    if event.output_tail and implementing:
        feedback = Feedback(
            kind=FeedbackKind.TESTS, head_sha=state.head_sha, text=event.output_tail
        )
    return replace(
        state,
        lane=resumed_lane(state),
        run=None,
        publish=None,
        retry_at=retry_at,
        feedback=feedback,
        reason=event.reason,
        attempts=state.attempts + int(implementing and costs_an_attempt(event.failure)),
        abstentions=state.abstentions + int(not implementing and not interrupted),
        interruptions=_interruptions(state, event.failure),
        lost_runs=state.lost_runs + int(event.failure is FailureClass.INFRA),
    )


def _interruptions(state: IssueState, failure: FailureClass) -> int:
    """Count interruptions in a row; wrong work shows that nothing interrupted it."""
    if failure in INTERRUPTIONS:
        return state.interruptions + 1
    return 0 if costs_an_attempt(failure) else state.interruptions


def work_started(state: IssueState, event: work.WorkStarted, _: RecordedEvent) -> IssueState:
    """Note that the holder works, and from which commit."""
    if state.run is None or state.run.stage is Stage.REVIEW:
        return state
    return replace(
        state,
        lane=Lane.IN_PROGRESS,
        run=replace(state.run, start_sha=event.head_sha),
        base_sha=event.base_sha,
        config=event.config,
        config_sha=event.config_sha,
        reapproved_config_sha=None,
    )


def cli_started(state: IssueState, event: work.CliStarted, _: RecordedEvent) -> IssueState:
    """Note whose agent works and that its first call begins, with its price."""
    if state.run is None or state.run.run_id != event.run_id:
        return state
    return replace(
        state,
        provider=event.provider,
        run=replace(state.run, calls=1, call_micro_usd=event.call_micro_usd),
    )


def cli_progress(state: IssueState, event: work.CliProgress, _: RecordedEvent) -> IssueState:
    """Note that one more call of the agent begins."""
    if state.run is None or state.run.run_id != event.run_id:
        return state
    return replace(state, run=replace(state.run, calls=state.run.calls + 1))


def branch(state: IssueState, event: work.BranchCreated, _: RecordedEvent) -> IssueState:
    """Note the branch's final name."""
    return replace(state, branch=event.branch)


def cli_completed(state: IssueState, event: work.CliCompleted, _: RecordedEvent) -> IssueState:
    """Keep a verdict until it is posted."""
    if event.artifact_id is None or event.head_sha is None or event.stage != Stage.REVIEW:
        return state
    return replace(
        state,
        run=None,
        interruptions=0,
        verdict=PendingReview(
            run_id=event.run_id,
            epoch=event.epoch,
            artifact_id=event.artifact_id,
            head_sha=event.head_sha,
        ),
    )


def tests_passed(state: IssueState, event: work.TestsPassed, _: RecordedEvent) -> IssueState:
    """Keep accepted commits until they are published."""
    return replace(
        state,
        run=None,
        lane=Lane.IN_PROGRESS,
        interruptions=0,
        publish=PendingPublish(
            run_id=event.run_id,
            epoch=event.epoch,
            artifact_id=event.artifact_id,
            base_sha=event.base_sha,
            head_sha=event.head_sha,
            start_sha=state.run.start_sha if state.run else None,
        ),
    )


def push_intent(state: IssueState, event: work.PushIntent, _: RecordedEvent) -> IssueState:
    """Note which commit the branch is about to be at."""
    return replace(state, branch=event.branch, push_intent_sha=event.new_sha)


def issue_failed(state: IssueState, event: work.IssueFailed, _: RecordedEvent) -> IssueState:
    """Stop with the reason and who must act; unfinished work still comes to its branch."""
    unfinished = state.publish is not None and state.publish.unfinished
    return replace(
        state,
        lane=Lane.FAILED,
        run=None,
        publish=state.publish if unfinished else None,
        verdict=None,
        reason=event.reason,
        failure=event.failure,
        who_must_act=event.who_must_act,
    )


def usage(state: IssueState, event: liveness.TokenUsage, _: RecordedEvent) -> IssueState:
    """Add up tokens and cost; a run of unknown cost is counted, not priced."""
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
