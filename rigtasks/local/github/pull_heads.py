"""What follows for pull requests when their branches move or go away."""

import msgspec

from rigtasks.local.github import issues
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, Issue, PullRequest, Repository, Thread
from rigtasks.local.github.reviews import announce_review
from rigtasks.local.github.rules.requirements import in_force


def open_pulls(hub: Hub, repo: Repository) -> list[tuple[PullRequest, Issue]]:
    """Return the open pull requests into a repository with their issue halves."""
    return _open(hub, repo, hub.state.pulls.of(repo.id))


def _open(hub: Hub, repo: Repository, pulls: list[PullRequest]) -> list[tuple[PullRequest, Issue]]:
    found = []
    for pull in pulls:
        half = hub.issue(repo, pull.number)
        if half is not None and half.state == "open":
            found.append((pull, half))
    return found


def from_branch(
    hub: Hub, repo: Repository, branch: str
) -> list[tuple[Repository, PullRequest, Issue]]:
    """Return the open pull requests whose head is a branch, those into other repositories too."""
    found = [
        (repo, pull, half)
        for pull, half in open_pulls(hub, repo)
        if pull.fork_id is None and pull.head_ref == branch
    ]
    if repo.parent_id is None:
        return found
    for pull in hub.state.pulls.all():
        if (pull.fork_id, pull.head_ref) == (repo.id, branch):
            into = hub.state.repositories.get(pull.repository_id)
            found += [(into, one, half) for one, half in _open(hub, into, [pull])]
    return found


def head_moved(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account, sha: str
) -> None:
    """Follow a push to a pull request's branch."""
    state = hub.state
    with state.change():
        git = hub.git(repo)
        if pull.fork_id is not None:
            git.take(hub.git(state.repositories.get(pull.fork_id)), pull.head_ref)
        before = pull.head_sha
        forced = not git.is_ancestor(before, sha)
        moved = msgspec.structs.replace(
            pull,
            head_sha=sha,
            base_sha=git.branch(pull.base_ref) or pull.base_sha,
            pusher_id=actor.id,
        )
        state.pulls.put(moved)
        git.update_ref(f"refs/pull/{pull.number}/head", sha)
        _follow_threads(hub, repo, moved, before)
        _dismiss_stale_reviews(hub, repo, moved, actor)
        half = issues.touch(hub, half)
        if forced:
            issues.record(hub, repo, pull.number, actor, "head_ref_force_pushed", commit_id=sha)
        issues.announce(hub, repo, half, actor, "synchronize", {"before": before, "after": sha})


def head_deleted(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account
) -> None:
    """Close a pull request whose branch is gone."""
    with hub.state.change():
        issues.record(hub, repo, pull.number, actor, "head_ref_deleted")
        issues.set_state(hub, repo, half, actor, "closed")


def _follow_threads(hub: Hub, repo: Repository, pull: PullRequest, before: str) -> None:
    changed = {file.filename: file for file in hub.changed_files(repo, before, pull.head_sha)}
    for thread in hub.state.threads.of(repo.id, pull.number):
        if thread.outdated or thread.side == "LEFT":
            continue
        file = changed.get(thread.path)
        if file is None or thread.line is None:
            moved = msgspec.structs.replace(thread, commit_id=pull.head_sha)
        else:
            patch = file.patch
            line = None if patch is None else line_after(patch, thread.line)
            moved = _at_line(thread, line, pull.head_sha)
        hub.state.threads.put(moved)


def _at_line(thread: Thread, line: int | None, sha: str) -> Thread:
    if line is None or thread.line is None:
        return msgspec.structs.replace(thread, outdated=True)
    shift = line - thread.line
    start = None if thread.start_line is None else thread.start_line + shift
    return msgspec.structs.replace(thread, line=line, start_line=start, commit_id=sha)


def line_after(patch: str, line: int) -> int | None:
    """Return where a line of the old file is after a patch; None where it was changed."""
    old, shift = 0, 0
    for text in patch.split("\n"):
        if text.startswith("@@"):
            old = int(text.split(" ")[1].split(",")[0].lstrip("-"))
        elif old > line:
            break
        elif text.startswith("-"):
            if old == line:
                return None
            old, shift = old + 1, shift - 1
        elif text.startswith("+"):
            shift += 1
        else:
            old += 1
    return line + shift


def _dismiss_stale_reviews(hub: Hub, repo: Repository, pull: PullRequest, actor: Account) -> None:
    if not any(asked.dismiss_stale for asked in in_force(hub, repo, pull.base_ref, None)):
        return
    for review in hub.state.reviews.of(repo.id, pull.number):
        if review.state == "APPROVED" and review.commit_id != pull.head_sha:
            hub.state.reviews.put(msgspec.structs.replace(review, state="DISMISSED"))
            detail = {
                "dismissed_review": {
                    "state": "approved",
                    "review_id": review.id,
                    "dismissal_message": None,
                    "dismissal_commit_id": pull.head_sha,
                }
            }
            issues.record(hub, repo, pull.number, actor, "review_dismissed", detail=detail)
            announce_review(hub, repo, pull, review.id, actor, "dismissed")
