"""Decisions about runs: what a holder's report means, and what becomes of its commits."""

from typing import assert_never
from uuid import UUID

from rigtasks.errors import StaleEpoch
from rigtasks.lifecycle.caps import abstention_cap, budget_used_up, interruption_cap
from rigtasks.lifecycle.commands import (
    Accepted,
    AdoptPullRequest,
    DropCommits,
    ExpireLease,
    Failed,
    FinishRun,
    IntendPush,
    KeepUnfinished,
    RecordPullRequest,
    RefusePublish,
    ReleaseRun,
    ReportProgress,
    Reviewed,
    StartCli,
    StartWork,
)
from rigtasks.lifecycle.events.acceptance import HumanGateTriggered
from rigtasks.lifecycle.events.base import Event, Usage
from rigtasks.lifecycle.events.intake import IssueUnassigned
from rigtasks.lifecycle.events.liveness import (
    BudgetExceeded,
    Escalated,
    LeaseExpired,
    TokenUsage,
)
from rigtasks.lifecycle.events.work import (
    BranchCreated,
    CliCompleted,
    CliProgress,
    CliStarted,
    IssueFailed,
    PrCreated,
    PrUpdated,
    PushIntent,
    RunFailed,
    RunLost,
    RunReleased,
    TestsFailed,
    TestsPassed,
    WorkStarted,
)
from rigtasks.lifecycle.failure import (
    INTERRUPTIONS,
    WHO_MUST_ACT,
    FailureClass,
    costs_an_attempt,
    pause_seconds,
)
from rigtasks.lifecycle.settlement import unreported_usage
from rigtasks.lifecycle.state import ActiveRun, IssueState, Lane, PendingPublish, Stage


def _held_run(state: IssueState | None, run_id: UUID, epoch: int) -> ActiveRun | None:
    """Return the run if it holds the issue, None if it ended before.

    Raises:
        StaleEpoch: a newer claim exists, so this run may not write any more.
    """
    if state is None or state.epoch != epoch:
        raise StaleEpoch(f"run {run_id} lost its claim at epoch {epoch}; stop and discard its work")
    if state.run is None or state.run.run_id != run_id:
        return None
    return state.run


def start(command: StartWork, state: IssueState | None) -> tuple[Event, ...]:
    """Record that the holder began, with the branch when it is new."""
    run = _held_run(state, command.run_id, command.epoch)
    if run is None or state is None:
        return ()
    began = WorkStarted(
        run_id=command.run_id,
        epoch=command.epoch,
        base_sha=command.base_sha,
        isolation=command.isolation,
        config=command.config,
        config_sha=command.config_sha,
        head_sha=command.head_sha,
    )
    if run.stage is Stage.REVIEW or state.branch == command.branch:
        return (began,)
    branch = BranchCreated(run_id=command.run_id, branch=command.branch, base_sha=command.base_sha)
    return (began, branch)


def start_cli(command: StartCli, state: IssueState | None) -> tuple[Event, ...]:
    """Record that the agent process runs."""
    if _held_run(state, command.run_id, command.epoch) is None:
        return ()
    return (
        CliStarted(
            run_id=command.run_id,
            provider=command.provider,
            model=command.model,
            isolation=command.isolation,
            call_micro_usd=command.call_micro_usd,
        ),
    )


def progress(command: ReportProgress, state: IssueState | None) -> tuple[Event, ...]:
    """Keep what the holder says on its way."""
    if _held_run(state, command.run_id, command.epoch) is None:
        return ()
    return (CliProgress(run_id=command.run_id, kind=command.kind, message=command.message),)


def finish(command: FinishRun, state: IssueState | None) -> tuple[Event, ...]:
    """Record the end of a run: its usage, then its commits, its verdict or its failure."""
    run = _held_run(state, command.run_id, command.epoch)
    if run is None or state is None:
        return ()
    result = command.result
    completed = CliCompleted(
        run_id=command.run_id,
        epoch=command.epoch,
        stage=run.stage,
        ending=command.ending,
        seconds=command.seconds,
        usage=command.usage,
        steps=command.steps,
        artifact_id=result.artifact_id if isinstance(result, Reviewed) else None,
        head_sha=result.head_sha if isinstance(result, Reviewed) else None,
    )
    usage = TokenUsage(run_id=command.run_id, agent=run.agent, usage=command.usage)
    over = _over_budget(command.usage, state)
    match result:
        case Reviewed():
            return (completed, usage, *over)
        case Accepted():
            return (completed, usage, _passed(command, result), *over)
        case Failed():
            failed = _failed(command, result, run, state)
            stopped = any(isinstance(event, IssueFailed) for event in failed)
            return (completed, usage, *failed, *over, *(() if stopped else _stop_for(over)))
        case _:
            assert_never(result)


