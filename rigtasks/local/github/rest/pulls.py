"""REST: pull requests, their files and commits, reviews, review comments and the merge."""

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github import issues, merging, pulls, reviews
from rigtasks.local.github.access import CallerKind, role_of
from rigtasks.local.github.answers import HttpError, invalid, json_response, missing, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.model import ROLES, PullRequest, Review
from rigtasks.local.github.shapes import pulls as shapes
from rigtasks.local.github.shapes import repositories


def list_pulls(call: Call) -> Response:
    """List pull requests by state, head and base."""
    wanted = call.request.args
    state = wanted.get("state", "open")
    head = wanted.get("head", "")
    _, _, head_ref = head.rpartition(":")
    rows = []
    for pull in call.state.pulls.of(call.repo.id):
        half = call.hub.issue(call.repo, pull.number)
        if half is None or state not in {"all", half.state}:
            continue
        if head and (pull.head_ref != head_ref or not _same_owner(call, head)):
            continue
        if wanted.get("base") and pull.base_ref != wanted["base"]:
            continue
        rows.append((half.updated_at if wanted.get("sort") == "updated" else half.created_at, pull))
    newest_first = wanted.get("direction", "asc" if "sort" in wanted else "desc") == "desc"
    rows.sort(key=lambda row: (row[0], row[1].number), reverse=newest_first)
    return call.page(
        [pull for _, pull in rows], lambda row: shapes.pull(call.hub, call.repo, row, call.view)
    )


def _same_owner(call: Call, head: str) -> bool:
    owner = call.state.accounts.get(call.repo.owner_id).login
    return ":" not in head or head.split(":", 1)[0].lower() == owner.lower()


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
            draft=bool(call.body.get("draft")),
            app_id=call.app_id,
        ),
    )
    return json_response(shapes.full_pull(call.hub, call.repo, row, call.view), 201)


def get_pull(call: Call) -> Response:
    """Show a pull request, or its diff by media type; asks for the merge check."""
    row = call.pull()
    accept = call.request.headers.get("Accept", "")
    git = call.hub.git(call.repo)
    base = call.hub.diff_base(call.repo, row)
    if ".diff" in accept:
        diff = git.diff_text(base, row.head_sha)
        return Response(diff, content_type="application/vnd.github.diff; charset=utf-8")
    if ".patch" in accept:
        patch = git.run("format-patch", "--stdout", f"{base}..{row.head_sha}")
        return Response(patch, content_type="application/vnd.github.patch; charset=utf-8")
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
    return Response(status=204)


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


def list_reviews(call: Call) -> Response:
    """List the reviews, oldest first."""
    rows = call.state.reviews.of(call.repo.id, call.pull().number)
    return call.page(rows, lambda row: shapes.review(call.hub, call.repo, row, call.view))


def create_review(call: Call) -> Response:
    """Submit a review with its line comments."""
    event = call.text("event")
    if event is None:
        raise HttpError(422, 'Pending reviews are not supported by this server: send an "event".')
    listed = call.body.get("comments") or []
    try:
        comments = msgspec.convert(listed, list[reviews.DraftComment])
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error
    row = reviews.submit(
        call.hub,
        call.repo,
        call.pull(),
        call.pull_issue(),
        call.account,
        reviews.NewReview(
            event=event,
            body=call.text("body") or "",
            commit_id=call.text("commit_id"),
            comments=tuple(comments),
        ),
    )
    return json_response(shapes.review(call.hub, call.repo, row, call.view))


def _review(call: Call) -> Review:
    row = call.state.reviews.find(call.arguments["review_id"])
    if row is None or (row.repository_id, row.number) != (call.repo.id, call.pull().number):
        raise not_found()
    return row


def get_review(call: Call) -> Response:
    """Show one review."""
    return json_response(shapes.review(call.hub, call.repo, _review(call), call.view))


def update_review(call: Call) -> Response:
    """Change the text of one's own review."""
    row = _review(call)
    if row.author_id != call.account.id:
        raise HttpError(403, "Resource not accessible by integration")
    with call.state.change():
        changed = msgspec.structs.replace(row, body=call.required_text("body"))
        call.state.reviews.put(changed)
    return json_response(shapes.review(call.hub, call.repo, changed, call.view))


