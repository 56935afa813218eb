"""Which reviews stand at a head, by account id and never by words."""

from collections.abc import Callable

from rigtasks.gate.facts import GateFacts, Review, ReviewState

_DECISIVE = frozenset({ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED})


def standing_reviews(facts: GateFacts) -> tuple[Review, ...]:
    """Return each reviewer's newest decisive review; comments never replace a verdict."""
    newest: dict[int, Review] = {}
    for review in sorted(facts.reviews, key=lambda one: (one.submitted_at, one.id)):
        if review.state in _DECISIVE:
            newest[review.reviewer_id] = review
    return tuple(newest[key] for key in sorted(newest))


def approvals_at_head(facts: GateFacts) -> tuple[Review, ...]:
    """Return the approvals of exactly this head by accounts that had no hand in it."""
    return tuple(
        review
        for review in standing_reviews(facts)
        if review.state is ReviewState.APPROVED
        and review.commit_id == facts.head_sha
        and review.reviewer_id not in facts.involved_ids
    )


def refusals(facts: GateFacts) -> tuple[Review, ...]:
    """Return the demands for changes that still stand, at whatever head they were made.

    Only a reviewer who is known to lack write permission is passed over. A demand that one of the
    author agents dismissed still stands.
    """
    return _standing(
        facts, lambda review: review.state is ReviewState.CHANGES_REQUESTED
    ) + _standing(
        facts,
        lambda review: (
            review.state is ReviewState.DISMISSED and review.dismissed_by_id in facts.involved_ids
        ),
    )


def _standing(facts: GateFacts, wanted: Callable[[Review], bool]) -> tuple[Review, ...]:
    allowed = facts.accounts.approver_ids
    return tuple(
        review
        for review in standing_reviews(facts)
        if wanted(review) and (review.can_write is not False or review.reviewer_id in allowed)
    )