def _passed(command: FinishRun, result: Accepted) -> TestsPassed:
    return TestsPassed(
        run_id=command.run_id,
        epoch=command.epoch,
        base_sha=result.base_sha,
        head_sha=result.head_sha,
        artifact_id=result.artifact_id,
        command=result.command,
        files_changed=result.files_changed,
        lines_changed=result.lines_changed,
    )


def _failed(
    command: FinishRun, result: Failed, run: ActiveRun, state: IssueState
) -> tuple[Event, ...]:
    red: tuple[Event, ...] = ()
    if result.test_command:
        red = (
            TestsFailed(
                run_id=command.run_id,
                epoch=command.epoch,
                command=result.test_command,
                output_tail=result.output_tail,
            ),
        )
    failure = _run_failed(
        run,
        result.failure,
        result.reason,
        _pause(state, result.failure, result.retry_seconds),
        result.output_tail,
    )
    return (*red, failure, *_after_failure(failure, state))


def _run_failed(
    run: ActiveRun | PendingPublish,
    failure: FailureClass,
    reason: str,
    retry_seconds: float | None,
    output_tail: str = "",
) -> RunFailed:
    return RunFailed(
        run_id=run.run_id,
        epoch=run.epoch,
        stage=run.stage if isinstance(run, ActiveRun) else Stage.IMPLEMENT,
        failure=failure,
        reason=reason,
        retry_seconds=retry_seconds,
        output_tail=output_tail,
    )


def _pause(state: IssueState, failure: FailureClass, named: float | None) -> float | None:
    return pause_seconds(failure, named=named, before=state.interruptions)


def _after_failure(failure: RunFailed, state: IssueState) -> tuple[Event, ...]:
    """Stop the issue when its tries are used up or when only a person can go on."""
    if failure.retry_seconds is None:
        return (_issue_failed(failure.failure, failure.reason),)
    if failure.failure is FailureClass.INFRA:
        return _lost_cap(state)
    if failure.failure in INTERRUPTIONS:
        return interruption_cap(state, failure.failure, failure.reason)
    if failure.stage == Stage.REVIEW:
        return abstention_cap(state, failure.reason)
    if costs_an_attempt(failure.failure) and state.attempts + 1 >= state.limits.max_attempts:
        reason = f"{state.limits.max_attempts} attempts failed; the last: {failure.reason}"
        return (_issue_failed(failure.failure, reason),)
    return ()


def _lost_cap(state: IssueState) -> tuple[Event, ...]:
    """Call a person when one more run of the issue was lost with its worker or its machine."""
    lost = state.lost_runs + 1
    if lost < state.limits.max_lost_runs:
        return ()
    reason = f"{lost} runs of this issue were lost with their workers"
    return (Escalated(reason=reason, who_must_act=WHO_MUST_ACT[FailureClass.INFRA]),)


def _issue_failed(failure: FailureClass, reason: str) -> IssueFailed:
    return IssueFailed(failure=failure, reason=reason, who_must_act=WHO_MUST_ACT[failure])


def _over_budget(usage: Usage, state: IssueState) -> tuple[BudgetExceeded, ...]:
    """Say that the cap is reached with this usage; a cost that nobody knows reaches it.

    Accepted work and verdicts are still published. The next run ends before its agent is called.
    """
    known = usage.cost_micro_usd is not None and state.spent_micro_usd is not None
    spent = state.cost_micro_usd + (usage.cost_micro_usd or 0)
    cap = state.limits.max_cost_micro_usd
    reason = budget_used_up(spent if known else None, cap)
    if reason is None:
        return ()
    return (BudgetExceeded(scope="issue", spent_micro_usd=spent, cap_micro_usd=cap, reason=reason),)


def _stop_for(over: tuple[BudgetExceeded, ...]) -> tuple[Event, ...]:
    return tuple(_issue_failed(FailureClass.BUDGET, one.reason) for one in over)


def release(command: ReleaseRun, state: IssueState | None) -> tuple[Event, ...]:
    """Take a claim back that its holder gave up in order; what it consumed counts.

    Only a run that began to implement has work to hand over.
    """
    run = _held_run(state, command.run_id, command.epoch)
    if run is None or state is None:
        return ()
    begun = state.lane is Lane.IN_PROGRESS and run.stage is Stage.IMPLEMENT
    used = TokenUsage(run_id=run.run_id, agent=run.agent, usage=command.usage)
    released = RunReleased(
        run_id=run.run_id,
        epoch=run.epoch,
        reason=command.reason,
        retry_seconds=_pause(state, FailureClass.SHUTDOWN, None) or 0.0,
        unfinished=command.unfinished if begun else None,
        not_kept=command.not_kept,
    )
    over = _over_budget(command.usage, state)
    if over:
        return (used, released, *over, *_stop_for(over))
    return (used, released, *interruption_cap(state, FailureClass.SHUTDOWN, command.reason))


