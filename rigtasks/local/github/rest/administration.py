"""REST: settings of a repository, its transfer, its forks, its teams, and its CODEOWNERS."""

import re
from typing import Any

from werkzeug.wrappers import Response

from rigtasks.local.github import forks, owners, repository_changes
from rigtasks.local.github.access import CallerKind, sees
from rigtasks.local.github.answers import (
    HttpError,
    invalid,
    json_response,
    missing,
    no_content,
    not_found,
)
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.governance import Team
from rigtasks.local.github.model import Account, AccountType
from rigtasks.local.github.rest.repositories import full_shape
from rigtasks.local.github.shapes import accounts, repositories
from rigtasks.local.github.shapes import teams as team_shapes
from rigtasks.local.github.teams import in_organization

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TEXTS = ("name", "description", "default_branch")
_SWITCHES = (
    "archived",
    "private",
    "delete_branch_on_merge",
    "allow_merge_commit",
    "allow_squash_merge",
    "allow_rebase_merge",
    "allow_update_branch",
)


def update_repository(call: Call) -> Response:
    """Change a repository's name, settings or default branch."""
    changes: dict[str, Any] = {
        name: call.text(name) for name in _TEXTS if call.body.get(name) is not None
    }
    for name in _SWITCHES:
        value = call.body.get(name)
        if value is not None and not isinstance(value, bool):
            raise HttpError(422, f"Invalid request.\n\n{value!r} is not a boolean.")
        if value is not None:
            changes[name] = value
    if "name" in changes and not _NAME.fullmatch(changes["name"]):
        raise invalid("Repository", "name")
    row = repository_changes.edit(call.hub, call.repo, call.account, changes)
    return json_response(full_shape(call, row))


def delete_repository(call: Call) -> Response:
    """Delete a repository for good."""
    repository_changes.delete(call.hub, call.repo, call.account)
    return no_content()


def transfer_repository(call: Call) -> Response:
    """Give a repository to another account; the answer still shows the old owner."""
    owner = call.hub.account(call.required_text("new_owner"))
    if owner is None or owner.type is AccountType.BOT:
        raise invalid("Repository", "new_owner")
    before = repositories.repository(call.hub, call.repo, call.view)
    name = call.text("new_name")
    repository_changes.transfer(call.hub, call.repo, owner, call.account, name)
    return json_response(before, 202)


def create_fork(call: Call) -> Response:
    """Fork a repository to an organisation, or to the calling person."""
    organization = call.text("organization")
    if organization is None and call.caller.kind is not CallerKind.PERSONAL:
        raise missing("Fork", "organization")
    owner = call.account if organization is None else call.hub.account(organization)
    if owner is None or (organization and owner.type is not AccountType.ORGANIZATION):
        raise invalid("Fork", "organization")
    row = forks.create(
        call.hub,
        call.repo,
        owner,
        call.account,
        name=call.text("name"),
        default_branch_only=call.body.get("default_branch_only") is True,
    )
    return json_response(repositories.full_repository(call.hub, row, call.view), 202)


def list_forks(call: Call) -> Response:
    """List the forks the caller may know, newest first."""
    rows = [row for row in forks.forks_of(call.hub, call.repo) if sees(call.caller, row)]
    return call.page(rows[::-1], lambda row: repositories.repository(call.hub, row, call.view))


def codeowners_errors(call: Call) -> Response:
    """List what is wrong with the CODEOWNERS file of a branch."""
    branch = call.request.args.get("ref") or call.repo.default_branch
    if call.hub.git(call.repo).branch(branch) is None:
        raise not_found()
    errors = owners.errors(call.hub, call.repo, branch)
    if errors is None:
        raise not_found()
    return json_response({"errors": errors})


def repository_teams(call: Call) -> Response:
    """List the teams that have access to a repository."""
    rows = [
        team
        for team in call.state.teams.of(call.repo.owner_id)
        if team.roles.get(call.repo.id, "none") != "none"
    ]
    return call.page(rows, lambda row: team_shapes.team(call.hub, row, call.view, call.repo.id))


def _organization(call: Call) -> Account:
    """Return the organisation the address names, where the caller may look at its teams."""
    found = call.hub.organization(call.arguments["org"])
    if found is None:
        raise not_found()
    caller = call.caller
    if caller.installation is not None:
        if caller.installation.account_id != found.id:
            raise not_found()
    elif caller.account is None or not _belongs(call, caller.account, found):
        raise not_found()
    return found


def _belongs(call: Call, person: Account, organization: Account) -> bool:
    repositories_of = call.state.repositories.of(organization.id)
    return any(person.id in team.member_ids for team in call.state.teams.of(organization.id)) or (
        any(repo.roles.get(person.id, "none") != "none" for repo in repositories_of)
    )


def _team(call: Call) -> Team:
    found = in_organization(call.hub, _organization(call), call.arguments["slug"])
    if found is None:
        raise not_found()
    return found


def list_teams(call: Call) -> Response:
    """List the teams of an organisation."""
    rows = call.state.teams.of(_organization(call).id)
    return call.page(rows, lambda row: team_shapes.team(call.hub, row, call.view))


def get_team(call: Call) -> Response:
    """Show a team by its slug."""
    return json_response(team_shapes.full_team(call.hub, _team(call), call.view))


def team_members(call: Call) -> Response:
    """List the members of a team."""
    rows = [call.state.accounts.get(member) for member in _team(call).member_ids]
    return call.page(rows, lambda row: accounts.account(row, call.view))


def team_membership(call: Call) -> Response:
    """Tell that a person is a member of a team; 404 where they are not."""
    team, person = _team(call), call.hub.account(call.arguments["login"])
    if person is None or person.id not in team.member_ids:
        raise not_found()
    return json_response({"url": call.url, "role": "member", "state": "active"})


_R = "/repos/<owner>/<repo>"
_T = "/orgs/<org>/teams"
_READ_TEAMS = "members:read"
_ADMINISTER = "administration:write"
ROUTES = (
    Route(method="PATCH", rule=_R, handler=update_repository, needs=_ADMINISTER, archived=True),
    Route(method="DELETE", rule=_R, handler=delete_repository, needs=_ADMINISTER, archived=True),
    Route(
        method="POST",
        rule=f"{_R}/transfer",
        handler=transfer_repository,
        needs=_ADMINISTER,
        archived=True,
    ),
    Route(
        method="POST",
        rule=f"{_R}/forks",
        handler=create_fork,
        needs="administration:fork",
        archived=True,
    ),
    Route(method="GET", rule=f"{_R}/forks", handler=list_forks, needs="metadata:read"),
    Route(
        method="GET",
        rule=f"{_R}/codeowners/errors",
        handler=codeowners_errors,
        needs="contents:read",
    ),
    Route(method="GET", rule=f"{_R}/teams", handler=repository_teams, needs="administration:read"),
    Route(method="GET", rule=_T, handler=list_teams, needs=_READ_TEAMS),
    Route(method="GET", rule=f"{_T}/<slug>", handler=get_team, needs=_READ_TEAMS),
    Route(method="GET", rule=f"{_T}/<slug>/members", handler=team_members, needs=_READ_TEAMS),
    Route(
        method="GET",
        rule=f"{_T}/<slug>/memberships/<login>",
        handler=team_membership,
        needs=_READ_TEAMS,
    ),
)
