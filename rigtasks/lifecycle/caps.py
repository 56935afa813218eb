"""The caps that end with a person instead of one more round."""

from rigtasks.budget.cap import Standing
from rigtasks.budget.cap import decide as decide_cap
from rigtasks.lifecycle.events.acceptance import ReviewLoopExceeded
from rigtasks.lifecycle.events.base import Event
from rigtasks.lifecycle.events.liveness import Escalated
from rigtasks.lifecycle.failure import WHO_MUST_ACT, FailureClass
from rigtasks.lifecycle.state import IssueState

#: Reviews that may end without a verdict before a person is called.
MAX_ABSTENTIONS = 3

#: Conflicts with the base branch that the agent may be sent back for before a person is called.
MAX_CONFLICTS = 5

#: Runs in a row that may be interrupted from outside before a person is called.
MAX_INTERRUPTIONS = 10


def interruption_cap(state: IssueState, failure: FailureClass, reason: str) -> tuple[Event, ...]:
    """Call a person when one more run in a row was interrupted and the cap is reached."""
    count = state.interruptions + 1
    if count < MAX_INTERRUPTIONS:
        return ()
    sentence = f"{count} runs in a row were interrupted; the last: {reason}"
    return (Escalated(reason=sentence, who_must_act=WHO_MUST_ACT[failure]),)


def abstention_cap(state: IssueState, reason: str) -> tuple[Event, ...]:
    """Call a person when one more review gave no verdict and the cap is reached."""
    count = state.abstentions + 1
    if count < MAX_ABSTENTIONS:
        return ()
    sentence = f"{count} reviews gave no verdict; the last: {reason}"
    return (Escalated(reason=sentence, who_must_act="a reviewer with write permission"),)


def loop_cap(state: IssueState) -> tuple[Event, ...]:
    """Call a person when one more round of review or CI would exceed the cap."""
    loops = state.review_loops + 1
    if loops <= state.limits.max_review_loops:
        return ()
    sentence = f"{loops} rounds of review or CI did not end in an approval"
    return (
        ReviewLoopExceeded(loops=loops),
        Escalated(reason=sentence, who_must_act="a maintainer of the repository"),
    )


def conflict_cap(state: IssueState) -> tuple[Event, ...]:
    """Call a person when the branch conflicts with its base once more and the cap is reached."""
    count = state.conflicts + 1
    if count <= MAX_CONFLICTS:
        return ()
    sentence = f"the branch was sent back {MAX_CONFLICTS} times to take in {state.base_branch}"
    return (
        Escalated(
            reason=f"{sentence}, and still cannot be merged into it",
            who_must_act="a maintainer of the repository",
        ),
    )


def budget_used_up(spent: int | None, cap: int) -> str | None:
    """Say why no further run may be paid for, or None while one may.

    Args:
        spent: micro-dollars so far; None when nobody knows, which counts as the whole cap.
        cap: micro-dollars for the issue.
    """
    if decide_cap(spent, cap) is not Standing.EXCEEDED:
        return None
    if spent is not None:
        return f"${spent / 1e6:.2f} of ${cap / 1e6:.2f} are spent"
    return (
        "nobody can say what the agent has cost, so the cap counts as reached: set "
        "RIG_COST_PER_CALL_USD (0 for an agent that costs nothing), then retry the issue"
    )
