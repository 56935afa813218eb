"""REST: repositories, trees, commits, comparison, contents and roles."""

import base64
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Response

from rigtasks.local.github import media
from rigtasks.local.github.access import role_of, sees
from rigtasks.local.github.answers import HttpError, json_response, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.git import GitFailedError
from rigtasks.local.github.model import Account, AccountType, PullRequest, Repository
from rigtasks.local.github.shapes import accounts, pulls, repositories

_LEGACY_PERMISSION = {
    "none": "none",
    "read": "read",
    "triage": "read",
    "write": "write",
    "maintain": "write",
    "admin": "admin",
}
_LARGEST_INLINE_BLOB = 1024 * 1024
_COMPARED_COMMITS = 250


def get_repository(call: Call) -> Response:
    """Show a repository with what the caller may do in it."""
    return json_response(full_shape(call, call.repo))


def full_shape(call: Call, row: Repository) -> dict[str, Any]:
    """Return a repository as one call shows it, with what a person who asks may do in it."""
    shape = repositories.full_repository(call.hub, row, call.view)
    account = call.caller.account
    if account is not None and call.caller.installation is None:
        role = role_of(row, account)
        shape["permissions"] = {
            "admin": role == "admin",
            "maintain": role in {"admin", "maintain"},
            "push": role in {"admin", "maintain", "write"},
            "triage": role in {"admin", "maintain", "write", "triage"},
            "pull": role != "none",
        }
    return shape


def get_tree(call: Call) -> Response:
    """Show a tree, with `recursive` of all its folders."""
    git = call.hub.git(call.repo)
    recursive = call.request.args.get("recursive") not in {None, ""}
    treeish = git.resolve(call.arguments["sha"]) or call.arguments["sha"]
    try:
        sha = git.run("rev-parse", "--verify", "--quiet", f"{treeish}^{{tree}}").strip()
        entries = git.tree(sha, recursive=recursive)
    except GitFailedError as failure:
        raise not_found() from failure
    return json_response(repositories.tree(call.hub, call.repo, sha, entries, call.view))


def get_commit(call: Call) -> Response:
    """Show a commit with its files."""
    git = call.hub.git(call.repo)
    row = git.commit(call.commit_sha(call.arguments["ref"]))
    shape = repositories.commit(call.hub, call.repo, row, call.view)
    files = call.hub.changed_files(call.repo, row.parents[0], row.sha) if row.parents else []
    additions = sum(file.additions for file in files)
    deletions = sum(file.deletions for file in files)
    shape["stats"] = {
        "total": additions + deletions,
        "additions": additions,
        "deletions": deletions,
    }
    shape["files"] = [
        repositories.changed_file(call.hub, call.repo, file, row.sha, call.view) for file in files
    ]
    return json_response(shape)


def list_commits(call: Call) -> Response:
    """List the commits of a branch."""
    name = call.request.args.get("sha") or call.repo.default_branch
    sha = call.hub.git(call.repo).resolve(name)
    if sha is None:
        raise not_found()
    path = call.request.args.get("path")
    git = call.hub.git(call.repo)
    rows = git.commits(sha, limit=1_000)
    if path:
        touched = set(git.run("log", "--format=%H", sha, "--", path).split())
        rows = [row for row in rows if row.sha in touched]
    return call.page(rows, lambda row: repositories.commit(call.hub, call.repo, row, call.view))


def commit_pulls(call: Call) -> Response:
    """List the pull requests a commit belongs to."""
    sha = call.commit_sha(call.arguments["sha"])
    git = call.hub.git(call.repo)

    def has(pull: PullRequest) -> bool:
        if sha in {pull.head_sha, pull.merge_commit_sha}:
            return True
        base = call.hub.diff_base(call.repo, pull)
        return git.is_ancestor(sha, pull.head_sha) and not git.is_ancestor(sha, base)

    rows = [pull for pull in call.state.pulls.of(call.repo.id) if has(pull)]
    return call.page(rows, lambda row: pulls.pull(call.hub, call.repo, row, call.view))


