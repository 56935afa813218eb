"""What CI, reviews, gates and the merge do to the state."""

from msgspec.structs import replace

from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import acceptance, liveness
from rigtasks.lifecycle.feedback import ci_feedback, conflict_feedback, review_feedback
from rigtasks.lifecycle.state import (
    IssueState,
    Lane,
)

_ACCEPTANCE_LANES = frozenset({Lane.IN_REVIEW, Lane.READY_TO_MERGE})


def ci_passed(state: IssueState, event: acceptance.CiPassed, _: RecordedEvent) -> IssueState:
    """Note that CI is green at a head."""
    return replace(state, ci_sha=event.head_sha, ci_green=True)


def ci_failed(state: IssueState, event: acceptance.CiFailed, _: RecordedEvent) -> IssueState:
    """Note that CI is red, and go back to the branch when it is the head."""
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


def review_passed(
    state: IssueState, event: acceptance.ReviewPassed, _: RecordedEvent
) -> IssueState:
    """Note the approval of a head; it answers an escalation about that head as well."""
    judged = state.lane is Lane.IN_REVIEW or (
        state.lane is Lane.CHANGES_REQUESTED and state.overlay is not None
    )
    ready = judged and event.head_sha == state.head_sha
    return replace(
        state,
        lane=Lane.READY_TO_MERGE if ready else state.lane,
        overlay=None if ready else state.overlay,
        who_must_act=None if ready else state.who_must_act,
        verdict=None,
        review_sha=event.head_sha,
        review_id=event.review_id,
    )


def review_disputed(
    state: IssueState, event: acceptance.ReviewDisputed, _: RecordedEvent
) -> IssueState:
    """Go back to the branch with the findings."""
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


def abstained(
    state: IssueState, _event: acceptance.ReviewAbstained, _: RecordedEvent
) -> IssueState:
    """Ask for another review."""
    return replace(state, run=None, verdict=None, abstentions=state.abstentions + 1)


def gate_triggered(
    state: IssueState, event: acceptance.HumanGateTriggered, _: RecordedEvent
) -> IssueState:
    """Note that a person has to look."""
    return replace(state, gate_sha=event.head_sha, gate_reasons=event.reasons)


def gate_cleared(
    state: IssueState, event: acceptance.HumanGateCleared, _: RecordedEvent
) -> IssueState:
    """Note that a person looked."""
    return replace(state, gate_cleared_sha=event.head_sha)


def gate_waiting(
    state: IssueState, event: acceptance.MergeGateWaiting, _: RecordedEvent
) -> IssueState:
    """Note what blocks the merge."""
    return replace(state, blockers=event.blockers, blockers_sha=event.head_sha)


def conflict(state: IssueState, event: acceptance.MergeConflict, _: RecordedEvent) -> IssueState:
    """Go back to the branch to merge the base."""
    if state.lane not in _ACCEPTANCE_LANES:
        return state
    return replace(
        state,
        lane=Lane.CHANGES_REQUESTED,
        run=None,
        verdict=None,
        conflicts=state.conflicts + 1,
        feedback=conflict_feedback(event, state.base_branch),
    )


def merged(
    state: IssueState,
    event: acceptance.Merged | acceptance.MergeOutsideRig | liveness.BreakGlassMerge,
    _: RecordedEvent,
) -> IssueState:
    """Note the merge commit."""
    return replace(
        state,
        merge_sha=event.merge_sha,
        run=None,
        publish=None,
        verdict=None,
        blockers=(),
        blockers_sha=None,
    )
