"""What keeps a pull request from being merged now, in GitHub's words."""

import msgspec

from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, PullRequest, Repository
from rigtasks.local.github.rules.checks import missing_checks
from rigtasks.local.github.rules.requirements import Requirements, Source, in_force
from rigtasks.local.github.rules.reviews import missing_reviews

BEHIND = "Head branch is out of date with the base branch."
NOT_LISTED = (
    "You're not authorized to push to this branch. Visit "
    "https://docs.github.com/articles/about-protected-branches/ for more information."
)
QUEUE_ONLY = "Changes must be made through the merge queue"
UNSIGNED = "Commits must have verified signatures."
LOCKED = "Cannot update this protected ref."
_RULES_FOUND = "Repository rule violations found\n\n"
_METHOD_NAMES = {"merge": "Merge", "squash": "Squash", "rebase": "Rebase"}


class Blockers(msgspec.Struct, frozen=True, kw_only=True):
    """What stands against a merge, apart by who asks for it."""

    protection: tuple[str, ...] = ()
    rulesets: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """Return all of them, the branch's protection first."""
        return self.protection + self.rulesets

    @property
    def message(self) -> str:
        """Return them as the merge call answers them."""
        listed = "\n".join(self.protection)
        if not self.rulesets:
            return listed
        found = _RULES_FOUND + "\n\n".join(self.rulesets) + "\n\n"
        return f"{listed}\n{found}" if listed else found


def merge_blockers(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    actor: Account | None = None,
    *,
    method: str | None = None,
    queued: bool = False,
) -> Blockers:
    """Return every rule of the base branch that a pull request does not meet.

    Args:
        hub: the sandbox.
        repo: the repository of the base branch.
        pull: the pull request.
        actor: who wants to merge; None looks past nobody's bypass.
        method: merge, squash or rebase; None judges no method.
        queued: leave out what only the merge queue itself decides.
    """
    found: dict[Source, list[str]] = {source: [] for source in Source}
    for asked in in_force(hub, repo, pull.base_ref, actor):
        found[asked.source] += _blockers(hub, repo, pull, asked, queued=queued)
        if method is not None and method not in asked.methods:
            found[asked.source].append(_refused_method(asked, method))
        if asked.signatures and not _signed_by_forge(hub, repo, pull, actor, method):
            found[asked.source].append(UNSIGNED)
    return Blockers(
        protection=tuple(found[Source.PROTECTION]), rulesets=tuple(found[Source.RULESET])
    )


def _blockers(
    hub: Hub, repo: Repository, pull: PullRequest, asked: Requirements, *, queued: bool
) -> list[str]:
    blockers = missing_checks(hub, repo, pull.head_sha, asked)
    blockers += missing_reviews(hub, repo, pull, asked)
    unresolved = [
        thread
        for thread in hub.state.threads.of(repo.id, pull.number)
        if thread.resolved_by_id is None and is_public(hub, thread.id, repo, pull)
    ]
    if asked.threads and unresolved:
        blockers.append("A conversation must be resolved before this pull request can be merged.")
    if asked.unlisted:
        blockers.append(NOT_LISTED)
    if asked.no_update:
        blockers.append(LOCKED)
    if asked.queue is not None and not queued:
        blockers.append(QUEUE_ONLY)
    if asked.strict and asked.checks and not queued and is_behind(hub, repo, pull):
        blockers.append(BEHIND)
    return blockers


def is_public(hub: Hub, thread_id: int, repo: Repository, pull: PullRequest) -> bool:
    """Tell whether a thread has a comment that is not part of a pending review."""
    for comment in hub.state.review_comments.of(repo.id, pull.number):
        if comment.thread_id == thread_id:
            review = (
                None if comment.review_id is None else hub.state.reviews.find(comment.review_id)
            )
            if review is None or review.state != "PENDING":
                return True
    return False


def is_behind(hub: Hub, repo: Repository, pull: PullRequest) -> bool:
    """Tell whether the base branch has commits that the head lacks."""
    git = hub.git(repo)
    tip = git.branch(pull.base_ref)
    return tip is not None and not git.is_ancestor(tip, pull.head_sha)


def _refused_method(asked: Requirements, method: str) -> str:
    if asked.source is Source.PROTECTION:
        return "Merge commits are not allowed on this repository."
    return f"{_METHOD_NAMES[method]} is not an allowed merge method in this repository."


def _signed_by_forge(
    hub: Hub, repo: Repository, pull: PullRequest, actor: Account | None, method: str | None
) -> bool:
    """Tell whether the forge would sign the result: a squash by the pull request's author."""
    half = hub.issue(repo, pull.number)
    return (
        method == "squash" and actor is not None and half is not None and half.author_id == actor.id
    )
