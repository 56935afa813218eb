"""REST: pull requests, their files and commits, who shall review them, and the merge."""

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github import (
    branch_updates,
    issues,
    media,
    merging,
    owners,
    pulls,
    review_requests,
)
from rigtasks.local.github.answers import (
    HttpError,
    created,
    invalid,
    json_response,
    missing,
    no_content,
    not_found,
)
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.governance import Team
from rigtasks.local.github.model import Account, PullRequest
from rigtasks.local.github.shapes import pulls as shapes
from rigtasks.local.github.shapes import repositories


def list_pulls(call: Call) -> Response:
    """List pull requests by state, head (`owner:branch`) and base."""
    wanted = call.request.args
    state = wanted.get("state", "open")
    head = wanted.get("head", "")
    rows = []
    for pull in call.state.pulls.of(call.repo.id):
        half = call.hub.issue(call.repo, pull.number)
        if half is None or state not in {"all", half.state}:
            continue
        if ":" in head and head.lower() != _label(call, pull).lower():
            continue
        if wanted.get("base") and pull.base_ref != wanted["base"]:
            continue
        rows.append((half.updated_at if wanted.get("sort") == "updated" else half.created_at, pull))
    newest_first = wanted.get("direction", "asc" if "sort" in wanted else "desc") == "desc"
    rows.sort(key=lambda row: (row[0], row[1].number), reverse=newest_first)
    return call.page(
        [pull for _, pull in rows], lambda row: shapes.pull(call.hub, call.repo, row, call.view)
    )


def _label(call: Call, pull: PullRequest) -> str:
    owner = call.state.accounts.get(pull.fork_owner_id or call.repo.owner_id)
    return f"{owner.login}:{pull.head_ref}"


def create_pull(call: Call) -> Response:
    """Open a pull request."""
    title = call.text("title")
    if not title:
        raise missing("PullRequest", "title")
    head, base = call.text("head"), call.text("base")
    if not head or not base:
        raise missing("PullRequest", "base" if head else "head")
    row = pulls.create(
        call.hub,
        call.repo,
        call.account,
        pulls.NewPull(
            title=title,
            body=call.text("body"),
            head=head,
            base=base,
            head_repo=call.text("head_repo"),
            draft=bool(call.body.get("draft")),
            maintainer_can_modify=call.body.get("maintainer_can_modify") is not False,
            app_id=call.app_id,
        ),
    )
    return created(shapes.full_pull(call.hub, call.repo, row, call.view))


def get_pull(call: Call) -> Response:
    """Show a pull request, or its diff by media type; asks for the merge check."""
    row = call.pull()
    accept = call.request.headers.get("Accept", "")
    git = call.hub.git(call.repo)
    base = call.hub.diff_base(call.repo, row)
    if (kind := media.wanted(accept, "diff")) is not None:
        diff = git.diff_text(base, row.head_sha)
        return Response(diff, content_type=f"{kind}; charset=utf-8")
    if (kind := media.wanted(accept, "patch")) is not None:
        patch = git.run("format-patch", "--stdout", f"{base}..{row.head_sha}")
        return Response(patch, content_type=f"{kind}; charset=utf-8")
    mergeability = call.services.merge_checks.ask(call.repo, row)
    return json_response(shapes.full_pull(call.hub, call.repo, row, call.view, mergeability))


def update_pull(call: Call) -> Response:
    """Change title, body, state or base."""
    row, half = call.pull(), call.pull_issue()
    if half.author_id != call.account.id:
        call.require("pull_requests:write")
    half = issues.edit(
        call.hub, call.repo, half, call.account, title=call.text("title"), body=call.text("body")
    )
    state, base = call.text("state"), call.text("base")
    if state not in {None, "open", "closed"}:
        raise invalid("PullRequest", "state")
    if base is not None and base != row.base_ref:
        pulls.change_base(call.hub, call.repo, row, half, call.account, base)
    if state == "open" and half.state == "closed":
        pulls.reopen(call.hub, call.repo, call.pull(), half, call.account)
    elif state is not None:
        issues.set_state(call.hub, call.repo, half, call.account, state)
    modify = call.body.get("maintainer_can_modify")
    if isinstance(modify, bool) and call.pull().fork_id is not None:
        changed = msgspec.structs.replace(call.pull(), maintainer_can_modify=modify)
        call.state.pulls.put(changed)
    return json_response(shapes.full_pull(call.hub, call.repo, call.pull(), call.view))


