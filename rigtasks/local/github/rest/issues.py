"""REST: issues, labels, comments, events and timelines."""

import re
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from rigtasks.local.github import issues
from rigtasks.local.github.access import CallerKind, role_of
from rigtasks.local.github.answers import (
    HttpError,
    created,
    invalid,
    json_response,
    missing,
    no_content,
    not_found,
    validation_failed,
)
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.hub import stamp
from rigtasks.local.github.model import ROLES, Comment, Issue, Label
from rigtasks.local.github.shapes import accounts, pulls, repositories
from rigtasks.local.github.shapes import issues as shapes

Json = dict[str, Any]

_COLOR = re.compile(r"[0-9a-fA-F]{6}")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("Search", "since") from error


def list_issues(call: Call) -> Response:
    """List issues and pull requests by state, labels, creator and time."""
    wanted = call.request.args
    rows = call.state.issues.of(call.repo.id)
    state = wanted.get("state", "open")
    if state != "all":
        rows = [row for row in rows if row.state == state]
    labels = {name.strip().lower() for name in wanted.get("labels", "").split(",") if name.strip()}
    if labels:
        rows = [row for row in rows if labels <= {name.lower() for name in row.labels}]
    since = _moment(wanted.get("since"))
    if since is not None:
        rows = [row for row in rows if row.updated_at >= since]
    if creator := wanted.get("creator"):
        found = call.hub.account(creator)
        rows = [row for row in rows if found is not None and row.author_id == found.id]
    key = "updated_at" if wanted.get("sort") == "updated" else "created_at"
    rows.sort(
        key=lambda row: (getattr(row, key), row.number), reverse=wanted.get("direction") != "asc"
    )
    return call.page(rows, lambda row: shapes.issue(call.hub, call.repo, row, call.view))


def create_issue(call: Call) -> Response:
    """Open an issue; labels count only from those who may label."""
    title = call.text("title")
    if not title or not title.strip():
        raise missing("Issue", "title")
    row = issues.create(
        call.hub,
        call.repo,
        call.account,
        title=title,
        body=call.text("body"),
        labels=_label_names(call) if _may_label(call) else (),
        app_id=call.app_id,
    )
    return created(shapes.issue(call.hub, call.repo, row, call.view))


def _may_label(call: Call) -> bool:
    if call.caller.kind is CallerKind.INSTALLATION:
        return True
    return ROLES.index(role_of(call.repo, call.account)) >= ROLES.index("triage")


def _label_names(call: Call) -> tuple[str, ...]:
    listed = call.listed("labels") or []
    if not isinstance(listed, list):
        raise invalid("Issue", "labels")
    names: list[str] = []
    for item in listed:
        name = item.get("name") if isinstance(item, dict) else item
        if not isinstance(name, str):
            raise invalid("Issue", "labels")
        names.append(name)
    return tuple(names)


def get_issue(call: Call) -> Response:
    """Show an issue or the issue half of a pull request."""
    return json_response(shapes.issue(call.hub, call.repo, call.issue(), call.view))


def update_issue(call: Call) -> Response:
    """Change title, body, state or labels."""
    row = call.issue()
    if row.author_id != call.account.id:
        call.require("issues|pull_requests:write" if row.is_pull else "issues:write")
    row = issues.edit(
        call.hub, call.repo, row, call.account, title=call.text("title"), body=call.text("body")
    )
    if "labels" in call.body:
        row = _replace_labels(call, row, _label_names(call))
    state = call.text("state")
    if state not in {None, "open", "closed"}:
        raise invalid("Issue", "state")
    if state is not None:
        reason = call.text("state_reason")
        row = issues.set_state(call.hub, call.repo, row, call.account, state, reason=reason)
    return json_response(shapes.issue(call.hub, call.repo, row, call.view))


def _replace_labels(call: Call, row: Issue, names: tuple[str, ...]) -> Issue:
    keep = {name.lower() for name in names}
    for label in _labels_on(call, row):
        if label.name.lower() not in keep:
            row = issues.remove_label(
                call.hub, call.repo, row, call.account, label, app_id=call.app_id
            )
    return issues.add_labels(call.hub, call.repo, row, call.account, names, app_id=call.app_id)


def _labels_on(call: Call, row: Issue) -> list[Label]:
    return [label for label in call.state.labels.of(call.repo.id) if label.name in row.labels]


def list_issue_labels(call: Call) -> Response:
    """List the labels of an issue."""
    return call.page(shapes.labels_of(call.hub, call.repo, call.issue(), call.view), dict)


