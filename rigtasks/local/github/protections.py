"""What happens to the protection of branches and to rulesets: set, changed, taken away."""

from typing import Any

import msgspec

from rigtasks.local.github.answers import HttpError, validation_failed
from rigtasks.local.github.governance import BypassActor, Protection, Rule, Ruleset
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.model import Account, Repository
from rigtasks.local.github.rules.requirements import complete
from rigtasks.local.github.shapes import protection as shapes

_KEPT = frozenset({"id", "repository_id", "branch", "created_at", "updated_at"})
_ENFORCEMENTS = {"active", "evaluate", "disabled"}


class RefNames(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns of full ref names, `~DEFAULT_BRANCH` or `~ALL`."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What a ruleset is about; `repository_name` only counts for an organisation's."""

    ref_name: RefNames = RefNames(include=("~DEFAULT_BRANCH",))
    repository_name: RefNames = RefNames(include=("~ALL",))


class RulesetPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A ruleset as GitHub's calls take it."""

    name: str
    enforcement: str
    target: str = "branch"
    rules: tuple[Rule, ...] = ()
    conditions: Conditions = Conditions()
    bypass_actors: tuple[BypassActor, ...] = ()


def put_ruleset(
    hub: Hub,
    owner_id: int,
    repo: Repository | None,
    plan: RulesetPlan,
    actor: Account,
    known: Ruleset | None = None,
) -> Ruleset:
    """Make a ruleset of a repository, or of its owner where `repo` is None, or change one.

    Raises:
        HttpError: 422 for an unknown enforcement or target, or a rule that cannot be enforced.
    """
    if plan.enforcement not in _ENFORCEMENTS or plan.target != "branch":
        raise _invalid("Enforcement or target is not included in the list")
    try:
        rules = tuple(complete(rule) for rule in plan.rules)
    except ValueError as error:
        raise _invalid(str(error)) from error
    state = hub.state
    with state.change():
        now = state.now()
        row = state.rulesets.put(
            Ruleset(
                id=state.new_id() if known is None else known.id,
                owner_id=owner_id,
                repository_id=None if repo is None else repo.id,
                name=plan.name,
                enforcement=plan.enforcement,
                rules=rules,
                include=plan.conditions.ref_name.include,
                exclude=plan.conditions.ref_name.exclude,
                repositories=plan.conditions.repository_name.include,
                bypass_actors=plan.bypass_actors,
                created_at=now if known is None else known.created_at,
                updated_at=now,
            )
        )
        _announce_ruleset(hub, repo, row, actor, "created" if known is None else "edited")
        return row


def plan_of(row: Ruleset) -> RulesetPlan:
    """Return the call that would make a ruleset as it is."""
    return RulesetPlan(
        name=row.name,
        enforcement=row.enforcement,
        rules=row.rules,
        conditions=Conditions(
            ref_name=RefNames(include=row.include, exclude=row.exclude),
            repository_name=RefNames(include=row.repositories),
        ),
        bypass_actors=row.bypass_actors,
    )


def _invalid(message: str) -> HttpError:
    error = {"resource": "RepositoryRuleset", "code": "custom", "message": message}
    return validation_failed(error)


def remove_ruleset(hub: Hub, repo: Repository | None, row: Ruleset, actor: Account) -> None:
    """Delete a ruleset of a repository, or of an organisation where `repo` is None."""
    with hub.state.change():
        hub.state.rulesets.remove(row.id)
        _announce_ruleset(hub, repo, row, actor, "deleted")


def _announce_ruleset(
    hub: Hub, repo: Repository | None, row: Ruleset, actor: Account, action: str
) -> None:
    if repo is None:
        return
    fields = {"repository_ruleset": shapes.full_ruleset(hub, row, hub.view)}
    happening = Happening(event="repository_ruleset", action=action, repository_id=repo.id)
    hub.announce("repository_ruleset", action, repo, actor, fields, happening)


def protect(hub: Hub, repo: Repository, branch: str, actor: Account, **fields: Any) -> Protection:
    """Protect a branch, in place of what protected it before."""
    state = hub.state
    with state.change():
        known = state.protections.first(repo.id, branch)
        now = state.now()
        row = state.protections.put(
            Protection(
                id=state.new_id() if known is None else known.id,
                repository_id=repo.id,
                branch=branch,
                created_at=now if known is None else known.created_at,
                updated_at=now,
                **fields,
            )
        )
        if known is None:
            _announce_protection(hub, repo, row, actor, "created", {})
        else:
            changes = _changes(known, row)
            _announce_protection(hub, repo, row, actor, "edited", {"changes": changes})
        return row


def change_protection(
    hub: Hub, repo: Repository, row: Protection, actor: Account, **changes: Any
) -> Protection:
    """Protect a branch as a row says, with changes to it."""
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if name not in _KEPT}
    return protect(hub, repo, row.branch, actor, **{**fields, **changes})


def _changes(before: Protection, after: Protection) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if before.enforce_admins != after.enforce_admins:
        changes["admin_enforced"] = {"from": before.enforce_admins}
    if before.checks != after.checks:
        changes["required_status_checks"] = {"from": [one.context for one in before.checks]}
    return changes


def unprotect(hub: Hub, repo: Repository, row: Protection, actor: Account) -> None:
    """Take the protection of a branch away."""
    with hub.state.change():
        hub.state.protections.remove(row.id)
        _announce_protection(hub, repo, row, actor, "deleted", {})


def _announce_protection(
    hub: Hub, repo: Repository, row: Protection, actor: Account, action: str, extra: dict[str, Any]
) -> None:
    fields = {"rule": shapes.webhook_rule(row), **extra}
    happening = Happening(event="branch_protection_rule", action=action, repository_id=repo.id)
    hub.announce("branch_protection_rule", action, repo, actor, fields, happening)