def dismiss_review(call: Call) -> Response:
    """Dismiss a review; people need write access."""
    row = _review(call)
    if call.caller.kind is CallerKind.PERSONAL and ROLES.index(
        role_of(call.repo, call.account)
    ) < ROLES.index("write"):
        raise HttpError(403, "Must have write rights to Repository.")
    row = reviews.dismiss(
        call.hub, call.repo, call.pull(), row, call.account, call.required_text("message")
    )
    return json_response(shapes.review(call.hub, call.repo, row, call.view))


def review_comments(call: Call) -> Response:
    """List the line comments of one review."""
    row = _review(call)
    rows = [
        comment
        for comment in call.state.review_comments.of(call.repo.id, row.number)
        if comment.review_id == row.id
    ]
    return call.page(rows, lambda item: shapes.review_comment(call.hub, call.repo, item, call.view))


def list_review_comments(call: Call) -> Response:
    """List all line comments of a pull request."""
    rows = call.state.review_comments.of(call.repo.id, call.pull().number)
    return call.page(rows, lambda row: shapes.review_comment(call.hub, call.repo, row, call.view))


def create_review_comment(call: Call) -> Response:
    """Open a thread outside a review, or answer with `in_reply_to`."""
    pull = call.pull()
    body = call.required_text("body")
    answered = call.number("in_reply_to")
    if answered is not None:
        return _reply(call, pull, answered, body)
    draft = _draft(call)
    sha = call.required_text("commit_id")
    with call.state.change():
        thread = reviews.anchor(call.hub, call.repo, pull, sha, draft)
        call.state.threads.put(thread)
        row = reviews.add_comment(
            call.hub, call.repo, pull, thread, call.account, body, review_id=None
        )
    return json_response(shapes.review_comment(call.hub, call.repo, row, call.view), 201)


def _draft(call: Call) -> reviews.DraftComment:
    fields: dict[str, Any] = {
        name: call.body[name]
        for name in reviews.DraftComment.__struct_fields__
        if call.body.get(name) is not None
    }
    try:
        return msgspec.convert(fields, reviews.DraftComment)
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error


def reply_to_comment(call: Call) -> Response:
    """Answer a line comment."""
    return _reply(call, call.pull(), call.arguments["comment_id"], call.required_text("body"))


def _reply(call: Call, pull: PullRequest, comment_id: int, body: str) -> Response:
    first = call.state.review_comments.find(comment_id)
    if first is None or (first.repository_id, first.number) != (call.repo.id, pull.number):
        raise not_found()
    row = reviews.add_comment(
        call.hub,
        call.repo,
        pull,
        call.state.threads.get(first.thread_id),
        call.account,
        body,
        review_id=None,
        in_reply_to_id=first.in_reply_to_id or first.id,
    )
    return json_response(shapes.review_comment(call.hub, call.repo, row, call.view), 201)


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
    Route(method="GET", rule=f"{_P}/reviews", handler=list_reviews, needs=_READ),
    Route(method="POST", rule=f"{_P}/reviews", handler=create_review, needs=_COMMENT),
    Route(method="GET", rule=f"{_P}/reviews/<int:review_id>", handler=get_review, needs=_READ),
    Route(
        method="PUT", rule=f"{_P}/reviews/<int:review_id>", handler=update_review, needs=_COMMENT
    ),
    Route(
        method="PUT",
        rule=f"{_P}/reviews/<int:review_id>/dismissals",
        handler=dismiss_review,
        needs=_WRITE,
    ),
    Route(
        method="GET",
        rule=f"{_P}/reviews/<int:review_id>/comments",
        handler=review_comments,
        needs=_READ,
    ),
    Route(method="GET", rule=f"{_P}/comments", handler=list_review_comments, needs=_READ),
    Route(method="POST", rule=f"{_P}/comments", handler=create_review_comment, needs=_COMMENT),
    Route(
        method="POST",
        rule=f"{_P}/comments/<int:comment_id>/replies",
        handler=reply_to_comment,
        needs=_COMMENT,
    ),
)
