"""What the pull request does to the state; a new head makes the old facts stale."""

from msgspec.structs import replace

from rigtasks.lifecycle.envelope import RecordedEvent
from rigtasks.lifecycle.events import work
from rigtasks.lifecycle.state import (
    IssueState,
    Lane,
    PullRequest,
)

#: Somebody else's push is known here, but the run, its commits or a person decides what follows.
_NOT_MOVED_BY_OTHERS = frozenset({Lane.ASSIGNED, Lane.IN_PROGRESS, Lane.FAILED})


def moved_head(state: IssueState, head_sha: str) -> IssueState:
    """Return the state with a new head: everything known of the old one is stale."""
    return replace(
        state,
        lane=Lane.IN_REVIEW,
        head_sha=head_sha,
        unfinished=None,
        publish=None,
        verdict=None,
        feedback=None,
        review_id=None,
        blockers=(),
        blockers_sha=None,
        abstentions=0,
    )


def pr_created(state: IssueState, event: work.PrCreated, _: RecordedEvent) -> IssueState:
    """Note the pull request and ask for a review."""
    return replace(
        moved_head(state, event.head_sha),
        branch=event.branch,
        pr=PullRequest(number=event.pr, url=event.url, author_id=event.author_id),
    )


def pr_updated(state: IssueState, event: work.PrUpdated, _: RecordedEvent) -> IssueState:
    """Follow the head, whoever moved it; somebody else's push finishes no unfinished work."""
    left = state.unfinished
    if not event.by_rig and left is not None and left.head_sha == state.head_sha:
        moved = replace(left, head_sha=event.head_sha)
        return replace(state, head_sha=event.head_sha, unfinished=moved)
    if state.lane in _NOT_MOVED_BY_OTHERS and not event.by_rig:
        return replace(state, head_sha=event.head_sha, unfinished=None)
    return moved_head(state, event.head_sha)


def pr_closed(state: IssueState, _event: work.PrClosed, _: RecordedEvent) -> IssueState:
    """Go back to the queue."""
    left = state.unfinished
    return replace(
        state,
        lane=Lane.QUEUED,
        run=None,
        publish=None,
        verdict=None,
        pr=None,
        returns=state.returns + 1,
        head_sha=None,
        unfinished=None if left is None else replace(left, abandoned=True),
        feedback=None,
        blockers=(),
        blockers_sha=None,
    )
