"""What happens to repositories themselves: renamed, transferred, archived, edited, deleted."""

import shutil
from typing import Any

import msgspec

from rigtasks.local.github import teams
from rigtasks.local.github.answers import HttpError, invalid, validation_failed
from rigtasks.local.github.forks import forks_of
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.model import Account, AccountType, Repository
from rigtasks.local.github.shapes import accounts

Json = dict[str, Any]


def edit(hub: Hub, repo: Repository, actor: Account, changes: Json) -> Repository:
    """Change settings; a new name redirects from the old one, archiving makes it read-only.

    Args:
        hub: the sandbox.
        repo: which repository.
        actor: who does it.
        changes: fields of `Repository` with their new values.

    Raises:
        HttpError: 422 when the name is taken or there is no such default branch, 403 for
            anything but archiving while it is archived.
    """
    wanted = {name: value for name, value in changes.items() if getattr(repo, name) != value}
    if repo.archived and wanted.get("archived") is not False and wanted:
        raise HttpError(403, "Repository was archived so is read-only.")
    if "name" in wanted:
        _check_free(hub, repo.owner_id, wanted["name"], repo)
    branch = wanted.get("default_branch")
    if branch is not None and hub.git(repo).branch(branch) is None:
        message = f"The branch {branch} was not found. Please push that ref first or create it."
        raise invalid("Repository", "default_branch", message)
    with hub.state.change():
        former = hub.full_name(repo).lower()
        if "name" in wanted:
            wanted["former_names"] = (*repo.former_names, former)
        changed = msgspec.structs.replace(repo, updated_at=hub.state.now(), **wanted)
        hub.state.repositories.put(changed)
        if branch is not None:
            hub.git(repo).run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        for action, fields in _told(repo, wanted):
            _announce(hub, changed, actor, action, fields)
        return changed


def _told(before: Repository, wanted: Json) -> list[tuple[str, Json]]:
    told: list[tuple[str, Json]] = []
    if "name" in wanted:
        told.append(("renamed", {"changes": {"repository": {"name": {"from": before.name}}}}))
    if "archived" in wanted:
        told.append(("archived" if wanted["archived"] else "unarchived", {}))
    if "private" in wanted:
        told.append(("privatized" if wanted["private"] else "publicized", {}))
    edited = {
        name: {"from": getattr(before, name)}
        for name in ("description", "default_branch")
        if name in wanted
    }
    if edited:
        told.append(("edited", {"changes": edited}))
    return told


def transfer(
    hub: Hub, repo: Repository, owner: Account, actor: Account, name: str | None = None
) -> Repository:
    """Give a repository to another account; its old address redirects.

    Raises:
        HttpError: 422 when the account has one of that name.
    """
    name = name or repo.name
    _check_free(hub, owner.id, name, repo)
    state = hub.state
    with state.change():
        before = state.accounts.get(repo.owner_id)
        former = (*repo.former_names, hub.full_name(repo).lower())
        for team in state.teams.of(before.id):
            if repo.id in team.roles:
                kept = {key: role for key, role in team.roles.items() if key != repo.id}
                teams.put(hub, msgspec.structs.replace(team, roles=kept))
        moved = msgspec.structs.replace(
            state.repositories.get(repo.id),
            owner_id=owner.id,
            name=name,
            former_names=former,
            updated_at=state.now(),
        )
        state.repositories.put(moved)
        for ruleset in state.rulesets.of(before.id):
            if ruleset.repository_id == repo.id:
                state.rulesets.put(msgspec.structs.replace(ruleset, owner_id=owner.id))
        kind = "organization" if before.type is AccountType.ORGANIZATION else "user"
        shape = (
            accounts.organization(before, hub.view)
            if kind == "organization"
            else accounts.account(before, hub.view)
        )
        fields = {"changes": {"owner": {"from": {kind: shape}}}}
        _announce(hub, moved, actor, "transferred", fields)
        return moved


def delete(hub: Hub, repo: Repository, actor: Account) -> None:
    """Delete a repository for good; its forks become forks of what it was forked from."""
    with hub.state.change():
        for fork in forks_of(hub, repo):
            hub.state.repositories.put(msgspec.structs.replace(fork, parent_id=repo.parent_id))
        _announce(hub, repo, actor, "deleted", {})
        hub.state.forget_repository(repo.id)
        shutil.rmtree(hub.git(repo).path)


def _check_free(hub: Hub, owner_id: int, name: str, repo: Repository) -> None:
    for other in hub.state.repositories.of(owner_id):
        if other.name.lower() == name.lower() and other.id != repo.id:
            error = {
                "resource": "Repository",
                "code": "custom",
                "field": "name",
                "message": "name already exists on this account",
            }
            raise validation_failed(error)


def _announce(hub: Hub, repo: Repository, actor: Account, action: str, fields: Json) -> None:
    happening = Happening(event="repository", action=action, repository_id=repo.id)
    hub.announce("repository", action, repo, actor, fields, happening)
