"""The shapes of protected branches and of rulesets."""

from typing import Any

from rigtasks.local.github.governance import Actors, Protection, Rule, Ruleset
from rigtasks.local.github.hub import Hub, View, node_id, stamp
from rigtasks.local.github.shapes import accounts, teams

Json = dict[str, Any]

_LEVELS = ("off", "non_admins", "everyone")


def required_status_checks(row: Protection, url: str) -> Json:
    """Render the required checks of a protected branch."""
    return {
        "url": f"{url}/required_status_checks",
        "strict": row.strict,
        "contexts": [check.context for check in row.checks],
        "contexts_url": f"{url}/required_status_checks/contexts",
        "checks": [{"context": check.context, "app_id": check.app_id} for check in row.checks],
    }


def _actors(hub: Hub, row: Actors, view: View) -> Json:
    return {
        "users": [accounts.account(hub.state.accounts.get(one), view) for one in row.users],
        "teams": [teams.team(hub, hub.state.teams.get(one), view) for one in row.teams],
        "apps": [accounts.app(hub, hub.state.apps.get(one), view) for one in row.apps],
    }


def required_reviews(hub: Hub, row: Protection, url: str, view: View) -> Json:
    """Render what a protected branch asks of reviews."""
    url = f"{url}/required_pull_request_reviews"
    shape: Json = {
        "url": url,
        "dismiss_stale_reviews": row.dismiss_stale_reviews,
        "require_code_owner_reviews": row.require_code_owner_reviews,
        "required_approving_review_count": row.required_approving_review_count,
        "require_last_push_approval": row.require_last_push_approval,
    }
    if row.dismissal_restrictions is not None:
        shape["dismissal_restrictions"] = {
            "url": f"{url}/dismissal_restrictions",
            "users_url": f"{url}/dismissal_restrictions/users",
            "teams_url": f"{url}/dismissal_restrictions/teams",
            **_actors(hub, row.dismissal_restrictions, view),
        }
    if row.bypass_pull_request_allowances != Actors():
        shape["bypass_pull_request_allowances"] = _actors(
            hub, row.bypass_pull_request_allowances, view
        )
    return shape


def protection(hub: Hub, row: Protection, url: str, view: View) -> Json:
    """Render GitHub's `branch-protection`; `url` is the address of this protection."""
    shape: Json = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": row.enforce_admins},
        "required_linear_history": {"enabled": row.required_linear_history},
        "allow_force_pushes": {"enabled": row.allow_force_pushes},
        "allow_deletions": {"enabled": row.allow_deletions},
        "block_creations": {"enabled": row.block_creations},
        "required_conversation_resolution": {"enabled": row.required_conversation_resolution},
        "lock_branch": {"enabled": row.lock_branch},
        "allow_fork_syncing": {"enabled": row.allow_fork_syncing},
        "required_signatures": {
            "url": f"{url}/required_signatures",
            "enabled": row.required_signatures,
        },
    }
    if row.checks or row.strict:
        shape["required_status_checks"] = required_status_checks(row, url)
    if row.required_approving_review_count is not None:
        shape["required_pull_request_reviews"] = required_reviews(hub, row, url, view)
    if row.restrictions is not None:
        shape["restrictions"] = {
            "url": f"{url}/restrictions",
            "users_url": f"{url}/restrictions/users",
            "teams_url": f"{url}/restrictions/teams",
            "apps_url": f"{url}/restrictions/apps",
            **_actors(hub, row.restrictions, view),
        }
    return shape


