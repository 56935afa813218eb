"""Teams of an organisation: who is in them, and what that lets them do in repositories."""

import msgspec

from rigtasks.local.github.governance import Team
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import ROLES, Account


def put(hub: Hub, row: Team) -> Team:
    """Store a team, and give its members what its roles say."""
    with hub.state.change():
        before = hub.state.teams.find(row.id)
        hub.state.teams.put(row)
        touched = set(row.roles) | set(() if before is None else before.roles)
        for repository_id in touched:
            _grant(hub, repository_id)
        return row


def in_organization(hub: Hub, organization: Account, slug: str) -> Team | None:
    """Return a team by its slug, or None."""
    teams = hub.state.teams.of(organization.id)
    return next((team for team in teams if team.slug == slug.lower()), None)


def _grant(hub: Hub, repository_id: int) -> None:
    repo = hub.state.repositories.get(repository_id)
    granted: dict[int, str] = {}
    for team in hub.state.teams.of(repo.owner_id):
        role = team.roles.get(repo.id, "none")
        for member in team.member_ids:
            granted[member] = max(granted.get(member, "none"), role, key=ROLES.index)
    hub.state.repositories.put(msgspec.structs.replace(repo, granted_by_teams=granted))
