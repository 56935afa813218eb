"""What intake, claims and ends do to the state."""

from msgspec.structs import replace

from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import acceptance, intake
from rigtasks.lifecycle.evolve.runs import resumed_lane
from rigtasks.lifecycle.state import (
    ActiveRun,
    IssueState,
    Lane,
    PendingPublish,
    Stage,
    UnfinishedWork,
)


def begin(event: intake.IssueApproved | intake.IssueRefused, stored: RecordedEvent) -> IssueState:
    """Begin a state from the first event of a stream."""
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
        return approved(blank, event, stored)
    return refused(blank, event, stored)


def approved(state: IssueState, event: intake.IssueApproved, stored: RecordedEvent) -> IssueState:
    """Take the approved text, route and limits; counters start again.

    Work that is under way keeps the file it was begun under; the newly approved one stands beside.
    """
    lane = state.lane
    if lane is Lane.FAILED:
        lane = Lane.QUEUED if state.pr is None else Lane.CHANGES_REQUESTED
    begun = lane is not Lane.QUEUED
    return replace(
        state,
        lane=lane,
        overlay=None,
        ref=event.ref,
        repo=event.repo,
        title=event.title,
        body=event.body,
        comments=event.comments,
        task_digest=event.task_digest,
        approved_by=event.approved_by,
        approved_at=stored.recorded_at,
        labelled_at=event.labelled_at,
        stack=event.stack,
        queue=event.queue,
        priority=event.priority,
        base_branch=event.base_branch,
        config=event.config,
        config_sha=state.config_sha if begun else event.config_sha,
        reapproved_config_sha=event.config_sha if begun else None,
        depends_on=event.depends_on,
        limits=event.limits,
        hold=None,
        hold_sentence="",
        hold_blocks=False,
        reason="",
        failure=None,
        refusal_code=None,
        who_must_act=None,
        retry_at=None,
        attempts=0,
        lost_runs=0,
        review_loops=0,
        abstentions=0,
        interruptions=0,
        returns=0,
    )


def refused(state: IssueState, event: intake.IssueRefused, _: RecordedEvent) -> IssueState:
    """Stop with the reason and who must act."""
    return replace(
        state,
        lane=Lane.FAILED,
        hold=None,
        hold_sentence="",
        hold_blocks=False,
        reason=event.sentence,
        failure=None,
        refusal_code=event.code,
        refusal_visible=event.visible,
        who_must_act=event.who_must_act,
    )


def held(state: IssueState, event: intake.IssueHeld, _: RecordedEvent) -> IssueState:
    """Note what the issue waits for."""
    return replace(
        state,
        hold=event.waits_for,
        hold_sentence=event.sentence,
        hold_blocks=event.blocking,
    )


def assigned(
    state: IssueState,
    event: intake.IssueAssigned | acceptance.ReviewAssigned,
    stored: RecordedEvent,
) -> IssueState:
    """Give the issue to the run that claimed it."""
    implementing = isinstance(event, intake.IssueAssigned)
    return replace(
        state,
        lane=Lane.ASSIGNED if implementing else state.lane,
        epoch=event.epoch,
        runs=state.runs + 1,
        retry_at=None,
        hold=None,
        hold_sentence="",
        hold_blocks=False,
        run=ActiveRun(
            run_id=event.run_id,
            epoch=event.epoch,
            stage=Stage.IMPLEMENT if implementing else Stage.REVIEW,
            agent=event.agent,
            holder=event.holder,
            started_at=stored.recorded_at,
        ),
    )


def unassigned(state: IssueState, event: intake.IssueUnassigned, _: RecordedEvent) -> IssueState:
    """Take a claim back that ended without a result, or commits that no longer fit.

    A stopped issue stays stopped: its unfinished work came to the branch, or not, meanwhile.
    """
    freed = replace(
        state,
        lane=state.lane if state.lane is Lane.FAILED else resumed_lane(state),
        run=None,
        publish=None,
    )
    if event.unfinished_sha is None or state.publish is None:
        return freed
    return replace(
        freed,
        head_sha=event.unfinished_sha if state.pr is not None else state.head_sha,
        unfinished=UnfinishedWork(
            head_sha=event.unfinished_sha, since_sha=_since(state, state.publish)
        ),
    )


def _since(state: IssueState, pending: PendingPublish) -> str:
    """Return where the first of several interrupted runs in a row began."""
    before = state.unfinished
    if before is not None and before.head_sha == pending.start_sha:
        return before.since_sha
    return pending.start_sha or pending.base_sha


def cancelled(state: IssueState, event: intake.IssueCancelled, _: RecordedEvent) -> IssueState:
    """End the issue as withdrawn."""
    return replace(
        state,
        lane=Lane.CANCELLED,
        overlay=None,
        run=None,
        publish=None,
        verdict=None,
        hold=None,
        hold_sentence="",
        hold_blocks=False,
        reason=event.reason,
    )


def done(state: IssueState, event: intake.IssueDone, _: RecordedEvent) -> IssueState:
    """End the issue as done."""
    return replace(
        state,
        lane=Lane.DONE,
        overlay=None,
        run=None,
        hold=None,
        hold_sentence="",
        hold_blocks=False,
        merge_sha=event.merge_sha,
    )
