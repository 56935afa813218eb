"""The sandbox's own controls under `/_sandbox/`: what on github.com is done by clicking."""

import base64
import hmac
import re
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github import access, issues, protections, pushes, repository_changes
from rigtasks.local.github.answers import HttpError, invalid, json_response, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.git import ZERO, signature
from rigtasks.local.github.governance import Protection
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.merging import identity
from rigtasks.local.github.model import (
    ROLES,
    Account,
    AccountType,
    Repository,
)
from rigtasks.local.github.setup import RESERVED_LOGINS, exported, install_apps
from rigtasks.local.github.shapes import accounts, repositories
from rigtasks.local.github.shapes import protection as protection_shapes

_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


class FilePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a first commit, its content in base64."""

    content: str
    executable: bool = False


class RepositoryPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A repository to create with one commit."""

    owner: str
    name: str
    files: dict[str, FilePlan]
    author: str | None = None
    message: str = "Initial commit"
    private: bool = True
    description: str | None = None
    default_branch: str = "main"
    delete_branch_on_merge: bool = False
    roles: dict[str, str] = {}
    protection: dict[str, Any] | None = None


def check_token(call: Call, expected: str) -> None:
    """Let only the holder of the admin token go on.

    Raises:
        HttpError: 401 otherwise.
    """
    given = call.request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise HttpError(401, "Bad admin token: see the file admin-token in the data folder")


def converted(call: Call, kind: type[msgspec.Struct]) -> Any:
    """Return the body as a plan; 422 where it does not fit."""
    try:
        return msgspec.convert(call.body, kind)
    except msgspec.ValidationError as error:
        raise HttpError(422, str(error)) from error


def account_named(hub: Hub, login: str, kind: AccountType, **fields: Any) -> Account:
    """Return the account of a login, creating it when it is new.

    Raises:
        HttpError: 422 for a login that GitHub would not take.
    """
    known = hub.account(login)
    if known is not None:
        return known
    if not _LOGIN.fullmatch(login) or login.lower() in RESERVED_LOGINS:
        raise invalid("User", "login")
    state = hub.state
    with state.change():
        return state.accounts.put(
            Account(id=state.new_id(), login=login, type=kind, created_at=state.now(), **fields)
        )


def create_user(call: Call) -> Response:
    """Create a person (or find them) and give them a new personal token."""
    row = account_named(
        call.hub,
        call.required_text("login"),
        AccountType.USER,
        name=call.text("name"),
        email=call.text("email"),
    )
    text, _ = access.mint(call.state, prefix="ghp_", lifetime=None, account=row)
    return json_response({"user": accounts.account(row, call.view), "token": text}, 201)


def create_repository(call: Call) -> Response:
    """Create a repository with one commit of the given files."""
    plan: RepositoryPlan = converted(call, RepositoryPlan)
    hub, state = call.hub, call.state
    if not _NAME.fullmatch(plan.name) or plan.name in {".", ".."} or plan.name.endswith(".git"):
        raise invalid("Repository", "name")
    with state.change():
        owner = account_named(hub, plan.owner, AccountType.ORGANIZATION)
        if hub.repository(owner.login, plan.name) is not None:
            raise HttpError(
                422,
                "Repository creation failed.",
                errors=[
                    {
                        "resource": "Repository",
                        "code": "custom",
                        "field": "name",
                        "message": "name already exists on this account",
                    }
                ],
            )
        install_apps(state, owner)
        now = state.now()
        row = state.repositories.put(
            Repository(
                id=state.new_id(),
                owner_id=owner.id,
                name=plan.name,
                private=plan.private,
                description=plan.description,
                default_branch=plan.default_branch,
                delete_branch_on_merge=plan.delete_branch_on_merge,
                roles=_roles(hub, plan.roles),
                created_at=now,
                updated_at=now,
            )
        )
        author = account_named(hub, plan.author or plan.owner, AccountType.USER)
        sha = _first_commit(hub, row, plan, author)
        if plan.protection is not None:
            _protect(hub, row, plan.protection)
        pushes.branch_moved(hub, row, plan.default_branch, ZERO, sha, author)
        row = state.repositories.get(row.id)
    return json_response(repositories.repository(hub, row, call.view), 201)


