"""REST: repositories, branches, refs, trees, commits, comparison, contents, protection, roles."""

from urllib.parse import unquote

from werkzeug.wrappers import Response

from rigtasks.local.github import pushes
from rigtasks.local.github.access import role_of, sees
from rigtasks.local.github.answers import HttpError, invalid, json_response, no_content, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.git import GitFailedError
from rigtasks.local.github.model import PullRequest
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
    shape = repositories.repository(call.hub, call.repo, call.view)
    account = call.caller.account
    if account is not None and call.caller.installation is None:
        role = role_of(call.repo, account)
        shape["permissions"] = {
            "admin": role == "admin",
            "maintain": role in {"admin", "maintain"},
            "push": role in {"admin", "maintain", "write"},
            "triage": role in {"admin", "maintain", "write", "triage"},
            "pull": role != "none",
        }
    return json_response(shape)


def list_branches(call: Call) -> Response:
    """List the branches."""
    heads = [
        (ref.removeprefix("refs/heads/"), sha)
        for ref, sha in call.hub.git(call.repo).refs().items()
    ]
    api = call.view.repo_api(call.hub.full_name(call.repo))
    return call.page(
        heads,
        lambda head: {
            "name": head[0],
            "commit": {"sha": head[1], "url": f"{api}/commits/{head[1]}"},
            "protected": call.state.protections.first(call.repo.id, head[0]) is not None,
        },
    )


def get_branch(call: Call) -> Response:
    """Show a branch with its head commit."""
    name = call.arguments["branch"]
    git = call.hub.git(call.repo)
    sha = git.branch(name)
    if sha is None:
        raise HttpError(404, "Branch not found")
    full_name = call.hub.full_name(call.repo)
    url = f"{call.view.repo_api(full_name)}/branches/{name}"
    row = call.state.protections.first(call.repo.id, name)
    summary: dict[str, object] = {"enabled": row is not None}
    summary["required_status_checks"] = {
        "enforcement_level": "off" if row is None else "non_admins",
        "contexts": [] if row is None else [check.context for check in row.checks],
        "checks": []
        if row is None
        else [{"context": check.context, "app_id": check.app_id} for check in row.checks],
    }
    return json_response(
        {
            "name": name,
            "commit": repositories.commit(call.hub, call.repo, git.commit(sha), call.view),
            "_links": {"self": url, "html": f"{call.view.web}/{full_name}/tree/{name}"},
            "protected": row is not None,
            "protection": summary,
            "protection_url": f"{url}/protection",
        }
    )


def get_protection(call: Call) -> Response:
    """Show the protection of a branch."""
    row = call.state.protections.first(call.repo.id, call.arguments["branch"])
    if row is None:
        raise HttpError(404, "Branch not protected")
    return json_response(repositories.protection(row, call.url))


def get_required_checks(call: Call) -> Response:
    """Show the required checks of a protected branch."""
    row = call.state.protections.first(call.repo.id, call.arguments["branch"])
    if row is None:
        raise HttpError(404, "Branch not protected")
    if not row.checks:
        raise HttpError(404, "Required status checks not enabled")
    url = call.url.removesuffix("/required_status_checks")
    return json_response(repositories.required_status_checks(row, url))


def get_rules(call: Call) -> Response:
    """List the ruleset rules of a branch; protection here is classic, so there are none."""
    return call.page([], lambda rule: rule)


def get_ref(call: Call) -> Response:
    """Show one ref."""
    ref = f"refs/{call.arguments['ref']}"
    sha = call.hub.git(call.repo).refs(ref).get(ref)
    if sha is None:
        raise not_found()
    return json_response(_ref_shape(call, ref, sha))


def _ref_shape(call: Call, ref: str, sha: str) -> dict[str, object]:
    api = f"{call.view.repo_api(call.hub.full_name(call.repo))}/git"
    return {
        "ref": ref,
        "node_id": f"REF_{sha}",
        "url": f"{api}/{ref}",
        "object": {"sha": sha, "type": "commit", "url": f"{api}/commits/{sha}"},
    }


def matching_refs(call: Call) -> Response:
    """List the refs that begin with a text."""
    prefix = f"refs/{call.arguments['ref']}"
    every = call.hub.git(call.repo).refs("refs/")
    found = [(ref, sha) for ref, sha in every.items() if ref.startswith(prefix)]
    return call.page(found, lambda item: _ref_shape(call, item[0], item[1]))


