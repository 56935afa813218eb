"""Controls under `/_sandbox/` for what organisations decide: teams, rulesets, grants to Apps."""

import re
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github import protections, teams
from rigtasks.local.github.admin import account_named, converted
from rigtasks.local.github.answers import invalid, json_response, no_content, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.governance import Team
from rigtasks.local.github.model import ROLES, Account, AccountType
from rigtasks.local.github.setup import install_apps
from rigtasks.local.github.shapes import accounts, protection
from rigtasks.local.github.shapes import teams as team_shapes

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


class TeamPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A team: who is in it, and what it may do, by repository name."""

    name: str | None = None
    description: str | None = None
    members: tuple[str, ...] = ()
    repositories: dict[str, str] = {}


class GrantPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an App may do and is told of; None leaves that as it is."""

    permissions: dict[str, str] | None = None
    events: tuple[str, ...] | None = None


def _organization(call: Call) -> Account:
    found = account_named(call.hub, call.arguments["org"], AccountType.ORGANIZATION)
    if found.type is not AccountType.ORGANIZATION:
        raise not_found()
    return found


def create_organization(call: Call) -> Response:
    """Create an organisation (or find it), with or without the Apps."""
    row = _organization(call)
    if call.body.get("apps") is not False:
        install_apps(call.state, row)
    return json_response(accounts.account(row, call.view), 201)


def set_team(call: Call) -> Response:
    """Make a team, or put another in its place."""
    plan: TeamPlan = converted(call, TeamPlan)
    organization, slug = _organization(call), call.arguments["slug"]
    unknown = set(plan.repositories.values()) - set(ROLES)
    if not _SLUG.fullmatch(slug) or unknown:
        raise invalid("Team", "repositories" if unknown else "slug")
    known = teams.in_organization(call.hub, organization, slug)
    people = [account_named(call.hub, one, AccountType.USER) for one in plan.members]
    roles = {}
    for name, role in plan.repositories.items():
        repo = call.hub.repository(organization.login, name)
        if repo is None:
            raise invalid("Team", "repositories", f"no such repository: {name}")
        roles[repo.id] = role
    row = teams.put(
        call.hub,
        Team(
            id=call.state.new_id() if known is None else known.id,
            organization_id=organization.id,
            slug=slug,
            name=plan.name or slug,
            description=plan.description,
            member_ids=tuple(person.id for person in people),
            roles=roles,
            created_at=call.state.now() if known is None else known.created_at,
        ),
    )
    return json_response(team_shapes.full_team(call.hub, row, call.view))


def set_ruleset(call: Call) -> Response:
    """Make a ruleset of an organisation, or put another of that name in its place."""
    organization = _organization(call)
    plan: protections.RulesetPlan = converted(call, protections.RulesetPlan)
    known = next(
        (
            row
            for row in call.state.rulesets.of(organization.id)
            if row.repository_id is None and row.name == plan.name
        ),
        None,
    )
    row = protections.put_ruleset(call.hub, organization.id, None, plan, organization, known)
    return json_response(protection.full_ruleset(call.hub, row, call.view))


def delete_ruleset(call: Call) -> Response:
    """Delete a ruleset of an organisation."""
    row = call.state.rulesets.find(call.arguments["ruleset_id"])
    if row is None or row.owner_id != _organization(call).id or row.repository_id is not None:
        raise not_found()
    protections.remove_ruleset(call.hub, None, row, call.state.accounts.get(row.owner_id))
    return no_content()


def set_grants(call: Call) -> Response:
    """Change an App's permissions and events, with those of all its installations."""
    app = call.state.apps.first(call.arguments["slug"])
    if app is None:
        raise not_found()
    plan: GrantPlan = converted(call, GrantPlan)
    changes: dict[str, Any] = {
        name: value
        for name in ("permissions", "events")
        if (value := getattr(plan, name)) is not None
    }
    with call.state.change():
        app = call.state.apps.put(msgspec.structs.replace(app, **changes))
        for row in call.state.installations.all():
            if row.app_id == app.id:
                call.state.installations.put(msgspec.structs.replace(row, **changes))
    return json_response(accounts.app(call.hub, app, call.view))


_ORGANIZATION = "/_sandbox/organizations/<org>"
ROUTES = (
    Route(method="PUT", rule=_ORGANIZATION, handler=create_organization),
    Route(method="PUT", rule=f"{_ORGANIZATION}/teams/<slug>", handler=set_team),
    Route(method="PUT", rule=f"{_ORGANIZATION}/rulesets", handler=set_ruleset),
    Route(
        method="DELETE",
        rule=f"{_ORGANIZATION}/rulesets/<int:ruleset_id>",
        handler=delete_ruleset,
    ),
    Route(method="PUT", rule="/_sandbox/apps/<slug>/grants", handler=set_grants),
)
