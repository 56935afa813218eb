"""REST: reviews of pull requests, pending ones too, and their comments on lines."""

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github import review_threads, reviews
from rigtasks.local.github.access import CallerKind, role_of
from rigtasks.local.github.answers import (
    HttpError,
    created,
    forbidden_to_app,
    json_response,
    no_content,
    not_found,
)
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.model import ROLES, PullRequest, Review, ReviewComment
from rigtasks.local.github.rules.requirements import is_listed
from rigtasks.local.github.shapes import pulls as shapes

_WRITERS_ONLY = "Must have write rights to Repository."


def list_reviews(call: Call) -> Response:
    """List the reviews, oldest first; a pending one only to its author."""
    rows = [
        row
        for row in call.state.reviews.of(call.repo.id, call.pull().number)
        if _may_see(call, row)
    ]
    return call.page(rows, lambda row: shapes.review(call.hub, call.repo, row, call.view))


def _may_see(call: Call, row: Review) -> bool:
    caller = call.caller.account
    return row.state != "PENDING" or (caller is not None and caller.id == row.author_id)


def create_review(call: Call) -> Response:
    """Make a review with its line comments; without an `event` it stays pending."""
    listed = call.body.get("comments") or []
    try:
        comments = msgspec.convert(listed, list[review_threads.DraftComment])
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error
    event = call.text("event")
    row = reviews.create(
        call.hub,
        call.repo,
        call.pull(),
        call.pull_issue(),
        call.account,
        reviews.NewReview(
            event=None if event == "PENDING" else event,
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
    if not _may_see(call, row):
        raise not_found()
    return row


def get_review(call: Call) -> Response:
    """Show one review."""
    return json_response(shapes.review(call.hub, call.repo, _review(call), call.view))


def _own_review(call: Call) -> Review:
    row = _review(call)
    if row.author_id != call.account.id:
        raise forbidden_to_app()
    return row


def update_review(call: Call) -> Response:
    """Change the text of one's own review."""
    row = _own_review(call)
    body = call.required_text("body")
    row = reviews.edit(call.hub, call.repo, call.pull(), row, call.account, body)
    return json_response(shapes.review(call.hub, call.repo, row, call.view))


def submit_review(call: Call) -> Response:
    """Submit one's own pending review."""
    row, event = _own_review(call), call.required_text("event")
    if (body := call.text("body")) is not None:
        row = reviews.edit(call.hub, call.repo, call.pull(), row, call.account, body)
    half = call.pull_issue()
    row = reviews.submit(call.hub, call.repo, call.pull(), half, call.account, row, event)
    return json_response(shapes.review(call.hub, call.repo, row, call.view))


def delete_review(call: Call) -> Response:
    """Delete one's own pending review."""
    row = _own_review(call)
    shape = shapes.review(call.hub, call.repo, row, call.view)
    reviews.discard(call.hub, call.repo, call.pull(), row, call.account)
    return json_response(shape)


def dismiss_review(call: Call) -> Response:
    """Dismiss a review; people need write access, and a place on the list where there is one."""
    row, pull = _review(call), call.pull()
    if call.caller.kind is CallerKind.PERSONAL and not _writes(call):
        raise HttpError(403, _WRITERS_ONLY)
    protection = call.state.protections.first(call.repo.id, pull.base_ref)
    listed = None if protection is None else protection.dismissal_restrictions
    if (
        listed is not None
        and role_of(call.repo, call.account) != "admin"
        and not is_listed(call.hub, listed, call.account)
    ):
        raise HttpError(403, "You are not authorized to dismiss reviews on this pull request.")
    row = reviews.dismiss(
        call.hub, call.repo, pull, row, call.account, call.required_text("message")
    )
    return json_response(shapes.review(call.hub, call.repo, row, call.view))


def _writes(call: Call) -> bool:
    return ROLES.index(role_of(call.repo, call.account)) >= ROLES.index("write")


def review_comments(call: Call) -> Response:
    """List the line comments of one review."""
    row = _review(call)
    rows = [one for one in _visible(call) if one.review_id == row.id]
    return call.page(rows, lambda item: shapes.review_comment(call.hub, call.repo, item, call.view))


def _visible(call: Call) -> list[ReviewComment]:
    number = call.pull().number
    return review_threads.visible(call.hub, call.repo, number, call.caller.account)


def list_review_comments(call: Call) -> Response:
    """List all line comments of a pull request."""
    rows = _visible(call)
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
        thread = review_threads.anchor(call.hub, call.repo, pull, sha, draft)
        row = reviews.say(call.hub, call.repo, pull, call.pull_issue(), call.account, thread, body)
    return created(shapes.review_comment(call.hub, call.repo, row, call.view))


def _draft(call: Call) -> review_threads.DraftComment:
    fields: dict[str, Any] = {
        name: call.body[name]
        for name in review_threads.DraftComment.__struct_fields__
        if call.body.get(name) is not None
    }
    try:
        return msgspec.convert(fields, review_threads.DraftComment)
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error


def reply_to_comment(call: Call) -> Response:
    """Answer a line comment."""
    return _reply(call, call.pull(), call.arguments["comment_id"], call.required_text("body"))


def _reply(call: Call, pull: PullRequest, comment_id: int, body: str) -> Response:
    first = next((one for one in _visible(call) if one.id == comment_id), None)
    if first is None:
        raise not_found()
    row = reviews.say(
        call.hub,
        call.repo,
        pull,
        call.pull_issue(),
        call.account,
        call.state.threads.get(first.thread_id),
        body,
        in_reply_to_id=first.in_reply_to_id or first.id,
    )
    return created(shapes.review_comment(call.hub, call.repo, row, call.view))


def _comment(call: Call) -> tuple[PullRequest, ReviewComment]:
    row = call.state.review_comments.find(call.arguments["comment_id"])
    if row is None or row.repository_id != call.repo.id:
        raise not_found()
    pull = call.hub.pull(call.repo, row.number)
    seen = review_threads.visible(call.hub, call.repo, row.number, call.caller.account)
    if pull is None or row not in seen:
        raise not_found()
    return pull, row


def _own_comment(call: Call) -> tuple[PullRequest, ReviewComment]:
    pull, row = _comment(call)
    if row.author_id != call.account.id:
        if call.caller.kind is CallerKind.INSTALLATION:
            raise forbidden_to_app()
        if not _writes(call):
            raise HttpError(403, _WRITERS_ONLY)
    return pull, row


def get_review_comment(call: Call) -> Response:
    """Show one line comment."""
    _, row = _comment(call)
    return json_response(shapes.review_comment(call.hub, call.repo, row, call.view))


def update_review_comment(call: Call) -> Response:
    """Change a line comment; people without write access only their own, Apps only their own."""
    pull, row = _own_comment(call)
    body = call.required_text("body")
    row = review_threads.edit_comment(call.hub, call.repo, pull, row, call.account, body)
    return json_response(shapes.review_comment(call.hub, call.repo, row, call.view))


def delete_review_comment(call: Call) -> Response:
    """Remove a line comment."""
    pull, row = _own_comment(call)
    review_threads.delete_comment(call.hub, call.repo, pull, row, call.account)
    return no_content()


def list_repository_comments(call: Call) -> Response:
    """List the line comments of all pull requests of a repository."""
    rows = [
        row
        for pull in call.state.pulls.of(call.repo.id)
        for row in review_threads.visible(call.hub, call.repo, pull.number, call.caller.account)
    ]
    rows.sort(key=lambda row: row.id, reverse=call.request.args.get("direction") != "asc")
    return call.page(rows, lambda row: shapes.review_comment(call.hub, call.repo, row, call.view))


_R = "/repos/<owner>/<repo>"
_P = f"{_R}/pulls/<int:number>"
_REVIEW = f"{_P}/reviews/<int:review_id>"
_LINE = f"{_R}/pulls/comments/<int:comment_id>"
_READ = "pull_requests:read"
_WRITE = "pull_requests:write"
_COMMENT = "pull_requests:comment"
ROUTES = (
    Route(method="GET", rule=f"{_P}/reviews", handler=list_reviews, needs=_READ),
    Route(method="POST", rule=f"{_P}/reviews", handler=create_review, needs=_COMMENT),
    Route(method="GET", rule=_REVIEW, handler=get_review, needs=_READ),
    Route(method="PUT", rule=_REVIEW, handler=update_review, needs=_COMMENT),
    Route(method="DELETE", rule=_REVIEW, handler=delete_review, needs=_COMMENT),
    Route(method="POST", rule=f"{_REVIEW}/events", handler=submit_review, needs=_COMMENT),
    Route(method="PUT", rule=f"{_REVIEW}/dismissals", handler=dismiss_review, needs=_WRITE),
    Route(method="GET", rule=f"{_REVIEW}/comments", handler=review_comments, needs=_READ),
    Route(method="GET", rule=f"{_P}/comments", handler=list_review_comments, needs=_READ),
    Route(method="POST", rule=f"{_P}/comments", handler=create_review_comment, needs=_COMMENT),
    Route(
        method="POST",
        rule=f"{_P}/comments/<int:comment_id>/replies",
        handler=reply_to_comment,
        needs=_COMMENT,
    ),
    Route(method="GET", rule=f"{_R}/pulls/comments", handler=list_repository_comments, needs=_READ),
    Route(method="GET", rule=_LINE, handler=get_review_comment, needs=_READ),
    Route(method="PATCH", rule=_LINE, handler=update_review_comment, needs=_COMMENT),
    Route(method="DELETE", rule=_LINE, handler=delete_review_comment, needs=_COMMENT),
)