def _first_commit(hub: Hub, row: Repository, plan: RepositoryPlan, author: Account) -> str:
    git = hub.git(row)
    git.create(plan.default_branch, hub.hooks_dir.resolve())
    files = {
        path: (base64.b64decode(file.content), file.executable) for path, file in plan.files.items()
    }
    with tempfile.TemporaryDirectory(prefix="index-") as work:
        tree = git.write_files(files, Path(work))
    person = signature(*identity(author), hub.state.now())
    sha = git.write_commit(
        tree=tree, parents=(), message=plan.message, author=person, committer=person
    )
    git.update_ref(f"refs/heads/{plan.default_branch}", sha)
    return sha


def _roles(hub: Hub, roles: dict[str, str]) -> dict[int, str]:
    unknown = set(roles.values()) - set(ROLES)
    if unknown:
        raise invalid("Repository", "roles", f"no such role: {', '.join(sorted(unknown))}")
    return {account_named(hub, login, AccountType.USER).id: role for login, role in roles.items()}


def set_roles(call: Call) -> Response:
    """Change what people may do in a repository; roles not named stay."""
    repo = _repository(call)
    with call.state.change():
        changed = {**repo.roles, **_roles(call.hub, call.body)}
        repo = call.state.repositories.put(msgspec.structs.replace(repo, roles=changed))
    return json_response(repositories.repository(call.hub, repo, call.view))


def set_protection(call: Call) -> Response:
    """Protect a branch, in place of what protected it before."""
    repo = _repository(call)
    row = _protect(call.hub, repo, call.body)
    return json_response(protection_shapes.protection(call.hub, row, call.url, call.view))


def _protect(hub: Hub, repo: Repository, fields: dict[str, Any]) -> Protection:
    """Protect a branch, the default one unless `branch` names another, as a row would be."""
    branch = fields.get("branch") or repo.default_branch
    placed = {**fields, "branch": branch, "id": 0, "repository_id": repo.id}
    try:
        plan = msgspec.convert(placed, Protection)
    except msgspec.ValidationError as error:
        raise HttpError(422, str(error)) from error
    owner = hub.state.accounts.get(repo.owner_id)
    return protections.change_protection(hub, repo, plan, owner)


def rename_repository(call: Call) -> Response:
    """Give a repository another name; its old one redirects."""
    repo, name = _repository(call), call.required_text("name")
    if not _NAME.fullmatch(name):
        raise invalid("Repository", "name")
    owner = call.state.accounts.get(repo.owner_id)
    repo = repository_changes.edit(call.hub, repo, owner, {"name": name})
    return json_response(repositories.repository(call.hub, repo, call.view))


def delete_issue(call: Call) -> Response:
    """Delete an issue, as its repository's owner."""
    repo = _repository(call)
    issue = call.hub.issue(repo, call.arguments["number"])
    if issue is None:
        raise not_found()
    issues.delete(call.hub, repo, issue, call.state.accounts.get(repo.owner_id))
    return Response(status=204)


def _repository(call: Call) -> Repository:
    found = call.hub.repository(call.arguments["owner"], call.arguments["repo"])
    if found is None:
        raise not_found()
    return found


def list_apps(call: Call) -> Response:
    """Tell the rig's three Apps with ids and the paths of their keys."""
    return json_response(exported(call.hub))


def activity(call: Call) -> Response:
    """Tell whether webhooks or CI jobs are still under way."""
    return json_response(
        {
            "webhooks_idle": call.services.webhooks.idle(),
            "ci_idle": call.services.ci.idle(),
        }
    )


def send_ping(call: Call) -> Response:
    """Send the hook's `ping`."""
    call.services.webhooks.ping()
    return json_response({}, 202)


ROUTES = (
    Route(method="POST", rule="/_sandbox/users", handler=create_user),
    Route(method="POST", rule="/_sandbox/repositories", handler=create_repository),
    Route(method="PUT", rule="/_sandbox/repositories/<owner>/<repo>/roles", handler=set_roles),
    Route(
        method="PUT",
        rule="/_sandbox/repositories/<owner>/<repo>/protection",
        handler=set_protection,
    ),
    Route(
        method="PUT", rule="/_sandbox/repositories/<owner>/<repo>/name", handler=rename_repository
    ),
    Route(
        method="DELETE",
        rule="/_sandbox/repositories/<owner>/<repo>/issues/<int:number>",
        handler=delete_issue,
    ),
    Route(method="GET", rule="/_sandbox/apps", handler=list_apps),
    Route(method="GET", rule="/_sandbox/activity", handler=activity),
    Route(method="POST", rule="/_sandbox/ping", handler=send_ping),
)
