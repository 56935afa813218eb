"""What branch protection says about a pull request and about a push."""

from rigtasks.local.github import owners
from rigtasks.local.github.access import role_of
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import (
    ROLES,
    CheckRun,
    Protection,
    PullRequest,
    Repository,
    RequiredCheck,
    Review,
)
from rigtasks.local.github.shapes.checks import newest_statuses

_SUCCESSFUL = {"success", "neutral", "skipped"}


def newest_runs(hub: Hub, repo: Repository, sha: str) -> list[CheckRun]:
    """Return the newest check run of every name and App at a commit."""
    newest = {(run.app_id, run.name): run for run in hub.state.check_runs.of(repo.id, sha)}
    return list(newest.values())


def unsuccessful_checks(hub: Hub, repo: Repository, sha: str) -> list[str]:
    """Return the names of checks and statuses at a commit that have not succeeded."""
    runs = [run.name for run in newest_runs(hub, repo, sha) if run.conclusion not in _SUCCESSFUL]
    statuses = newest_statuses(hub.state.statuses.of(repo.id, sha))
    return runs + [row.context for row in statuses if row.state != "success"]


def standing_reviews(hub: Hub, repo: Repository, pull: PullRequest) -> list[Review]:
    """Return the newest opinion of every reviewer who may decide (write access or an App)."""
    newest: dict[int, Review] = {}
    for review in hub.state.reviews.of(repo.id, pull.number):
        if review.state == "COMMENTED":
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
    protection = hub.state.protections.first(repo.id, pull.base_ref)
    approvals = [review for review in standing if review.state == "APPROVED"]
    if protection is None or protection.required_approving_review_count is None:
        return "APPROVED" if approvals else None
    if len(approvals) < protection.required_approving_review_count:
        return "REVIEW_REQUIRED"
    if protection.require_code_owner_reviews and not _owners_approved(hub, repo, pull, approvals):
        return "REVIEW_REQUIRED"
    return "APPROVED"


def merge_blockers(hub: Hub, repo: Repository, pull: PullRequest) -> list[str]:
    """Return every rule of the base branch that the pull request does not meet, in words."""
    protection = hub.state.protections.first(repo.id, pull.base_ref)
    if protection is None:
        return []
    blockers = []
    missing = [
        check.context for check in protection.checks if not _satisfied(hub, repo, pull, check)
    ]
    if len(missing) == 1:
        blockers.append(f'Required status check "{missing[0]}" is expected.')
    elif missing:
        blockers.append(
            f"{len(missing)} of {len(protection.checks)} required status checks are expected."
        )
    blockers += _review_blockers(hub, repo, pull, protection)
    unresolved = [
        thread
        for thread in hub.state.threads.of(repo.id, pull.number)
        if thread.resolved_by_id is None
    ]
    if protection.required_conversation_resolution and unresolved:
        blockers.append("A conversation must be resolved before this pull request can be merged.")
    if protection.strict and _is_behind(hub, repo, pull):
        blockers.append("Head branch is out of date with the base branch.")
    return blockers


def _review_blockers(
    hub: Hub, repo: Repository, pull: PullRequest, protection: Protection
) -> list[str]:
    if protection.required_approving_review_count is None:
        return []
    decision = review_decision(hub, repo, pull)
    if decision == "CHANGES_REQUESTED":
        return ["Changes have been requested."]
    if decision == "REVIEW_REQUIRED":
        needed = max(protection.required_approving_review_count, 1)
        noun = "review is" if needed == 1 else "reviews are"
        return [f"At least {needed} approving {noun} required by reviewers with write access."]
    return []


def _satisfied(hub: Hub, repo: Repository, pull: PullRequest, check: RequiredCheck) -> bool:
    runs = [
        run
        for run in newest_runs(hub, repo, pull.head_sha)
        if run.name == check.context and check.app_id in {None, run.app_id}
    ]
    statuses = [
        row
        for row in newest_statuses(hub.state.statuses.of(repo.id, pull.head_sha))
        if row.context == check.context and check.app_id is None
    ]
    if not runs and not statuses:
        return False
    return all(run.conclusion in _SUCCESSFUL for run in runs) and all(
        row.state == "success" for row in statuses
    )


def _is_behind(hub: Hub, repo: Repository, pull: PullRequest) -> bool:
    git = hub.git(repo)
    tip = git.branch(pull.base_ref)
    return tip is not None and not git.is_ancestor(tip, pull.head_sha)


def _owners_approved(
    hub: Hub, repo: Repository, pull: PullRequest, approvals: list[Review]
) -> bool:
    approvers = {hub.state.accounts.get(review.author_id).login.lower() for review in approvals}
    base = hub.diff_base(repo, pull)
    paths = [file.filename for file in hub.changed_files(repo, base, pull.head_sha)]
    return owners.approved(hub.git(repo), pull.base_ref, paths, approvers)
