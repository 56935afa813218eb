"""REST: branches and refs."""

from werkzeug.wrappers import Response

from rigtasks.local.github import pushes
from rigtasks.local.github.answers import HttpError, created, json_response, no_content, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.governance import Protection
from rigtasks.local.github.rules.requirements import is_protected
from rigtasks.local.github.shapes import repositories


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
            "protected": is_protected(call.hub, call.repo, head[0]),
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
        "enforcement_level": _level(row),
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
            "protected": is_protected(call.hub, call.repo, name),
            "protection": summary,
            "protection_url": f"{url}/protection",
        }
    )


def _level(row: Protection | None) -> str:
    if row is None or not row.checks:
        return "off"
    return "everyone" if row.enforce_admins else "non_admins"


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
    pushes.set_ref(call.hub, call.repo, ref, sha, call.account)
    return created(_ref_shape(call, ref, sha))


def update_ref(call: Call) -> Response:
    """Move a branch or tag."""
    ref, sha = f"refs/{call.arguments['ref']}", call.required_text("sha")
    git = call.hub.git(call.repo)
    if ref not in git.refs(ref):
        raise HttpError(422, "Reference does not exist")
    if git.resolve(sha) is None:
        raise HttpError(422, "Object does not exist")
    force = call.body.get("force") is True
    pushes.set_ref(call.hub, call.repo, ref, sha, call.account, force=force)
    return json_response(_ref_shape(call, ref, sha))


def delete_ref(call: Call) -> Response:
    """Delete a branch or tag."""
    pushes.delete_ref(call.hub, call.repo, f"refs/{call.arguments['ref']}", call.account)
    return no_content()


_R = "/repos/<owner>/<repo>"
ROUTES = (
    Route(method="GET", rule=f"{_R}/branches", handler=list_branches, needs="contents:read"),
    Route(
        method="GET", rule=f"{_R}/branches/<path:branch>", handler=get_branch, needs="contents:read"
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
        method="PATCH",
        rule=f"{_R}/git/refs/<path:ref>",
        handler=update_ref,
        needs="contents:write",
    ),
    Route(
        method="DELETE",
        rule=f"{_R}/git/refs/<path:ref>",
        handler=delete_ref,
        needs="contents:write",
    ),
)