def create_ref(call: Call) -> Response:
    """Create a branch or tag."""
    ref, sha = call.required_text("ref"), call.required_text("sha")
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        raise HttpError(422, "Reference name must start with 'refs/' and have two slashes.")
    git = call.hub.git(call.repo)
    if git.resolve(sha) is None:
        raise HttpError(422, "Object does not exist")
    if ref in git.refs(ref):
        raise HttpError(422, "Reference already exists")
    try:
        git.update_ref(ref, sha, "0" * 40)
    except GitFailedError as failure:
        raise invalid("Reference", "ref") from failure
    pushes.refs_moved(call.hub, call.repo, {}, {ref: sha}, call.account)
    return json_response(_ref_shape(call, ref, sha), 201)


def delete_ref(call: Call) -> Response:
    """Delete a branch or tag."""
    pushes.delete_ref(call.hub, call.repo, f"refs/{call.arguments['ref']}", call.account)
    return no_content()


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
    if "raw" in call.request.headers.get("Accept", ""):
        return Response(blob, content_type="application/vnd.github.raw+json; charset=utf-8")
    shown = blob if len(blob) <= _LARGEST_INLINE_BLOB else b""
    shape = repositories.content(call.hub, call.repo, entry, ref, call.view, shown)
    if len(blob) > _LARGEST_INLINE_BLOB:
        shape["encoding"] = "none"
    return json_response(shape)


def collaborator_permission(call: Call) -> Response:
    """Tell what a person may do in the repository."""
    found = call.hub.account(call.arguments["login"])
    if found is None:
        raise HttpError(404, f"{call.arguments['login']} is not a user")
    role = role_of(call.repo, found)
    user = accounts.account(found, call.view)
    legacy = _LEGACY_PERMISSION[role]
    user["permissions"] = {
        "admin": legacy == "admin",
        "maintain": role in {"admin", "maintain"},
        "push": legacy in {"admin", "write"},
        "triage": role not in {"none", "read"},
        "pull": role != "none",
    }
    user["role_name"] = role
    return json_response({"permission": legacy, "role_name": role, "user": user})


def list_collaborators(call: Call) -> Response:
    """List the people with a role in the repository."""
    roles = {call.repo.owner_id: "admin", **call.repo.roles}
    rows = [(call.state.accounts.get(key), role) for key, role in roles.items() if role != "none"]
    return call.page(rows, lambda row: {**accounts.account(row[0], call.view), "role_name": row[1]})


def list_repositories_of_user(call: Call) -> Response:
    """List the repositories the caller can see of an account."""
    owner = call.hub.account(call.arguments["login"])
    if owner is None:
        raise not_found()
    rows = [repo for repo in call.state.repositories.of(owner.id) if sees(call.caller, repo)]
    return call.page(rows, lambda row: repositories.repository(call.hub, row, call.view))


_R = "/repos/<owner>/<repo>"
ROUTES = (
    Route(method="GET", rule=_R, handler=get_repository, needs="metadata:read"),
    Route(method="GET", rule=f"{_R}/branches", handler=list_branches, needs="contents:read"),
    Route(
        method="GET", rule=f"{_R}/branches/<path:branch>", handler=get_branch, needs="contents:read"
    ),
    Route(
        method="GET",
        rule=f"{_R}/branches/<path:branch>/protection",
        handler=get_protection,
        needs="administration:read",
    ),
    Route(
        method="GET",
        rule=f"{_R}/branches/<path:branch>/protection/required_status_checks",
        handler=get_required_checks,
        needs="administration:read",
    ),
    Route(
        method="GET",
        rule=f"{_R}/rules/branches/<path:branch>",
        handler=get_rules,
        needs="metadata:read",
    ),
    Route(method="GET", rule=f"{_R}/git/ref/<path:ref>", handler=get_ref, needs="contents:read"),
    Route(
        method="GET",
        rule=f"{_R}/git/matching-refs/<path:ref>",
        handler=matching_refs,
        needs="contents:read",
    ),
    Route(method="POST", rule=f"{_R}/git/refs", handler=create_ref, needs="contents:write"),
    Route(
        method="DELETE",
        rule=f"{_R}/git/refs/<path:ref>",
        handler=delete_ref,
        needs="contents:write",
    ),
    Route(method="GET", rule=f"{_R}/git/trees/<path:sha>", handler=get_tree, needs="contents:read"),
    Route(method="GET", rule=f"{_R}/commits", handler=list_commits, needs="contents:read"),
    Route(method="GET", rule=f"{_R}/commits/<path:ref>", handler=get_commit, needs="contents:read"),
    Route(
        method="GET",
        rule=f"{_R}/commits/<sha>/pulls",
        handler=commit_pulls,
        needs="pull_requests|contents:read",
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
    Route(method="GET", rule="/orgs/<login>/repos", handler=list_repositories_of_user),
)