def expire(command: ExpireLease, state: IssueState | None) -> tuple[Event, ...]:
    """Take a claim back whose holder vanished; too many lost runs end with a person."""
    if state is None or state.run is None or state.epoch != command.epoch:
        return ()
    run = state.run
    if run.run_id != command.run_id:
        return ()
    expired = LeaseExpired(run_id=run.run_id, epoch=run.epoch, holder=run.holder)
    lost = RunLost(run_id=run.run_id, epoch=run.epoch, stage=run.stage)
    return (expired, *unreported_usage(run), lost, *_lost_cap(state))


def _pending(state: IssueState | None, run_id: UUID, epoch: int) -> PendingPublish | None:
    """Return the commits of this run if they still wait to be published."""
    if state is None or state.publish is None or state.epoch != epoch:
        return None
    return state.publish if state.publish.run_id == run_id else None


def intend_push(command: IntendPush, state: IssueState | None) -> tuple[Event, ...]:
    """Announce a push of the commits that wait for it; announcing twice says nothing.

    Raises:
        StaleEpoch: these commits are not the ones that wait any more.
    """
    if state is None or _pending(state, command.run_id, command.epoch) is None:
        raise StaleEpoch(f"the commits of run {command.run_id} no longer wait to be published")
    if state.push_intent_sha == command.new_sha and state.branch == command.branch:
        return ()
    return (
        PushIntent(
            run_id=command.run_id,
            epoch=command.epoch,
            branch=command.branch,
            old_sha=command.old_sha,
            new_sha=command.new_sha,
        ),
    )


def keep_unfinished(command: KeepUnfinished, state: IssueState | None) -> tuple[Event, ...]:
    """Let the next run begin with what an interrupted one left on the branch."""
    pending = _pending(state, command.run_id, command.epoch)
    if state is None or pending is None or not pending.unfinished:
        return ()
    return (
        IssueUnassigned(
            run_id=command.run_id,
            epoch=command.epoch,
            reason=f"its unfinished work is on {state.branch}",
            unfinished_sha=command.head_sha,
        ),
    )


def drop_commits(command: DropCommits, state: IssueState | None) -> tuple[Event, ...]:
    """Go back to the branch as it is now; that costs no attempt."""
    if _pending(state, command.run_id, command.epoch) is None:
        return ()
    return (IssueUnassigned(run_id=command.run_id, epoch=command.epoch, reason=command.reason),)


def refuse_publish(command: RefusePublish, state: IssueState | None) -> tuple[Event, ...]:
    """End a run whose commits may not be published; an interrupted one has ended already."""
    pending = _pending(state, command.run_id, command.epoch)
    if pending is None or state is None or pending.unfinished:
        return ()
    pause = _pause(state, command.failure, command.retry_seconds)
    failed = _run_failed(pending, command.failure, command.reason, pause)
    return (failed, *_after_failure(failed, state))


def record_pull_request(command: RecordPullRequest, state: IssueState | None) -> tuple[Event, ...]:
    """Record the pull request with its new head, and whether a person has to look at it."""
    pending = _pending(state, command.run_id, command.epoch)
    if state is None or pending is None or pending.unfinished:
        return ()
    gate: tuple[Event, ...] = ()
    if command.gate_reasons:
        gate = (HumanGateTriggered(head_sha=command.head_sha, reasons=command.gate_reasons),)
    if state.pr is not None and state.pr.number == command.pr:
        updated = PrUpdated(pr=command.pr, head_sha=command.head_sha, by_rig=True)
        return (updated, *gate)
    created = PrCreated(
        pr=command.pr,
        url=command.url,
        branch=command.branch,
        head_sha=command.head_sha,
        base_branch=command.base_branch,
        author_id=command.author_id,
        adopted=command.adopted,
    )
    return (created, *gate)


def adopt_pull_request(command: AdoptPullRequest, state: IssueState | None) -> tuple[Event, ...]:
    """Take up the rig's own open pull request of an issue that nobody works on.

    One that somebody opened with unfinished work is taken up once the work is finished.
    """
    if state is None or state.lane is not Lane.QUEUED or state.pr is not None:
        return ()
    if state.unfinished is not None and state.unfinished.head_sha == command.head_sha:
        return ()
    return (
        PrCreated(
            pr=command.pr,
            url=command.url,
            branch=command.branch,
            head_sha=command.head_sha,
            base_branch=command.base_branch,
            author_id=command.author_id,
            adopted=True,
        ),
    )