def add_issue_labels(call: Call) -> Response:
    """Put labels on an issue."""
    row = issues.add_labels(
        call.hub, call.repo, call.issue(), call.account, _label_names(call), app_id=call.app_id
    )
    return json_response(shapes.labels_of(call.hub, call.repo, row, call.view))


def set_issue_labels(call: Call) -> Response:
    """Replace all labels of an issue."""
    row = _replace_labels(call, call.issue(), _label_names(call))
    return json_response(shapes.labels_of(call.hub, call.repo, row, call.view))


def remove_issue_label(call: Call) -> Response:
    """Take one label off an issue."""
    row = call.issue()
    wanted = call.arguments["name"].lower()
    for label in _labels_on(call, row):
        if label.name.lower() == wanted:
            row = issues.remove_label(
                call.hub, call.repo, row, call.account, label, app_id=call.app_id
            )
            return json_response(shapes.labels_of(call.hub, call.repo, row, call.view))
    raise HttpError(404, "Label does not exist")


def list_labels(call: Call) -> Response:
    """List the labels of a repository."""
    rows = call.state.labels.of(call.repo.id)
    return call.page(rows, lambda row: shapes.label(call.hub, call.repo, row, call.view))


def get_label(call: Call) -> Response:
    """Show one label."""
    wanted = call.arguments["name"].lower()
    for row in call.state.labels.of(call.repo.id):
        if row.name.lower() == wanted:
            return json_response(shapes.label(call.hub, call.repo, row, call.view))
    raise not_found()


def create_label(call: Call) -> Response:
    """Define a label."""
    name = call.required_text("name")
    known = {row.name.lower() for row in call.state.labels.of(call.repo.id)}
    if name.lower() in known:
        raise validation_failed({"resource": "Label", "code": "already_exists", "field": "name"})
    color = call.text("color")
    if color is not None and not _COLOR.fullmatch(color):
        raise invalid("Label", "color")
    row = issues.define_label(
        call.hub,
        call.repo,
        name,
        color=color,
        description=call.text("description"),
    )
    return created(shapes.label(call.hub, call.repo, row, call.view))


def list_comments(call: Call) -> Response:
    """List the comments of an issue or pull request."""
    rows = call.state.comments.of(call.repo.id, call.issue().number)
    since = _moment(call.request.args.get("since"))
    if since is not None:
        rows = [row for row in rows if row.updated_at >= since]
    return call.page(rows, lambda row: shapes.comment(call.hub, call.repo, row, call.view))


def create_comment(call: Call) -> Response:
    """Comment on an issue or pull request."""
    body = call.required_text("body")
    if not body.strip():
        raise missing("IssueComment", "body")
    row = issues.add_comment(
        call.hub, call.repo, call.issue(), call.account, body, app_id=call.app_id
    )
    return created(shapes.comment(call.hub, call.repo, row, call.view))


def _comment(call: Call) -> tuple[Issue, Comment]:
    row = call.state.comments.find(call.arguments["comment_id"])
    if row is None or row.repository_id != call.repo.id:
        raise not_found()
    issue = call.hub.issue(call.repo, row.number)
    if issue is None:
        raise not_found()
    return issue, row


def get_comment(call: Call) -> Response:
    """Show one comment."""
    return json_response(shapes.comment(call.hub, call.repo, _comment(call)[1], call.view))


def update_comment(call: Call) -> Response:
    """Change a comment; people without write access only their own, Apps only their own."""
    issue, row = _comment(call)
    _require_own(call, row)
    row = issues.edit_comment(
        call.hub, call.repo, issue, row, call.account, call.required_text("body")
    )
    return json_response(shapes.comment(call.hub, call.repo, row, call.view))


def _require_own(call: Call, row: Comment) -> None:
    if row.author_id == call.account.id:
        return
    if call.caller.kind is CallerKind.INSTALLATION:
        raise HttpError(403, "Resource not accessible by integration")
    if ROLES.index(role_of(call.repo, call.account)) < ROLES.index("write"):
        raise HttpError(403, "Must have write rights to Repository.")


def delete_comment(call: Call) -> Response:
    """Remove a comment."""
    issue, row = _comment(call)
    _require_own(call, row)
    issues.delete_comment(call.hub, call.repo, issue, row, call.account)
    return no_content()


def list_events(call: Call) -> Response:
    """List the events of an issue."""
    rows = call.state.issue_events.of(call.repo.id, call.issue().number)
    return call.page(rows, lambda row: shapes.issue_event(call.hub, call.repo, row, call.view))


