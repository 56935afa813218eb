"""One reviewing run: one call of the agent, one structured answer, checked or refused."""

from pathlib import Path

import msgspec

from rigtasks.agent.assignment import Assignment
from rigtasks.agent.calls import AgentCalls
from rigtasks.agent.endings import Ending
from rigtasks.agent.outcome import StepReport
from rigtasks.agent.run_end import RunEnds, run_broken
from rigtasks.agent.runtime import Runtime
from rigtasks.agent.steps import StepLog
from rigtasks.agent.supervisor import AgentOutcome
from rigtasks.errors import Rejected, RigError, StaleEpoch
from rigtasks.lifecycle.events.base import Usage
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.review.diff import Diff, parse_diff
from rigtasks.review.findings import Review, ReviewVerdict, parse_review, review_schema

#: A change that does not fit into a prompt cannot be judged whole.
MAX_DIFF = 1_000_000


class ReviewOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a reviewing run.

    Args:
        success: there is a verdict, for or against; an abstention is none.
        review: the checked answer, also when it abstains.
        answer: the answer as the agent gave it.
        head_sha: the commit that was reviewed.
        failure: None on success; an abstention or an unusable answer is `work`.
    """

    success: bool
    reason: str
    head_sha: str
    transcript_path: Path
    review: Review | None = None
    answer: bytes | None = None
    steps: tuple[StepReport, ...] = ()
    usage: Usage | None = None
    failure: FailureClass | None = None
    retry_seconds: float | None = None
    ending: Ending | None = None
    session: str | None = None
    agent_start_seconds: float | None = None


def review(assignment: Assignment, runtime: Runtime) -> ReviewOutcome:
    """Let the agent judge the assignment's diff; nothing it changes in the checkout is kept.

    A diff that is not complete is never shown to the agent. Only the provider's result channel is
    read, never the conversation.

    Raises:
        RigError: something went wrong before the agent was called.
        StaleEpoch: the claim was lost.
        OSError: the machine refused something before the agent was called.
    """
    calls = AgentCalls(assignment, runtime, schema=msgspec.json.encode(review_schema()))
    steps = StepLog()
    checked: Review | None = None
    answer: bytes | None = None
    end: RunEnds | None = None
    try:
        with steps.step("review") as step:
            diff = _whole_diff(assignment)
            step.cost_micro_usd = None
            outcome = calls.ask(assignment.feedback)
            step.cost_micro_usd = outcome.usage.cost_micro_usd
            answer = _answer(outcome)
            checked = _check(answer, diff)
            step.passed(checked.verdict.value)
    except RunEnds as reached:
        end = reached
    except StaleEpoch:
        raise
    except (RigError, OSError) as error:
        if calls.usage is None:
            raise
        end = run_broken(error)
    if end is None and checked is not None and checked.verdict is ReviewVerdict.ABSTAIN:
        end = RunEnds(FailureClass.WORK, f"the reviewer abstained: {checked.summary}")
    return ReviewOutcome(
        success=end is None,
        reason=end.reason if end else "the reviewer gave a verdict",
        head_sha=assignment.head_sha,
        transcript_path=runtime.transcript_path,
        review=checked,
        answer=answer,
        steps=steps.reports,
        usage=calls.usage,
        failure=end.failure if end else None,
        retry_seconds=end.retry_seconds if end else None,
        ending=calls.ending,
        session=calls.session,
        agent_start_seconds=calls.start_seconds,
    )


def _whole_diff(assignment: Assignment) -> Diff:
    if assignment.diff_truncated or len(assignment.diff) > MAX_DIFF:
        raise RunEnds(
            FailureClass.POLICY, "the diff is too large to be shown whole: a person must review it"
        )
    try:
        return parse_diff(assignment.diff.encode(errors="surrogateescape"))
    except Rejected as refused:
        raise RunEnds(FailureClass.POLICY, f"the diff cannot be read: {refused}") from refused


def _answer(outcome: AgentOutcome) -> bytes:
    finished = outcome.finished
    if finished is None or finished.structured is None:
        raise RunEnds(FailureClass.WORK, "the reviewer gave no structured answer")
    return finished.structured.encode(errors="replace")


def _check(answer: bytes, diff: Diff) -> Review:
    try:
        return parse_review(answer, diff=diff)
    except Rejected as refused:
        raise RunEnds(FailureClass.WORK, f"{Ending.BAD_OUTPUT.value}: {refused}") from refused
