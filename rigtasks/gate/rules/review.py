"""Review: an allowed reviewer, not an author or pusher, approved exactly this head."""

from rigtasks.gate.approvals import approvals_at_head, refusals, standing_reviews
from rigtasks.gate.facts import GateFacts, ReviewState, Source
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed, pending, unknown


def judge(facts: GateFacts) -> Finding:
    """Judge the reviews at the head."""
    doubt = _doubt_about_the_range(facts)
    if doubt:
        return unknown(
            doubt,
            Unblock(
                who="the author agent",
                how="push commits whose e-mail addresses belong to GitHub accounts",
            ),
        )
    refused = refusals(facts)
    if refused:
        first = refused[0]
        return failed(
            "; ".join(f"{one.reviewer} asked for changes (review {one.id})" for one in refused),
            Unblock(
                who=first.reviewer,
                how="approves the new head, or dismisses the own review",
                url=first.url,
            ),
            evidence=tuple(f"review {one.id} by {one.reviewer_id}" for one in refused),
            url=first.url,
        )
    for review in approvals_at_head(facts):
        if review.reviewer_id in facts.accounts.approver_ids:
            return passed(
                f"{review.reviewer} approved this head",
                f"review {review.id} by account {review.reviewer_id} of commit {review.commit_id}",
                f"submitted {review.submitted_at.isoformat()}",
                url=review.url,
            )
    return pending(
        _why_no_approval(facts),
        Unblock(who="an allowed reviewer", how="reviews this head", url=facts.pull_request.url),
    )


def _doubt_about_the_range(facts: GateFacts) -> str:
    """Return why reviewer and author cannot be compared, or nothing."""
    if facts.commits.head_sha != facts.head_sha:
        return f"the commits were read for {facts.commits.head_sha}, not for this head"
    if not facts.commits.identities:
        return "nobody is known to have written these commits"
    nameless = [one for one in facts.commits.identities if one.account_id is None]
    if nameless:
        return "; ".join(f"{one.role} {one.name} has no GitHub account" for one in nameless)
    return ""


def _why_no_approval(facts: GateFacts) -> str:
    """Say which approval came closest and why it does not count."""
    reasons = []
    for review in standing_reviews(facts):
        if review.state is not ReviewState.APPROVED:
            continue
        if review.commit_id != facts.head_sha:
            reasons.append(f"{review.reviewer} approved {review.commit_id}, not this head")
        elif review.reviewer_id in facts.involved_ids:
            reasons.append(f"{review.reviewer} had a hand in this change")
        else:
            reasons.append(f"{review.reviewer} is not an allowed reviewer")
    return "; ".join(reasons) or "no review of this head yet"


RULE = Rule(
    gate=Gate.REVIEW,
    title="Review",
    reads=frozenset({Source.PULL_REQUEST, Source.REVIEWS, Source.COMMITS}),
    judge=judge,
)
