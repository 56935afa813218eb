"""The shapes of teams."""

from typing import Any

from rigtasks.local.github.governance import Team
from rigtasks.local.github.hub import Hub, View, node_id, stamp
from rigtasks.local.github.model import ROLES
from rigtasks.local.github.shapes import accounts

Json = dict[str, Any]

WORDS = {"read": "pull", "triage": "triage", "write": "push", "maintain": "maintain"}
"""The names that teams use for repository roles; admin and none are called the same."""


def team(hub: Hub, row: Team, view: View, repository_id: int | None = None) -> Json:
    """Render GitHub's `team`, with what it may do in a repository where one is given."""
    organization = hub.state.accounts.get(row.organization_id)
    api = f"{view.api}/organizations/{organization.id}/team/{row.id}"
    role = "none" if repository_id is None else row.roles.get(repository_id, "none")
    shape: Json = {
        "id": row.id,
        "node_id": node_id("T", row.id),
        "name": row.name,
        "slug": row.slug,
        "description": row.description,
        "privacy": row.privacy,
        "notification_setting": "notifications_enabled",
        "url": api,
        "html_url": f"{view.web}/orgs/{organization.login}/teams/{row.slug}",
        "members_url": f"{api}/members{{/member}}",
        "repositories_url": f"{api}/repos",
        "type": "organization",
        "organization_id": organization.id,
        "permission": "pull" if role == "none" else WORDS.get(role, role),
        "parent": None,
    }
    if repository_id is not None:
        at = ROLES.index(role)
        shape["permissions"] = {
            name: at >= ROLES.index(needed) for needed, name in {**WORDS, "admin": "admin"}.items()
        }
    return shape


def full_team(hub: Hub, row: Team, view: View) -> Json:
    """Render GitHub's `team-full`."""
    organization = hub.state.accounts.get(row.organization_id)
    return {
        **team(hub, row, view),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.created_at),
        "members_count": len(row.member_ids),
        "repos_count": sum(role != "none" for role in row.roles.values()),
        "organization": {
            **accounts.organization(organization, view),
            "html_url": f"{view.web}/{organization.login}",
            "name": organization.name or organization.login,
            "has_organization_projects": False,
            "has_repository_projects": False,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": stamp(organization.created_at),
            "updated_at": stamp(organization.created_at),
            "archived_at": None,
            "type": "Organization",
        },
    }
