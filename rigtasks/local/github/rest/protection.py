"""REST: the protection of branches and rulesets, read and written."""

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github import protections
from rigtasks.local.github.access import CallerKind, allowed_to_app, role_of
from rigtasks.local.github.answers import HttpError, json_response, no_content, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.governance import Actors, Protection, RequiredCheck, Ruleset
from rigtasks.local.github.rules.requirements import applies, bypass, rulesets_of
from rigtasks.local.github.shapes import protection as shapes


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


class _Checks(msgspec.Struct, frozen=True, kw_only=True):
    strict: bool
    contexts: tuple[str, ...] = ()
    checks: tuple[RequiredCheck, ...] | None = None


class _Reviews(msgspec.Struct, frozen=True, kw_only=True):
    dismissal_restrictions: _Named | None = None
    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    required_approving_review_count: int = 1
    require_last_push_approval: bool = False
    bypass_pull_request_allowances: _Named = _Named()


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    required_status_checks: _Checks | None
    enforce_admins: bool | None
    required_pull_request_reviews: _Reviews | None
    restrictions: _Named | None
    required_linear_history: bool = False
    allow_force_pushes: bool | None = False
    allow_deletions: bool = False
    block_creations: bool = False
    required_conversation_resolution: bool = False
    lock_branch: bool = False
    allow_fork_syncing: bool = False


def _branch(call: Call) -> str:
    name: str = call.arguments["branch"]
    if call.hub.git(call.repo).branch(name) is None:
        raise HttpError(404, "Branch not found")
    return name


def _protection(call: Call) -> Protection:
    row = call.state.protections.first(call.repo.id, _branch(call))
    if row is None:
        raise HttpError(404, "Branch not protected")
    return row


def _url(call: Call) -> str:
    name = call.hub.full_name(call.repo)
    return f"{call.view.repo_api(name)}/branches/{call.arguments['branch']}/protection"


def get_protection(call: Call) -> Response:
    """Show the protection of a branch."""
    return json_response(shapes.protection(call.hub, _protection(call), _url(call), call.view))


def set_protection(call: Call) -> Response:
    """Protect a branch, in place of what protected it before."""
    branch = _branch(call)
    try:
        plan = msgspec.convert(call.body, _Plan)
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error
    checks, reviews = plan.required_status_checks, plan.required_pull_request_reviews
    same = (
        "required_linear_history",
        "allow_deletions",
        "block_creations",
        "required_conversation_resolution",
        "lock_branch",
        "allow_fork_syncing",
    )
    row = protections.protect(
        call.hub,
        call.repo,
        branch,
        call.account,
        checks=() if checks is None else _wanted(checks),
        strict=checks is not None and checks.strict,
        enforce_admins=plan.enforce_admins is True,
        allow_force_pushes=plan.allow_force_pushes is True,
        restrictions=None if plan.restrictions is None else _actors(call, plan.restrictions),
        **{name: getattr(plan, name) for name in same},
        **({} if reviews is None else _review_fields(call, reviews)),
    )
    return json_response(shapes.protection(call.hub, row, _url(call), call.view))


def _wanted(plan: _Checks) -> tuple[RequiredCheck, ...]:
    if plan.checks is not None:
        return plan.checks
    return tuple(RequiredCheck(context=context) for context in plan.contexts)


def _review_fields(call: Call, plan: _Reviews) -> dict[str, Any]:
    dismissers = plan.dismissal_restrictions
    named = dismissers is not None and dismissers != _Named()
    return {
        "dismissal_restrictions": _actors(call, dismissers) if named and dismissers else None,
        "dismiss_stale_reviews": plan.dismiss_stale_reviews,
        "require_code_owner_reviews": plan.require_code_owner_reviews,
        "required_approving_review_count": plan.required_approving_review_count,
        "require_last_push_approval": plan.require_last_push_approval,
        "bypass_pull_request_allowances": _actors(call, plan.bypass_pull_request_allowances),
    }


def _actors(call: Call, named: _Named) -> Actors:
    users = [call.hub.account(login) for login in named.users]
    teams = {team.slug: team.id for team in call.state.teams.of(call.repo.owner_id)}
    apps = [call.state.apps.first(slug) for slug in named.apps]
    if None in users or None in apps or not teams.keys() >= set(named.teams):
        raise HttpError(422, "Validation Failed", errors=["Unable to find users, teams or apps"])
    return Actors(
        users=tuple(user.id for user in users if user is not None),
        teams=tuple(teams[slug] for slug in named.teams),
        apps=tuple(app.id for app in apps if app is not None),
    )


def remove_protection(call: Call) -> Response:
    """Take the protection of a branch away."""
    protections.unprotect(call.hub, call.repo, _protection(call), call.account)
    return no_content()


def get_required_checks(call: Call) -> Response:
    """Show the required checks of a protected branch."""
    row = _protection(call)
    if not row.checks:
        raise HttpError(404, "Required status checks not enabled")
    return json_response(shapes.required_status_checks(row, _url(call)))


def get_required_reviews(call: Call) -> Response:
    """Show what a protected branch asks of reviews."""
    row = _protection(call)
    if row.required_approving_review_count is None:
        raise HttpError(404, "Required pull request reviews are not enabled")
    return json_response(shapes.required_reviews(call.hub, row, _url(call), call.view))


