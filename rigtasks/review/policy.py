"""From a checked review to what the rig does with it: post it, ask again, or call a person."""

from enum import StrEnum
from typing import assert_never

import msgspec

from rigtasks.review.body import comment_body, review_body
from rigtasks.review.findings import Finding, Review, ReviewVerdict

#: More comments than this go into the body of the review.
MAX_COMMENTS = 50


class ReviewEvent(StrEnum):
    """GitHub's name for what a posted review says."""

    APPROVE = "APPROVE"
    REQUEST_CHANGES = "REQUEST_CHANGES"


class ReviewComment(msgspec.Struct, frozen=True, kw_only=True):
    """One comment on a line of the new side."""

    path: str
    line: int
    body: str
    side: str = "RIGHT"


class PostReview(msgspec.Struct, frozen=True, kw_only=True):
    """Post this review, bound to `commit_id`.

    `loops_exceeded` is set when this is one demand for changes more than the cap allows: post it
    and hand the issue to a person.
    """

    commit_id: str
    event: ReviewEvent
    body: str
    comments: tuple[ReviewComment, ...] = ()
    loops_exceeded: bool = False


class Redispatch(msgspec.Struct, frozen=True, kw_only=True):
    """Give the review to a reviewer again; nothing is posted."""

    reason: str


class Escalate(msgspec.Struct, frozen=True, kw_only=True):
    """Call a person; nothing is posted."""

    reason: str
    remedy: str


ReviewOutcome = PostReview | Redispatch | Escalate


class ReviewRound(msgspec.Struct, frozen=True, kw_only=True):
    """What a review is about and what came before it.

    Attributes:
        reviewed_sha: the head whose diff the reviewer saw.
        head_sha: the head of the pull request now.
        reviewer_id: the account that would post.
        involved_ids: accounts of authors, committers and pushers of the range, of the pull
            request's opener and of the author agents; None where they could not be read.
        loops: demands for changes before this one.
        abstentions: reviews of this head that ended without a verdict before this one.
    """

    reviewed_sha: str
    head_sha: str
    reviewer_id: int
    involved_ids: frozenset[int] | None
    loops: int = 0
    abstentions: int = 0


class ReviewCaps(msgspec.Struct, frozen=True, kw_only=True):
    """How often the same may happen before a person is called."""

    max_loops: int = 3
    max_abstentions: int = 2


def decide_review(
    review: Review | None, round_: ReviewRound, caps: ReviewCaps | None = None
) -> ReviewOutcome:
    """Decide what becomes of a review; None stands for a reviewer who handed in nothing usable."""
    caps = caps or ReviewCaps()
    hindrance = _hindrance(round_)
    if hindrance is not None:
        return hindrance
    if review is None:
        return _again("the reviewer handed in no usable review", round_, caps)
    match review.verdict:
        case ReviewVerdict.ABSTAIN:
            return _again("the reviewer abstained", round_, caps)
        case ReviewVerdict.APPROVE:
            return _post(review, round_, ReviewEvent.APPROVE, exceeded=False)
        case ReviewVerdict.REQUEST_CHANGES:
            exceeded = round_.loops >= caps.max_loops
            return _post(review, round_, ReviewEvent.REQUEST_CHANGES, exceeded=exceeded)
        case _:
            assert_never(review.verdict)


def _hindrance(round_: ReviewRound) -> Redispatch | Escalate | None:
    """Return why no review by this account may be posted now, whatever it says."""
    if round_.involved_ids is None:
        return Redispatch(reason="the authors of the change could not be read")
    if round_.reviewer_id in round_.involved_ids:
        return Escalate(
            reason=f"account {round_.reviewer_id} would review a change it had a hand in",
            remedy="Give the reviewer an account of its own, or review by hand.",
        )
    if round_.reviewed_sha != round_.head_sha:
        return Redispatch(reason="the branch moved while it was reviewed")
    return None


def _again(reason: str, round_: ReviewRound, caps: ReviewCaps) -> Redispatch | Escalate:
    if round_.abstentions < caps.max_abstentions:
        return Redispatch(reason=reason)
    return Escalate(
        reason=f"{reason}, {round_.abstentions + 1} times at this head",
        remedy="Review the pull request by hand.",
    )


def _post(review: Review, round_: ReviewRound, event: ReviewEvent, *, exceeded: bool) -> PostReview:
    inline = review.placed[:MAX_COMMENTS]
    rest = (*review.unplaced, *review.placed[MAX_COMMENTS:])
    return PostReview(
        commit_id=round_.reviewed_sha,
        event=event,
        body=review_body(review.summary, rest),
        comments=tuple(comment for one in inline for comment in _comments(one)),
        loops_exceeded=exceeded,
    )


def _comments(finding: Finding) -> tuple[ReviewComment, ...]:
    if finding.path is None or finding.line is None:
        return ()
    return (ReviewComment(path=finding.path, line=finding.line, body=comment_body(finding)),)