def compare(call: Call) -> Response:
    """Compare two commits the way a pull request does."""
    base_name, separator, head_name = call.arguments["spec"].partition("...")
    git = call.hub.git(call.repo)
    base, head = git.resolve(unquote(base_name)), git.resolve(unquote(head_name))
    if not separator or base is None or head is None:
        raise not_found()
    common = git.merge_base(base, head)
    if common is None:
        raise HttpError(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = git.count(f"{base}..{head}"), git.count(f"{head}..{base}")
    word = {
        (False, False): "identical",
        (True, False): "ahead",
        (False, True): "behind",
        (True, True): "diverged",
    }[(ahead > 0, behind > 0)]

    def commit(sha: str) -> dict[str, object]:
        return repositories.commit(call.hub, call.repo, git.commit(sha), call.view)

    listed = reversed(git.commits(head, f"^{base}", limit=_COMPARED_COMMITS))
    web = f"{call.view.web}/{call.hub.full_name(call.repo)}/compare/{base}...{head}"
    return json_response(
        {
            "url": call.url,
            "html_url": web,
            "permalink_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "base_commit": commit(base),
            "merge_base_commit": commit(common),
            "status": word,
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": ahead,
            "commits": [repositories.commit(call.hub, call.repo, row, call.view) for row in listed],
            "files": [
                repositories.changed_file(call.hub, call.repo, file, head, call.view)
                for file in call.hub.changed_files(call.repo, common, head)
            ],
        }
    )


def get_contents(call: Call) -> Response:
    """Show a file (base64) or the entries of a folder, at `ref`."""
    git = call.hub.git(call.repo)
    ref = call.request.args.get("ref") or call.repo.default_branch
    sha = git.resolve(ref)
    if sha is None:
        raise HttpError(404, f"No commit found for the ref {ref}")
    path = call.arguments.get("path", "").strip("/")
    if {"..", "."} & set(path.split("/")):
        raise not_found()
    entry = git.entry(sha, path) if path else None
    if path and entry is None:
        raise not_found()
    if entry is None or entry.type == "tree":
        inside = [
            row for row in git.tree(sha, recursive=True) if row.path.rpartition("/")[0] == path
        ]
        shapes = [
            repositories.content(call.hub, call.repo, row, ref, call.view, None) for row in inside
        ]
        return json_response(shapes)
    blob = git.blob(entry.sha) if entry.type == "blob" else b""
    if (kind := media.wanted(call.request.headers.get("Accept", ""), "raw")) is not None:
        return Response(blob, content_type=f"{kind}; charset=utf-8")
    shown = blob if len(blob) <= _LARGEST_INLINE_BLOB else b""
    shape = repositories.content(call.hub, call.repo, entry, ref, call.view, shown)
    if len(blob) > _LARGEST_INLINE_BLOB:
        shape["encoding"] = "none"
    return json_response(shape)


def get_blob(call: Call) -> Response:
    """Show a blob by its SHA."""
    sha = call.arguments["sha"]
    git = call.hub.git(call.repo)
    try:
        blob = git.blob(sha)
    except GitFailedError as failure:
        raise not_found() from failure
    api = call.view.repo_api(call.hub.full_name(call.repo))
    return json_response(
        {
            "sha": sha,
            "node_id": f"B_{sha}",
            "size": len(blob),
            "url": f"{api}/git/blobs/{sha}",
            "content": base64.encodebytes(blob).decode("ascii"),
            "encoding": "base64",
        }
    )


def collaborator_permission(call: Call) -> Response:
    """Tell what a person may do in the repository."""
    found = call.hub.account(call.arguments["login"])
    if found is None:
        raise HttpError(404, f"{call.arguments['login']} is not a user")
    role = role_of(call.repo, found)
    return json_response(
        {
            "permission": _LEGACY_PERMISSION[role],
            "role_name": role,
            "user": _collaborator(call, found, role),
        }
    )


def _collaborator(call: Call, account: Account, role: str) -> dict[str, object]:
    legacy = _LEGACY_PERMISSION[role]
    permissions = {
        "admin": legacy == "admin",
        "maintain": role in {"admin", "maintain"},
        "push": legacy in {"admin", "write"},
        "triage": role not in {"none", "read"},
        "pull": role != "none",
    }
    shape = accounts.account(account, call.view)
    return {**shape, "permissions": permissions, "role_name": role}


def list_collaborators(call: Call) -> Response:
    """List the people with a role in the repository: an organisation is none of them."""
    roles = {call.repo.owner_id: "admin", **call.repo.roles}
    known = [(call.state.accounts.get(key), role) for key, role in roles.items()]
    rows = [
        (account, role)
        for account, role in known
        if role != "none" and account.type is not AccountType.ORGANIZATION
    ]
    return call.page(rows, lambda row: _collaborator(call, *row))


def list_repositories_of_user(call: Call) -> Response:
    """List the repositories the caller can see of an account."""
    return _repositories_of(call, call.hub.account(call.arguments["login"]))


def list_repositories_of_organization(call: Call) -> Response:
    """List the repositories the caller can see of an organisation."""
    return _repositories_of(call, call.hub.organization(call.arguments["login"]))


def _repositories_of(call: Call, owner: Account | None) -> Response:
    if owner is None:
        raise not_found()
    rows = [repo for repo in call.state.repositories.of(owner.id) if sees(call.caller, repo)]
    return call.page(rows, lambda row: repositories.repository(call.hub, row, call.view))


_R = "/repos/<owner>/<repo>"
ROUTES = (
    Route(method="GET", rule=_R, handler=get_repository, needs="metadata:read"),
    Route(method="GET", rule=f"{_R}/git/trees/<path:sha>", handler=get_tree, needs="contents:read"),
    Route(
        method="GET",
        rule=f"{_R}/git/blobs/<string(length=40):sha>",
        handler=get_blob,
        needs="contents:read",
    ),
    Route(method="GET", rule=f"{_R}/commits", handler=list_commits, needs="contents:read"),
    Route(method="GET", rule=f"{_R}/commits/<path:ref>", handler=get_commit, needs="contents:read"),
    Route(
        method="GET",
        rule=f"{_R}/commits/<sha>/pulls",
        handler=commit_pulls,
        needs="pull_requests:read",
    ),
    Route(method="GET", rule=f"{_R}/compare/<path:spec>", handler=compare, needs="contents:read"),
    Route(method="GET", rule=f"{_R}/contents", handler=get_contents, needs="contents:read"),
    Route(
        method="GET",
        rule=f"{_R}/contents/<path:path>",
        handler=get_contents,
        needs="contents:read",
    ),
    Route(
        method="GET", rule=f"{_R}/collaborators", handler=list_collaborators, needs="metadata:read"
    ),
    Route(
        method="GET",
        rule=f"{_R}/collaborators/<login>/permission",
        handler=collaborator_permission,
        needs="metadata:read",
    ),
    Route(method="GET", rule="/users/<login>/repos", handler=list_repositories_of_user),
    Route(method="GET", rule="/orgs/<login>/repos", handler=list_repositories_of_organization),
)
