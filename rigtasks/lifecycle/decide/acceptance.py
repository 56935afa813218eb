"""Decisions about verdicts, the human gate and the merge."""

from rigtasks.lifecycle.caps import abstention_cap
from rigtasks.lifecycle.commands import AbstainReview, ApproveGate, RecordGate, RecordMerge
from rigtasks.lifecycle.events.acceptance import (
    HumanGateCleared,
    Merged,
    MergeGateWaiting,
    ReviewAbstained,
)
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.intake import IssueDone
from rigtasks.lifecycle.events.liveness import OperatorGateApproved
from rigtasks.lifecycle.state import IssueState


def abstain(command: AbstainReview, state: IssueState | None) -> tuple[Event, ...]:
    """Dispatch a review again that gave no verdict, then call a person."""
    if state is None or state.verdict is None or state.verdict.run_id != command.run_id:
        return ()
    abstained = ReviewAbstained(run_id=command.run_id, reason=command.reason)
    return (abstained, *abstention_cap(state, command.reason))


def approve_gate(command: ApproveGate, state: IssueState | None) -> tuple[Event, ...]:
    """Clear the human gate for exactly the head the operator looked at, asked for or not."""
    if state is None or state.terminal or state.pr is None or state.head_sha != command.head_sha:
        return ()
    known = state.operator_clearance
    if known is not None and known.head_sha == command.head_sha:
        return ()
    approved = OperatorGateApproved(head_sha=command.head_sha, reason=command.reason, by=command.by)
    return (approved, HumanGateCleared(head_sha=command.head_sha, by_id=0, by=command.by))


def record_gate(command: RecordGate, state: IssueState | None) -> tuple[Event, ...]:
    """Write down what blocks the merge, once per set of blockers and head."""
    if state is None or state.terminal or state.head_sha != command.head_sha:
        return ()
    if state.blockers_sha == command.head_sha and state.blockers == command.blockers:
        return ()
    return (MergeGateWaiting(head_sha=command.head_sha, blockers=command.blockers),)


def record_merge(command: RecordMerge, state: IssueState | None) -> tuple[Event, ...]:
    """Record the merge with its certificate, and the end of the issue.

    A merge that happened belongs into the record even where the issue was withdrawn meanwhile.
    """
    if state is None or state.merge_sha is not None:
        return ()
    merged = Merged(
        pr=command.pr,
        head_sha=command.head_sha,
        merge_sha=command.merge_sha,
        certificate=command.certificate,
    )
    done = IssueDone(merge_sha=command.merge_sha, pr=command.pr)
    return (merged,) if state.terminal else (merged, done)
