"""The shapes of accounts, Apps and installations."""

from typing import Any

from rigtasks.local.github.hub import Hub, View, node_id, stamp
from rigtasks.local.github.model import Account, AccountType, App, Installation, Repository, Token

Json = dict[str, Any]

_NODE_PREFIX = {AccountType.USER: "U", AccountType.BOT: "BOT", AccountType.ORGANIZATION: "O"}


def account(row: Account, view: View) -> Json:
    """Render GitHub's `simple-user`."""
    api = f"{view.api}/users/{row.login}"
    path = f"apps/{row.login[:-5]}" if row.type is AccountType.BOT else row.login
    return {
        "login": row.login,
        "id": row.id,
        "node_id": node_id(_NODE_PREFIX[row.type], row.id),
        "avatar_url": f"{view.web}/avatars/{row.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{view.web}/{path}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": row.type.value,
        "user_view_type": "public",
        "site_admin": False,
    }


def organization(row: Account, view: View) -> Json:
    """Render GitHub's `organization-simple`."""
    api = f"{view.api}/orgs/{row.login}"
    return {
        "login": row.login,
        "id": row.id,
        "node_id": node_id("O", row.id),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{view.web}/avatars/{row.id}",
        "description": None,
    }


def account_or_none(hub: Hub, account_id: int | None, view: View) -> Json | None:
    """Render an account, or null where there is none."""
    found = None if account_id is None else hub.state.accounts.find(account_id)
    return None if found is None else account(found, view)


def profile(row: Account, view: View) -> Json:
    """Render GitHub's `public-user`."""
    return {
        **account(row, view),
        "name": row.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": row.email,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.created_at),
    }


def app(hub: Hub, row: App, view: View) -> Json:
    """Render GitHub's `integration`."""
    return {
        "id": row.id,
        "client_id": row.client_id,
        "slug": row.slug,
        "node_id": node_id("A", row.id),
        "owner": account(hub.state.accounts.get(row.owner_id), view),
        "name": row.name,
        "description": "",
        "external_url": f"{view.web}/apps/{row.slug}",
        "html_url": f"{view.web}/apps/{row.slug}",
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.created_at),
        "permissions": row.permissions,
        "events": list(row.events),
    }


def app_or_none(hub: Hub, app_id: int | None, view: View) -> Json | None:
    """Render an App, or null where there is none."""
    return None if app_id is None else app(hub, hub.state.apps.get(app_id), view)


def installation(hub: Hub, row: Installation, view: View) -> Json:
    """Render GitHub's `installation`."""
    owner = hub.state.accounts.get(row.account_id)
    own_app = hub.state.apps.get(row.app_id)
    return {
        "id": row.id,
        "client_id": own_app.client_id,
        "account": account(owner, view),
        "repository_selection": "all",
        "access_tokens_url": f"{view.api}/app/installations/{row.id}/access_tokens",
        "repositories_url": f"{view.api}/installation/repositories",
        "html_url": f"{view.web}/settings/installations/{row.id}",
        "app_id": row.app_id,
        "app_slug": own_app.slug,
        "target_id": owner.id,
        "target_type": owner.type.value,
        "permissions": row.permissions,
        "events": list(row.events),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }


def installation_token(
    text: str, row: Token, repositories: list[Repository] | None, rendered: list[Json]
) -> Json:
    """Render GitHub's `installation-token`; the only place where a token's text appears."""
    shape: Json = {
        "token": text,
        "expires_at": stamp(row.expires_at),
        "permissions": row.permissions,
        "repository_selection": "all" if repositories is None else "selected",
    }
    if repositories is not None:
        shape["repositories"] = rendered
    return shape


def association(repository: Repository, row: Account | None) -> str:
    """Return GitHub's `author_association`."""
    if row is None:
        return "NONE"
    if row.id == repository.owner_id:
        return "OWNER"
    role = repository.roles.get(row.id, "none")
    if row.type is AccountType.BOT or role in {"none", "read"}:
        return "NONE"
    return "COLLABORATOR"
