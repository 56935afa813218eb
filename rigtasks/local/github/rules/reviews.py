"""Required reviews: whose opinion counts, and what is still missing."""

from rigtasks.local.github import owners
from rigtasks.local.github.access import role_of
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import ROLES, PullRequest, Repository, Review
from rigtasks.local.github.rules.requirements import Requirements, in_force


def standing_reviews(hub: Hub, repo: Repository, pull: PullRequest) -> list[Review]:
    """Return the newest opinion of every reviewer who may decide (write access or an App)."""
    newest: dict[int, Review] = {}
    for review in hub.state.reviews.of(repo.id, pull.number):
        if review.state in {"COMMENTED", "PENDING"}:
            continue
        account = hub.state.accounts.find(review.author_id)
        if account is not None and (
            account.login.endswith("[bot]")
            or ROLES.index(role_of(repo, account)) >= ROLES.index("write")
        ):
            newest[review.author_id] = review
    return [review for review in newest.values() if review.state != "DISMISSED"]


def review_decision(hub: Hub, repo: Repository, pull: PullRequest) -> str | None:
    """Return GraphQL's `reviewDecision`; None where no review is required."""
    standing = standing_reviews(hub, repo, pull)
    if any(review.state == "CHANGES_REQUESTED" for review in standing):
        return "CHANGES_REQUESTED"
    asked = [one for one in in_force(hub, repo, pull.base_ref, None) if one.approvals is not None]
    if any(_missing(hub, repo, pull, one, standing) for one in asked):
        return "REVIEW_REQUIRED"
    approved = any(review.state == "APPROVED" for review in standing)
    return "APPROVED" if asked or approved else None


def missing_reviews(
    hub: Hub, repo: Repository, pull: PullRequest, asked: Requirements
) -> list[str]:
    """Return what a pull request still needs from reviewers, in words."""
    if asked.approvals is None:
        return []
    standing = standing_reviews(hub, repo, pull)
    if any(review.state == "CHANGES_REQUESTED" for review in standing):
        return ["Changes have been requested."]
    return _missing(hub, repo, pull, asked, standing)


def _missing(
    hub: Hub, repo: Repository, pull: PullRequest, asked: Requirements, standing: list[Review]
) -> list[str]:
    approvals = [review for review in standing if review.state == "APPROVED"]
    needed = asked.approvals or 0
    missing = []
    if len(approvals) < needed:
        noun = "review is" if needed == 1 else "reviews are"
        missing.append(
            f"At least {needed} approving {noun} required by reviewers with write access."
        )
    if asked.code_owners:
        approvers = {review.author_id for review in approvals}
        waiting = owners.waiting(hub, repo, pull, approvers)
        if waiting:
            missing.append(f"Waiting on code owner review from {' and/or '.join(waiting)}.")
    pusher = None if pull.pusher_id is None else hub.state.accounts.find(pull.pusher_id)
    if asked.last_push and pusher is not None and not _after_push(pull, approvals):
        missing.append(
            f"New changes require approval from someone other than {pusher.login} because they "
            "were the last pusher."
        )
    return missing


def _after_push(pull: PullRequest, approvals: list[Review]) -> bool:
    return any(
        review.author_id != pull.pusher_id and review.commit_id == pull.head_sha
        for review in approvals
    )
