"""Forks: made with all their objects, found in their network, and gone with their repository."""

from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.git import ZERO
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.model import Account, Repository
from rigtasks.local.github.shapes import repositories as shapes


def root_of(hub: Hub, repo: Repository) -> Repository:
    """Return the repository a network of forks began with, as far as it still exists."""
    parent = None if repo.parent_id is None else hub.state.repositories.find(repo.parent_id)
    return repo if parent is None else root_of(hub, parent)


def in_network(hub: Hub, one: Repository, other: Repository) -> bool:
    """Tell whether two repositories are forks of each other or of the same one."""
    return root_of(hub, one).id == root_of(hub, other).id


def forks_of(hub: Hub, repo: Repository) -> list[Repository]:
    """Return the direct forks of a repository."""
    return [one for one in hub.state.repositories.all() if one.parent_id == repo.id]


def fork_of(hub: Hub, repo: Repository, owner: Account) -> Repository | None:
    """Return an owner's repository in the network of another one, or None."""
    for one in hub.state.repositories.of(owner.id):
        if one.id != repo.id and in_network(hub, one, repo):
            return one
    return None


def create(
    hub: Hub,
    repo: Repository,
    owner: Account,
    actor: Account,
    *,
    name: str | None = None,
    default_branch_only: bool = False,
) -> Repository:
    """Fork a repository to an account; an existing fork of theirs is returned as it is.

    Raises:
        HttpError: 403 for the account's own repository, 422 when its name is taken there.
    """
    if owner.id == repo.owner_id:
        raise HttpError(403, "Forking within the same account is not supported.")
    known = fork_of(hub, repo, owner)
    if known is not None:
        return known
    name = name or repo.name
    if hub.repository(owner.login, name) is not None:
        raise HttpError(422, "Name already exists on this account")
    state = hub.state
    with state.change():
        now = state.now()
        fork = state.repositories.put(
            Repository(
                id=state.new_id(),
                owner_id=owner.id,
                name=name,
                private=repo.private,
                description=repo.description,
                default_branch=repo.default_branch,
                parent_id=repo.id,
                roles={actor.id: "admin"},
                created_at=now,
                updated_at=now,
                pushed_at=repo.pushed_at,
            )
        )
        git, original = hub.git(fork), hub.git(repo)
        git.create(repo.default_branch, hub.hooks_dir.resolve())
        for ref, sha in original.refs().items():
            branch = ref.removeprefix("refs/heads/")
            if branch == repo.default_branch or not default_branch_only:
                git.take(original, branch)
                git.update_ref(ref, sha, ZERO)
        fields = {"forkee": shapes.repository(hub, fork, hub.view)}
        happening = Happening(event="fork", action=None, repository_id=repo.id)
        hub.announce("fork", None, repo, actor, fields, happening)
        return fork
