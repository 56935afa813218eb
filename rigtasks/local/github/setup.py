"""A new sandbox's own furniture: the Apps with their keys and bots, and its folders."""

import secrets
from pathlib import Path
from typing import Any

import msgspec

from rigtasks.local.github.app_keys import keep_key, write_private
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, AccountType, App, Installation
from rigtasks.local.github.push_judge import write_hooks
from rigtasks.local.github.state import State

APPS_FILE = "apps.json"
ADMIN_TOKEN_FILE = "admin-token"  # noqa: S105  # a file's name
ACTIONS_APP_ID = 15_368
RESERVED_LOGINS = frozenset(
    {
        "_sandbox",
        "api",
        "app",
        "apps",
        "avatars",
        "graphql",
        "installation",
        "orgs",
        "rate_limit",
        "repos",
        "repositories",
        "settings",
        "user",
        "users",
    }
)
_APPS_OWNER_ID = 100
_HOOK_EVENTS = (
    "check_run",
    "check_suite",
    "issue_comment",
    "issues",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "repository",
    "status",
)


class AppPlan(msgspec.Struct, frozen=True, kw_only=True):
    """An App every sandbox has.

    Attributes:
        role: what the rig uses it for; empty for Apps that are the forge's own.
        bot_id: its bot's account id, the same in every sandbox.
    """

    app_id: int
    bot_id: int
    slug: str
    role: str
    permissions: dict[str, str]
    hooked: bool = False


APP_PLANS = (
    AppPlan(
        app_id=100_101,
        bot_id=200_101,
        slug="dev-e",
        role="author",
        permissions={
            "checks": "read",
            "contents": "write",
            "issues": "write",
            "metadata": "read",
            "pull_requests": "write",
            "statuses": "read",
        },
    ),
    AppPlan(
        app_id=100_102,
        bot_id=200_102,
        slug="review-e",
        role="reviewer",
        permissions={
            "checks": "read",
            "contents": "read",
            "issues": "read",
            "metadata": "read",
            "pull_requests": "write",
            "statuses": "read",
        },
    ),
    AppPlan(
        app_id=100_103,
        bot_id=200_103,
        slug="rig-conductor",
        role="conductor",
        hooked=True,
        permissions={
            "administration": "read",
            "checks": "write",
            "contents": "write",
            "issues": "write",
            "members": "read",
            "merge_queues": "read",
            "metadata": "read",
            "pull_requests": "write",
            "statuses": "read",
        },
    ),
    AppPlan(
        app_id=ACTIONS_APP_ID,
        bot_id=41_898_282,
        slug="github-actions",
        role="",
        permissions={"checks": "write", "contents": "read", "metadata": "read"},
    ),
)


def furnish(hub: Hub) -> str:
    """Create what a new data folder lacks and return the admin token."""
    state = hub.state
    data_dir = hub.options.data_dir
    write_hooks(hub.hooks_dir)
    with state.change():
        if not state.apps.all():
            _create_apps(hub)
    write_private(data_dir / APPS_FILE, msgspec.json.format(msgspec.json.encode(exported(hub))))
    token_file = data_dir / ADMIN_TOKEN_FILE
    if not token_file.exists():
        write_private(token_file, secrets.token_urlsafe(24).encode())
    return token_file.read_text(encoding="utf-8")


def exported(hub: Hub) -> dict[str, dict[str, Any]]:
    """Return what the rig's settings need to know of each App, by role."""
    return {
        plan.role: {
            "app_id": plan.app_id,
            "client_id": hub.state.apps.get(plan.app_id).client_id,
            "slug": plan.slug,
            "bot_login": f"{plan.slug}[bot]",
            "bot_id": plan.bot_id,
            "private_key_path": str(_key_path(hub.options.data_dir, plan)),
        }
        for plan in APP_PLANS
        if plan.role
    }


def install_apps(state: State, owner: Account) -> None:
    """Install every App on an account that has none of them yet."""
    installed = {row.app_id for row in state.installations.of(owner.id)}
    with state.change():
        for app in state.apps.all():
            if app.id not in installed:
                state.installations.put(
                    Installation(
                        id=state.new_id(),
                        app_id=app.id,
                        account_id=owner.id,
                        permissions=app.permissions,
                        events=app.events,
                        created_at=state.now(),
                    )
                )


def _create_apps(hub: Hub) -> None:
    state, options = hub.state, hub.options
    now = state.now()
    state.accounts.put(
        Account(
            id=_APPS_OWNER_ID, login="sandbox-apps", type=AccountType.ORGANIZATION, created_at=now
        )
    )
    for plan in APP_PLANS:
        state.accounts.put(
            Account(id=plan.bot_id, login=f"{plan.slug}[bot]", type=AccountType.BOT, created_at=now)
        )
        state.apps.put(
            App(
                id=plan.app_id,
                slug=plan.slug,
                name=plan.slug,
                client_id=f"Iv23li{plan.app_id:014d}",
                owner_id=_APPS_OWNER_ID,
                bot_id=plan.bot_id,
                permissions=plan.permissions,
                events=_HOOK_EVENTS if plan.hooked else (),
                hooked=plan.hooked,
                public_key=keep_key(_key_path(options.data_dir, plan), options.new_key())
                if plan.role
                else "",
                created_at=now,
            )
        )


def _key_path(data_dir: Path, plan: AppPlan) -> Path:
    return data_dir.resolve() / "keys" / f"{plan.slug}.pem"