def list_files(call: Call) -> Response:
    """List the changed files with their patches."""
    row = call.pull()
    files = call.hub.changed_files(call.repo, call.hub.diff_base(call.repo, row), row.head_sha)
    return call.page(
        files,
        lambda file: repositories.changed_file(call.hub, call.repo, file, row.head_sha, call.view),
    )


def list_pull_commits(call: Call) -> Response:
    """List the commits of a pull request, oldest first."""
    row = call.pull()
    base = call.hub.diff_base(call.repo, row)
    commits = call.hub.git(call.repo).commits(row.head_sha, f"^{base}")
    return call.page(
        commits[::-1],
        lambda commit: repositories.commit(call.hub, call.repo, commit, call.view),
    )


def is_merged(call: Call) -> Response:
    """Answer 204 when merged, 404 when not."""
    if call.pull().merged_at is None:
        raise not_found()
    return no_content()


def merge_pull(call: Call) -> Response:
    """Merge a pull request under GitHub's guards."""
    sha = merging.merge(
        call.hub,
        call.repo,
        call.pull(),
        call.account,
        merging.MergeRequest(
            method=call.text("merge_method") or "merge",
            sha=call.text("sha"),
            commit_title=call.text("commit_title"),
            commit_message=call.text("commit_message"),
        ),
    )
    message = "Pull Request successfully merged"
    return json_response({"sha": sha, "merged": True, "message": message})


def update_branch(call: Call) -> Response:
    """Merge the newest of the base into the branch."""
    row = call.pull()
    branch_updates.update_branch(
        call.hub, call.repo, row, call.caller, call.account, call.text("expected_head_sha")
    )
    url = call.url.removesuffix("/update-branch")
    return json_response({"message": "Updating pull request branch.", "url": url}, 202)


def list_requested(call: Call) -> Response:
    """List the people and teams that are waited for."""
    shape = shapes.pull(call.hub, call.repo, call.pull(), call.view)
    return json_response({"users": shape["requested_reviewers"], "teams": shape["requested_teams"]})


def request_reviewers(call: Call) -> Response:
    """Ask people and teams for a review."""
    people, groups = _asked(call)
    row = review_requests.ask(call.hub, call.repo, call.pull(), call.account, people, groups)
    return json_response(shapes.pull(call.hub, call.repo, row, call.view), 201)


def remove_requested(call: Call) -> Response:
    """Take requests back."""
    people, groups = _asked(call)
    row = review_requests.withdraw(call.hub, call.repo, call.pull(), call.account, people, groups)
    return json_response(shapes.pull(call.hub, call.repo, row, call.view))


def _asked(call: Call) -> tuple[list[Account], list[Team]]:
    people = [call.hub.account(login) for login in _names(call, "reviewers")]
    groups = [
        owners.team_named(call.hub, call.repo, slug) for slug in _names(call, "team_reviewers")
    ]
    known = [one for one in people if one is not None], [one for one in groups if one is not None]
    if len(known[0]) < len(people) or len(known[1]) < len(groups):
        raise HttpError(422, review_requests.strangers(call.hub, call.repo))
    return known


def _names(call: Call, field: str) -> list[str]:
    try:
        return msgspec.convert(call.body.get(field) or [], list[str])
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error


_R = "/repos/<owner>/<repo>"
_P = f"{_R}/pulls/<int:number>"
_READ = "pull_requests:read"
_WRITE = "pull_requests:write"
_COMMENT = "pull_requests:comment"
ROUTES = (
    Route(method="GET", rule=f"{_R}/pulls", handler=list_pulls, needs=_READ),
    Route(method="POST", rule=f"{_R}/pulls", handler=create_pull, needs=_COMMENT),
    Route(method="GET", rule=_P, handler=get_pull, needs=_READ),
    Route(method="PATCH", rule=_P, handler=update_pull, needs=_COMMENT),
    Route(method="GET", rule=f"{_P}/files", handler=list_files, needs=_READ),
    Route(method="GET", rule=f"{_P}/commits", handler=list_pull_commits, needs=_READ),
    Route(method="GET", rule=f"{_P}/merge", handler=is_merged, needs=_READ),
    Route(method="PUT", rule=f"{_P}/merge", handler=merge_pull, needs="contents:write"),
    Route(method="PUT", rule=f"{_P}/update-branch", handler=update_branch, needs=_WRITE),
    Route(method="GET", rule=f"{_P}/requested_reviewers", handler=list_requested, needs=_READ),
    Route(method="POST", rule=f"{_P}/requested_reviewers", handler=request_reviewers, needs=_WRITE),
    Route(
        method="DELETE", rule=f"{_P}/requested_reviewers", handler=remove_requested, needs=_WRITE
    ),
)