def get_enforced(call: Call) -> Response:
    """Show whether administrators are bound too."""
    return json_response(
        {"url": f"{_url(call)}/enforce_admins", "enabled": _protection(call).enforce_admins}
    )


def enforce(call: Call) -> Response:
    """Bind administrators too."""
    row = _protection(call)
    protections.change_protection(call.hub, call.repo, row, call.account, enforce_admins=True)
    return get_enforced(call)


def release(call: Call) -> Response:
    """Leave administrators free."""
    row = _protection(call)
    protections.change_protection(call.hub, call.repo, row, call.account, enforce_admins=False)
    return no_content()


def list_branch_rules(call: Call) -> Response:
    """List the rules of active rulesets that hold for a branch, which need not exist."""
    rows = [
        row
        for row in rulesets_of(call.hub, call.repo)
        if row.enforcement == "active" and applies(call.repo, row, call.arguments["branch"])
    ]
    return call.page(shapes.branch_rules(call.hub, rows), lambda rule: rule)


def list_rulesets(call: Call) -> Response:
    """List the rulesets of a repository, with those of its owner unless told otherwise."""
    parents = call.request.args.get("includes_parents", "true") != "false"
    rows = [
        row for row in rulesets_of(call.hub, call.repo) if parents or row.repository_id is not None
    ]
    return call.page(rows, lambda row: shapes.ruleset(call.hub, row, call.view))


def _ruleset(call: Call) -> Ruleset:
    for row in rulesets_of(call.hub, call.repo):
        if row.id == call.arguments["ruleset_id"]:
            return row
    raise not_found()


def get_ruleset(call: Call) -> Response:
    """Show a ruleset; who may bypass it only to those who could change it."""
    return _shown(call, _ruleset(call))


def _shown(call: Call, row: Ruleset, status: int = 200) -> Response:
    way = bypass(call.hub, call.repo, row, call.caller.account) if _governs(call) else None
    return json_response(shapes.full_ruleset(call.hub, row, call.view, bypass=way), status)


def _governs(call: Call) -> bool:
    if call.caller.kind is CallerKind.INSTALLATION:
        return allowed_to_app(call.caller, "administration", "write")
    return call.caller.account is not None and role_of(call.repo, call.account) == "admin"


def _ruleset_plan(asked: dict[str, Any]) -> protections.RulesetPlan:
    try:
        return msgspec.convert(asked, protections.RulesetPlan)
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error


def create_ruleset(call: Call) -> Response:
    """Make a ruleset of a repository."""
    plan, repo = _ruleset_plan(call.body), call.repo
    row = protections.put_ruleset(call.hub, repo.owner_id, repo, plan, call.account)
    return _shown(call, row, 201)


def _own_ruleset(call: Call) -> Ruleset:
    row = _ruleset(call)
    if row.repository_id is None:
        raise not_found()
    return row


def update_ruleset(call: Call) -> Response:
    """Change a ruleset of the repository itself; what is not named stays."""
    known, repo = _own_ruleset(call), call.repo
    plan = _ruleset_plan({**msgspec.to_builtins(protections.plan_of(known)), **call.body})
    row = protections.put_ruleset(call.hub, repo.owner_id, repo, plan, call.account, known)
    return _shown(call, row)


def delete_ruleset(call: Call) -> Response:
    """Delete a ruleset of the repository itself."""
    protections.remove_ruleset(call.hub, call.repo, _own_ruleset(call), call.account)
    return no_content()


_R = "/repos/<owner>/<repo>"
_P = f"{_R}/branches/<path:branch>/protection"
_RULESET = f"{_R}/rulesets/<int:ruleset_id>"
_READ = "administration:read"
_WRITE = "administration:write"
ROUTES = (
    Route(method="GET", rule=_P, handler=get_protection, needs=_READ),
    Route(method="PUT", rule=_P, handler=set_protection, needs=_WRITE),
    Route(method="DELETE", rule=_P, handler=remove_protection, needs=_WRITE),
    Route(
        method="GET",
        rule=f"{_P}/required_status_checks",
        handler=get_required_checks,
        needs=_READ,
    ),
    Route(
        method="GET",
        rule=f"{_P}/required_pull_request_reviews",
        handler=get_required_reviews,
        needs=_READ,
    ),
    Route(method="GET", rule=f"{_P}/enforce_admins", handler=get_enforced, needs=_READ),
    Route(method="POST", rule=f"{_P}/enforce_admins", handler=enforce, needs=_WRITE),
    Route(method="DELETE", rule=f"{_P}/enforce_admins", handler=release, needs=_WRITE),
    Route(
        method="GET",
        rule=f"{_R}/rules/branches/<path:branch>",
        handler=list_branch_rules,
        needs="metadata:read",
    ),
    Route(method="GET", rule=f"{_R}/rulesets", handler=list_rulesets, needs="metadata:read"),
    Route(method="GET", rule=_RULESET, handler=get_ruleset, needs="metadata:read"),
    Route(method="POST", rule=f"{_R}/rulesets", handler=create_ruleset, needs=_WRITE),
    Route(method="PUT", rule=_RULESET, handler=update_ruleset, needs=_WRITE),
    Route(method="DELETE", rule=_RULESET, handler=delete_ruleset, needs=_WRITE),
)