def webhook_rule(row: Protection) -> Json:
    """Render the `rule` of a `branch_protection_rule` webhook."""
    everyone = _LEVELS[2] if row.enforce_admins else _LEVELS[1]

    def level(*, asked: bool) -> str:
        return everyone if asked else _LEVELS[0]

    reviews = row.required_approving_review_count is not None
    return {
        "id": row.id,
        "repository_id": row.repository_id,
        "name": row.branch,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "pull_request_reviews_enforcement_level": level(asked=reviews),
        "required_approving_review_count": row.required_approving_review_count or 0,
        "dismiss_stale_reviews_on_push": row.dismiss_stale_reviews,
        "require_code_owner_review": row.require_code_owner_reviews,
        "require_last_push_approval": row.require_last_push_approval,
        "authorized_dismissal_actors_only": row.dismissal_restrictions is not None,
        "ignore_approvals_from_contributors": False,
        "required_status_checks": [check.context for check in row.checks],
        "required_status_checks_enforcement_level": level(asked=bool(row.checks)),
        "strict_required_status_checks_policy": row.strict,
        "signature_requirement_enforcement_level": level(asked=row.required_signatures),
        "linear_history_requirement_enforcement_level": level(asked=row.required_linear_history),
        "required_conversation_resolution_level": level(asked=row.required_conversation_resolution),
        "admin_enforced": row.enforce_admins,
        "create_protected": row.block_creations,
        "allow_force_pushes_enforcement_level": level(asked=row.allow_force_pushes),
        "allow_deletions_enforcement_level": level(asked=row.allow_deletions),
        "merge_queue_enforcement_level": _LEVELS[0],
        "required_deployments_enforcement_level": _LEVELS[0],
        "lock_branch_enforcement_level": level(asked=row.lock_branch),
        "lock_allows_fork_sync": row.allow_fork_syncing,
        "authorized_actors_only": row.restrictions is not None,
        "authorized_actor_names": [],
    }


def _source(hub: Hub, row: Ruleset) -> tuple[str, str]:
    if row.repository_id is None:
        return "Organization", hub.state.accounts.get(row.owner_id).login
    return "Repository", hub.full_name(hub.state.repositories.get(row.repository_id))


def ruleset(hub: Hub, row: Ruleset, view: View) -> Json:
    """Render GitHub's `repository-ruleset` as lists show it."""
    kind, name = _source(hub, row)
    path = f"repos/{name}" if kind == "Repository" else f"orgs/{name}"
    web = f"{name}/rules" if kind == "Repository" else f"organizations/{name}/settings/rules"
    return {
        "id": row.id,
        "name": row.name,
        "target": "branch",
        "source_type": kind,
        "source": name,
        "enforcement": row.enforcement,
        "node_id": node_id("RRS", row.id),
        "_links": {
            "self": {"href": f"{view.api}/{path}/rulesets/{row.id}"},
            "html": {"href": f"{view.web}/{web}/{row.id}"},
        },
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
    }


def full_ruleset(hub: Hub, row: Ruleset, view: View, *, bypass: str | None = None) -> Json:
    """Render a ruleset with its rules.

    Args:
        hub: the sandbox.
        row: the ruleset.
        view: the addresses it shows.
        bypass: how the caller may bypass it, as rows keep it; None leaves the bypass actors out
            too, which only those who may change it see.
    """
    conditions: Json = {"ref_name": {"include": list(row.include), "exclude": list(row.exclude)}}
    if row.repository_id is None:
        conditions["repository_name"] = {
            "include": list(row.repositories),
            "exclude": [],
            "protected": False,
        }
    shape = {
        **ruleset(hub, row, view),
        "conditions": conditions,
        "rules": [_rule(rule) for rule in row.rules],
    }
    if bypass is not None:
        words = {"pull_request": "pull_requests_only"}
        shape["current_user_can_bypass"] = words.get(bypass, bypass)
        shape["bypass_actors"] = [
            {
                "actor_id": actor.actor_id,
                "actor_type": actor.actor_type,
                "bypass_mode": actor.bypass_mode,
            }
            for actor in row.bypass_actors
        ]
    return shape


def _rule(rule: Rule) -> Json:
    shape: Json = {"type": rule.type}
    return {**shape, "parameters": rule.parameters} if rule.parameters else shape


def branch_rules(hub: Hub, rows: list[Ruleset]) -> list[Json]:
    """Render every rule of rulesets as `GET /rules/branches/{branch}` lists them."""
    rendered = []
    for row in rows:
        kind, name = _source(hub, row)
        rendered += [
            {
                **_rule(rule),
                "ruleset_source_type": kind,
                "ruleset_source": name,
                "ruleset_id": row.id,
            }
            for rule in row.rules
        ]
    return rendered
