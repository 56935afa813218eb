"""Decisions from what GitHub shows of a pull request, in whatever order it was heard."""

from rigtasks.lifecycle.caps import loop_cap, return_cap
from rigtasks.lifecycle.commands import CiStatus, ObservePullRequest, ReviewSeen
from rigtasks.lifecycle.events.acceptance import (
    CiFailed,
    CiPassed,
    HumanGateCleared,
    MergeConflict,
    MergeOutsideRig,
    ReviewDisputed,
    ReviewPassed,
)
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.intake import IssueDone
from rigtasks.lifecycle.events.work import PrClosed, PrUpdated
from rigtasks.lifecycle.state import IssueState, Lane

_ACCEPTANCE = frozenset({Lane.IN_REVIEW, Lane.READY_TO_MERGE})


def observe(command: ObservePullRequest, state: IssueState | None) -> tuple[Event, ...]:
    """Return what is new in GitHub's picture of the pull request."""
    if state is None or state.terminal or state.pr is None or state.pr.number != command.pr:
        return ()
    if command.merged:
        return _merged(command, state)
    if not command.open:
        closed = PrClosed(pr=command.pr, by=command.closed_by)
        return (closed, *return_cap(state, f"{command.closed_by} closed its pull request"))
    if command.head_sha != state.head_sha:
        return _moved(command, state)
    if state.unfinished is not None and state.unfinished.head_sha == command.head_sha:
        return ()  # nothing that is said of unfinished work counts
    return _at_head(command, state)


def _at_head(command: ObservePullRequest, state: IssueState) -> tuple[Event, ...]:
    """Return the news about the head: red CI or a dispute sends the issue back at once."""
    ci = _ci(command, state)
    if any(isinstance(event, CiFailed) for event in ci) and state.lane in _ACCEPTANCE:
        return (*ci, *loop_cap(state))
    review = _review(command, state)
    if any(isinstance(event, ReviewDisputed) for event in review):
        return (*ci, *review, *loop_cap(state))
    return (*ci, *review, *_human_gate(command, state), *_conflict(command, state))


def _merged(command: ObservePullRequest, state: IssueState) -> tuple[Event, ...]:
    if command.merge_sha is None or state.merge_sha is not None:
        return ()
    outside = MergeOutsideRig(
        pr=command.pr,
        head_sha=command.head_sha,
        merge_sha=command.merge_sha,
        by=command.merged_by,
    )
    return (outside, IssueDone(merge_sha=command.merge_sha, pr=command.pr))


def _moved(command: ObservePullRequest, state: IssueState) -> tuple[Event, ...]:
    """Record a head pushed by somebody; the rig's own push is recorded by its publisher."""
    if state.publish is not None and command.head_sha == state.push_intent_sha:
        return ()
    return (PrUpdated(pr=command.pr, head_sha=command.head_sha, by_rig=False),)


def _ci(command: ObservePullRequest, state: IssueState) -> tuple[Event, ...]:
    known = state.ci_sha == command.head_sha
    if command.ci is CiStatus.GREEN and not (known and state.ci_green is True):
        return (CiPassed(head_sha=command.head_sha, checks=command.checks),)
    if command.ci is CiStatus.RED and not (known and state.ci_green is False):
        return (CiFailed(head_sha=command.head_sha, checks=command.checks),)
    return ()


def _deciding_review(command: ObservePullRequest) -> ReviewSeen | None:
    """Return the newest verdict at the head by somebody whose verdict counts."""
    verdicts = [
        review
        for review in command.reviews
        if review.allowed
        and review.commit_id == command.head_sha
        and review.state in {"APPROVED", "CHANGES_REQUESTED"}
    ]
    return max(verdicts, key=lambda review: review.id, default=None)


def _review(command: ObservePullRequest, state: IssueState) -> tuple[Event, ...]:
    review = _deciding_review(command)
    if review is None or not (state.lane in _ACCEPTANCE or _settles(review, state)):
        return ()
    if review.state == "APPROVED":
        if state.review_sha == command.head_sha and state.lane in _ACCEPTANCE:
            return ()
        return (
            ReviewPassed(
                review_id=review.id,
                head_sha=command.head_sha,
                reviewer_id=review.reviewer_id,
                reviewer=review.reviewer,
            ),
        )
    if review.id <= state.last_dispute_id:
        return ()
    return (
        ReviewDisputed(
            review_id=review.id,
            head_sha=command.head_sha,
            reviewer_id=review.reviewer_id,
            reviewer=review.reviewer,
            summary=review.summary,
            findings=review.findings,
        ),
    )


def _settles(review: ReviewSeen, state: IssueState) -> bool:
    """Say whether a person's approval answers an issue that waits for a person, not for a run.

    One that was heard before answers nothing again: what called the person came after it.
    """
    waits = state.lane is Lane.CHANGES_REQUESTED and state.overlay is not None
    new = review.id > (state.review_id or 0)
    return waits and new and review.human and review.state == "APPROVED"


def _human_gate(command: ObservePullRequest, state: IssueState) -> tuple[Event, ...]:
    if state.gate_sha != command.head_sha or state.gate_cleared_sha == command.head_sha:
        return ()
    for review in command.reviews:
        person = review.human and review.allowed and review.state == "APPROVED"
        if person and review.commit_id == command.head_sha:
            cleared = HumanGateCleared(
                head_sha=command.head_sha, by_id=review.reviewer_id, by=review.reviewer
            )
            return (cleared,)
    return ()


def _conflict(command: ObservePullRequest, state: IssueState) -> tuple[Event, ...]:
    behind = command.behind and state.lane is Lane.READY_TO_MERGE
    if not (command.conflict or behind) or state.lane not in _ACCEPTANCE:
        return ()
    conflict = MergeConflict(head_sha=command.head_sha, base_sha=command.base_sha)
    return (conflict, *return_cap(state, "its base had moved"))
