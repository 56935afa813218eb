"""What follows when refs move: push events, pull request heads, merges made by hand."""

from datetime import datetime

import msgspec

from rigtasks.local.github import pull_heads, pulls
from rigtasks.local.github.answers import HttpError, invalid
from rigtasks.local.github.git import ZERO, GitFailedError
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.model import Account, Repository
from rigtasks.local.github.rules import updates
from rigtasks.local.github.shapes import repositories as shapes

_COMMITS_IN_PAYLOAD = 2_048
_LARGEST_TAG_PUSH = 3


def refs_moved(
    hub: Hub, repo: Repository, before: dict[str, str], after: dict[str, str], actor: Account
) -> None:
    """Follow every ref that differs between two listings."""
    moved = [
        (ref, before.get(ref, ZERO), after.get(ref, ZERO))
        for ref in sorted(before.keys() | after.keys())
        if before.get(ref) != after.get(ref)
    ]
    tags = sum(ref.startswith("refs/tags/") for ref, _, _ in moved)
    for ref, old, new in moved:
        if ref.startswith("refs/heads/"):
            branch_moved(hub, repo, ref.removeprefix("refs/heads/"), old, new, actor)
        elif tags <= _LARGEST_TAG_PUSH:
            _announce_push(hub, repo, ref, old, new, actor)


def branch_moved(
    hub: Hub, repo: Repository, branch: str, old: str, new: str, actor: Account
) -> None:
    """Announce a moved branch and bring its pull requests along."""
    state = hub.state
    with state.change():
        repo = state.repositories.get(repo.id)
        now = state.now()
        state.repositories.put(_pushed(repo, now, branch, new, actor))
        _announce_push(hub, repo, f"refs/heads/{branch}", old, new, actor)
        for into, pull, half in pull_heads.from_branch(hub, repo, branch):
            if new == ZERO:
                pull_heads.head_deleted(hub, into, pull, half, actor)
            else:
                pull_heads.head_moved(hub, into, pull, half, actor, new)
        if new == ZERO:
            return
        for pull, half in pull_heads.open_pulls(hub, repo):
            if pull.base_ref == branch and _contains(hub, repo, new, pull.head_sha):
                pulls.mark_merged(hub, repo, pull, half, actor, pull.head_sha)


def delete_ref(hub: Hub, repo: Repository, ref: str, actor: Account) -> None:
    """Delete a ref over the API.

    Raises:
        HttpError: 422 when there is no such ref, or it is the default or a protected branch.
    """
    git = hub.git(repo)
    old = git.refs(ref).get(ref)
    if old is None:
        raise HttpError(422, "Reference does not exist")
    branch = ref.removeprefix("refs/heads/")
    if branch == repo.default_branch:
        raise HttpError(422, "Cannot delete the default branch")
    _refuse(hub, repo, branch, old, ZERO, actor)
    git.delete_ref(ref)
    refs_moved(hub, repo, {ref: old}, {}, actor)


def set_ref(
    hub: Hub, repo: Repository, ref: str, sha: str, actor: Account, *, force: bool = False
) -> None:
    """Create a ref, or move it, over the API.

    Raises:
        HttpError: 422 when a rule forbids it, or the move is none forward and not forced.
    """
    git = hub.git(repo)
    old = git.refs(ref).get(ref, ZERO)
    if old != ZERO and not force and not git.is_ancestor(old, sha):
        raise HttpError(422, "Update is not a fast forward")
    if ref.startswith("refs/heads/"):
        _refuse(hub, repo, ref.removeprefix("refs/heads/"), old, sha, actor)
    try:
        git.update_ref(ref, sha, old)
    except GitFailedError as failure:
        raise invalid("Reference", "ref") from failure
    refs_moved(hub, repo, {} if old == ZERO else {ref: old}, {ref: sha}, actor)


def refused(
    hub: Hub, repo: Repository, branch: str, old: str, new: str, actor: Account
) -> list[updates.Refusal]:
    """Return what keeps somebody from moving a branch to a commit that is in the repository."""
    listed = updates.refusals(hub, repo, branch, old, new, actor)
    git = hub.git(repo)
    return [one for one in listed if updates.holds(git, one, old, new)]


def _refuse(hub: Hub, repo: Repository, branch: str, old: str, new: str, actor: Account) -> None:
    if found := refused(hub, repo, branch, old, new, actor):
        raise HttpError(422, updates.in_words(found))


def _pushed(repo: Repository, now: datetime, branch: str, new: str, actor: Account) -> Repository:
    pushers = {name: one for name, one in repo.pusher_ids.items() if name != branch}
    if new != ZERO:
        pushers[branch] = actor.id
    return msgspec.structs.replace(repo, pushed_at=now, updated_at=now, pusher_ids=pushers)


def _contains(hub: Hub, repo: Repository, tip: str, sha: str) -> bool:
    return hub.git(repo).is_ancestor(sha, tip)


def _announce_push(
    hub: Hub, repo: Repository, ref: str, old: str, new: str, actor: Account
) -> None:
    git = hub.git(repo)
    commits = []
    if new != ZERO:
        since = [f"^{old}"] if old != ZERO else _other_heads(hub, repo, ref)
        listed = git.commits(new, *since, limit=_COMMITS_IN_PAYLOAD)
        for commit in reversed(listed):
            files = hub.changed_files(repo, commit.parents[0], commit.sha) if commit.parents else []
            commits.append(shapes.pushed_commit(hub, repo, commit, files))
    head = git.commits(new, limit=1)[0] if new != ZERO else None
    fields = {
        "ref": ref,
        "before": old,
        "after": new,
        "created": old == ZERO,
        "deleted": new == ZERO,
        "forced": ZERO not in {old, new} and not git.is_ancestor(old, new),
        "base_ref": None,
        "compare": f"{hub.web}/{hub.full_name(repo)}/compare/{old[:12]}...{new[:12]}",
        "commits": commits,
        "head_commit": None if head is None else shapes.pushed_commit(hub, repo, head, []),
        "pusher": {"name": actor.login, "email": actor.email},
    }
    happening = Happening(
        event="push",
        action=None,
        repository_id=repo.id,
        sha=None if new == ZERO else new,
        ref=ref,
        created=old == ZERO,
    )
    hub.announce("push", None, repo, actor, fields, happening)


def _other_heads(hub: Hub, repo: Repository, ref: str) -> list[str]:
    return [f"^{sha}" for name, sha in hub.git(repo).refs().items() if name != ref]
