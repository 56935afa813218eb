"""REST: Apps, installations, tokens, users and the rate limit."""

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github import access
from rigtasks.local.github.answers import (
    HttpError,
    forbidden_to_app,
    json_response,
    no_content,
    not_found,
)
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.model import Account, Installation, Repository
from rigtasks.local.github.shapes import accounts, repositories

_LEVELS = ("none", "read", "write", "admin")


def get_app(call: Call) -> Response:
    """Answer who the signing App is."""
    installed = [row for row in call.state.installations.all() if row.app_id == call.app.id]
    shape = accounts.app(call.hub, call.app, call.view)
    return json_response({**shape, "installations_count": len(installed)})


def list_installations(call: Call) -> Response:
    """List the App's installations."""
    rows = [row for row in call.state.installations.all() if row.app_id == call.app.id]
    return call.page(rows, lambda row: accounts.installation(call.hub, row, call.view))


def _own_installation(call: Call) -> Installation:
    row = call.state.installations.find(call.arguments["installation_id"])
    if row is None or row.app_id != call.app.id:
        raise not_found()
    return row


def get_installation(call: Call) -> Response:
    """Show one installation."""
    row = _own_installation(call)
    return json_response(accounts.installation(call.hub, row, call.view))


def repository_installation(call: Call) -> Response:
    """Find the App's installation for a repository."""
    app = call.app
    owner, name = call.arguments["owner"], call.arguments["repo"]
    repo = call.hub.repository(owner, name)
    if repo is None and (renamed := call.hub.renamed_repository(owner, name)) is not None:
        raise call.moved_to(renamed)
    row = None if repo is None else call.hub.installation(app.id, repo.owner_id)
    if row is None:
        raise not_found()
    return json_response(accounts.installation(call.hub, row, call.view))


def account_installation(call: Call) -> Response:
    """Find the App's installation for an account."""
    return _installation_on(call, call.hub.account(call.arguments["login"]))


def organization_installation(call: Call) -> Response:
    """Find the App's installation for an organisation."""
    return _installation_on(call, call.hub.organization(call.arguments["login"]))


def _installation_on(call: Call, owner: Account | None) -> Response:
    app = call.app
    row = None if owner is None else call.hub.installation(app.id, owner.id)
    if row is None:
        raise not_found()
    return json_response(accounts.installation(call.hub, row, call.view))


def create_token(call: Call) -> Response:
    """Mint an installation token, narrowed to the repositories and permissions asked for."""
    installation = _own_installation(call)
    chosen = _chosen_repositories(call, installation)
    text, row = access.mint(
        call.state,
        prefix="ghs_",
        lifetime=call.hub.options.token_lifetime,
        installation=installation,
        permissions=_chosen_permissions(call, installation),
        repository_ids=None if chosen is None else tuple(repo.id for repo in chosen),
    )
    rendered = [repositories.repository(call.hub, repo, call.view) for repo in chosen or ()]
    return json_response(accounts.installation_token(text, row, chosen, rendered), 201)


def _chosen_repositories(call: Call, installation: Installation) -> list[Repository] | None:
    try:
        names = msgspec.convert(call.body.get("repositories") or (), set[str])
        ids = msgspec.convert(call.body.get("repository_ids") or (), set[int])
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error
    if not names and not ids:
        return None
    known = call.state.repositories.of(installation.account_id)
    chosen = [repo for repo in known if repo.id in ids or repo.name in names]
    if not (ids <= {repo.id for repo in chosen} and names <= {repo.name for repo in chosen}):
        raise HttpError(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return chosen


def _chosen_permissions(call: Call, installation: Installation) -> dict[str, str]:
    asked: Any = call.body.get("permissions")
    if not asked:
        return dict(installation.permissions)
    if not isinstance(asked, dict):
        raise HttpError(422, "Invalid request.\n\nFor 'properties/permissions', not an object.")
    for name, level in asked.items():
        granted = installation.permissions.get(name, "none")
        if level not in _LEVELS or _LEVELS.index(level) > _LEVELS.index(granted):
            raise HttpError(422, "The permissions requested are not granted to this installation.")
    return {"metadata": "read", **asked}


def installation_repositories(call: Call) -> Response:
    """List the repositories an installation token reaches."""
    installation, token = call.caller.installation, call.caller.token
    if installation is None or token is None:
        raise HttpError(403, "You must authenticate with an installation access token.")
    rows = [
        repo
        for repo in call.state.repositories.of(installation.account_id)
        if token.repository_ids is None or repo.id in token.repository_ids
    ]
    return call.page(
        rows, lambda row: repositories.repository(call.hub, row, call.view), key="repositories"
    )


def revoke_token(call: Call) -> Response:
    """Revoke the installation token that makes this call."""
    if call.caller.installation is None or call.caller.token is None:
        raise HttpError(403, "You must authenticate with an installation access token.")
    with call.state.change():
        call.state.tokens.remove(call.caller.token.id)
    return no_content()


def get_authenticated_user(call: Call) -> Response:
    """Show the account behind a personal token."""
    if call.caller.installation is not None:
        raise forbidden_to_app()
    return json_response(accounts.profile(call.account, call.view))


def get_user(call: Call) -> Response:
    """Show an account by login."""
    found = call.hub.account(call.arguments["login"])
    if found is None:
        raise not_found()
    return json_response(accounts.profile(found, call.view))


def get_app_by_slug(call: Call) -> Response:
    """Show an App by its slug."""
    found = call.state.apps.first(call.arguments["slug"])
    if found is None:
        raise not_found()
    return json_response(accounts.app(call.hub, found, call.view))


ROUTES = (
    Route(method="GET", rule="/app", handler=get_app),
    Route(method="GET", rule="/apps/<slug>", handler=get_app_by_slug),
    Route(method="GET", rule="/app/installations", handler=list_installations),
    Route(method="GET", rule="/app/installations/<int:installation_id>", handler=get_installation),
    Route(
        method="POST",
        rule="/app/installations/<int:installation_id>/access_tokens",
        handler=create_token,
    ),
    Route(method="GET", rule="/repos/<owner>/<repo>/installation", handler=repository_installation),
    Route(method="GET", rule="/orgs/<login>/installation", handler=organization_installation),
    Route(method="GET", rule="/users/<login>/installation", handler=account_installation),
    Route(method="GET", rule="/installation/repositories", handler=installation_repositories),
    Route(method="DELETE", rule="/installation/token", handler=revoke_token),
    Route(method="GET", rule="/user", handler=get_authenticated_user),
    Route(method="GET", rule="/users/<login>", handler=get_user),
)