def list_timeline(call: Call) -> Response:
    """List events, comments, reviews and commits of an issue in order of time."""
    number = call.issue().number
    entries = [
        (row.created_at, row.id, shapes.issue_event(call.hub, call.repo, row, call.view))
        for row in call.state.issue_events.of(call.repo.id, number)
    ]
    for comment in call.state.comments.of(call.repo.id, number):
        author = accounts.account_or_none(call.hub, comment.author_id, call.view)
        shape = shapes.comment(call.hub, call.repo, comment, call.view)
        entries.append(
            (comment.created_at, comment.id, {**shape, "event": "commented", "actor": author})
        )
    for review in call.state.reviews.of(call.repo.id, number):
        if review.submitted_at is None:
            continue
        shape = pulls.review(call.hub, call.repo, review, call.view, webhook=True)
        entries.append((review.submitted_at, review.id, {**shape, "event": "reviewed"}))
    entries.sort(key=lambda entry: entry[:2])
    items = _timeline_commits(call) + [shape for _, _, shape in entries]
    return call.page(items, dict)


def _timeline_commits(call: Call) -> list[Json]:
    pull = call.hub.pull(call.repo, call.issue().number)
    if pull is None:
        return []
    base = call.hub.diff_base(call.repo, pull)
    git = call.hub.git(call.repo)
    return [
        {**repositories.commit(call.hub, call.repo, row, call.view)["commit"]}
        | {"sha": row.sha, "event": "committed", "parents": []}
        for row in reversed(git.commits(pull.head_sha, f"^{base}"))
    ]


def list_repository_events(call: Call) -> Response:
    """List the newest events of all issues of a repository."""
    rows = [
        row for row in reversed(call.state.issue_events.all()) if row.repository_id == call.repo.id
    ]

    def render(row: Any) -> Json:
        shape = shapes.issue_event(call.hub, call.repo, row, call.view)
        issue = call.hub.issue(call.repo, row.number)
        if issue is not None:
            shape["issue"] = shapes.issue(call.hub, call.repo, issue, call.view)
        shape["created_at"] = stamp(row.created_at)
        return shape

    return call.page(rows, render)


_R = "/repos/<owner>/<repo>"
_I = f"{_R}/issues/<int:number>"
_READ = "issues|pull_requests:read"
_WRITE = "issues|pull_requests:write"
_COMMENT = "issues|pull_requests:comment"
ROUTES = (
    Route(method="GET", rule=f"{_R}/issues", handler=list_issues, needs="issues:read"),
    Route(method="POST", rule=f"{_R}/issues", handler=create_issue, needs="issues:comment"),
    Route(method="GET", rule=_I, handler=get_issue, needs="issues:read"),
    Route(method="PATCH", rule=_I, handler=update_issue, needs=_COMMENT),
    Route(method="GET", rule=f"{_I}/labels", handler=list_issue_labels, needs=_READ),
    Route(method="POST", rule=f"{_I}/labels", handler=add_issue_labels, needs=_WRITE),
    Route(method="PUT", rule=f"{_I}/labels", handler=set_issue_labels, needs=_WRITE),
    Route(
        method="DELETE", rule=f"{_I}/labels/<path:name>", handler=remove_issue_label, needs=_WRITE
    ),
    Route(method="GET", rule=f"{_I}/comments", handler=list_comments, needs=_READ),
    Route(method="POST", rule=f"{_I}/comments", handler=create_comment, needs=_COMMENT),
    Route(method="GET", rule=f"{_I}/events", handler=list_events, needs=_READ),
    Route(method="GET", rule=f"{_I}/timeline", handler=list_timeline, needs=_READ),
    Route(
        method="GET",
        rule=f"{_R}/issues/events",
        handler=list_repository_events,
        needs="issues:read",
    ),
    Route(
        method="GET",
        rule=f"{_R}/issues/comments/<int:comment_id>",
        handler=get_comment,
        needs=_READ,
    ),
    Route(
        method="PATCH",
        rule=f"{_R}/issues/comments/<int:comment_id>",
        handler=update_comment,
        needs=_COMMENT,
    ),
    Route(
        method="DELETE",
        rule=f"{_R}/issues/comments/<int:comment_id>",
        handler=delete_comment,
        needs=_COMMENT,
    ),
    Route(method="GET", rule=f"{_R}/labels", handler=list_labels, needs=_READ),
    Route(method="POST", rule=f"{_R}/labels", handler=create_label, needs=_WRITE),
    Route(method="GET", rule=f"{_R}/labels/<path:name>", handler=get_label, needs=_READ),
)
