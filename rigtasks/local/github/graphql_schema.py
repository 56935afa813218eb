"""The part of GitHub's GraphQL schema that the sandbox answers: repository, issue, pull request."""

from collections.abc import Mapping
from typing import Any

from rigtasks.local.github import issues, reviews
from rigtasks.local.github.access import require, sees
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.graphql_types import (
    PAGE_INFO,
    Connection,
    Context,
    Json,
    Link,
    Node,
    RefusedError,
    Resolver,
    Schema,
    carried,
    connection,
)
from rigtasks.local.github.hub import node_id, row_of_node, stamp
from rigtasks.local.github.model import (
    Account,
    AccountType,
    Issue,
    PullRequest,
    Repository,
    Review,
    Thread,
)
from rigtasks.local.github.rules import review_decision


def _plain(name: str) -> Resolver:
    return lambda _context, row, _arguments: getattr(row, name)


def _time(name: str) -> Resolver:
    return lambda _context, row, _arguments: stamp(getattr(row, name))


def _actor(context: Context, account_id: int | None) -> Node | None:
    row = None if account_id is None else context.hub.state.accounts.find(account_id)
    return None if row is None else Node(type=row.type.value, value=row)


def _account(name: str) -> Resolver:
    return lambda context, row, _arguments: _actor(context, getattr(row, name))


def _login(_context: Context, row: Account, _arguments: Json) -> str:
    """Bots are named without their suffix in GraphQL."""
    return row.login.removesuffix("[bot]") if row.type is AccountType.BOT else row.login


def _repository_of(context: Context, row: Any) -> Repository:
    return context.hub.state.repositories.get(row.repository_id)


def _allowed(context: Context, repo: Repository, permission: str, level: str) -> None:
    try:
        require(context.caller, repo, permission, level)
    except HttpError as error:
        kind = "FORBIDDEN" if error.status == 403 else "NOT_FOUND"  # noqa: PLR2004  # HTTP forbidden
        raise RefusedError(error.message, kind) from error


def _repository(context: Context, _root: None, arguments: Json) -> Node:
    owner, name = arguments.get("owner"), arguments.get("name")
    names = str(owner), str(name)
    row = context.hub.repository(*names) or context.hub.renamed_repository(*names)
    if row is None or not sees(context.caller, row):
        message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
        raise RefusedError(message, "NOT_FOUND")
    return Node(type="Repository", value=row)


def _viewer(context: Context, _root: None, _arguments: Json) -> Node:
    if context.caller.account is None:
        raise RefusedError("Resource not accessible by integration", "FORBIDDEN")
    return Node(type=context.caller.account.type.value, value=context.caller.account)


def _number(arguments: Json) -> int:
    given = arguments.get("number")
    if not isinstance(given, int):
        raise RefusedError(f"Argument 'number' has an invalid value ({given}).", "INVALID")
    return given


def _issue(context: Context, repo: Repository, arguments: Json) -> Node:
    _allowed(context, repo, "issues", "read")
    row = context.hub.issue(repo, _number(arguments))
    if row is None or row.is_pull:
        message = f"Could not resolve to an Issue with the number of {arguments.get('number')}."
        raise RefusedError(message, "NOT_FOUND")
    return Node(type="Issue", value=row)


def _pull(context: Context, repo: Repository, arguments: Json) -> Node:
    _allowed(context, repo, "pull_requests", "read")
    row = context.hub.pull(repo, _number(arguments))
    if row is None:
        message = (
            f"Could not resolve to a PullRequest with the number of {arguments.get('number')}."
        )
        raise RefusedError(message, "NOT_FOUND")
    return Node(type="PullRequest", value=row)


def _half(context: Context, pull: PullRequest) -> Issue:
    half = context.hub.issue(_repository_of(context, pull), pull.number)
    if half is None:
        raise RefusedError("Could not resolve to a node.", "NOT_FOUND")
    return half


def _of_half(name: str) -> Resolver:
    return lambda context, pull, _arguments: getattr(_half(context, pull), name)


def _pull_author(context: Context, pull: PullRequest, _arguments: Json) -> Node | None:
    return _actor(context, _half(context, pull).author_id)


def _own_repository(context: Context, row: Issue | PullRequest, _arguments: Json) -> Node:
    return Node(type="Repository", value=_repository_of(context, row))


def _pull_state(context: Context, pull: PullRequest, _arguments: Json) -> str:
    return "MERGED" if pull.merged_at is not None else _half(context, pull).state.upper()


def _mergeable(context: Context, pull: PullRequest, _arguments: Json) -> str:
    verdict, _ = context.merge_checks.ask(_repository_of(context, pull), pull)
    return {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[verdict]


def _decision(context: Context, pull: PullRequest, _arguments: Json) -> str | None:
    return review_decision(context.hub, _repository_of(context, pull), pull)


def _closing(context: Context, pull: PullRequest, _arguments: Json) -> Connection:
    repo = _repository_of(context, pull)
    rows: list[Issue] = []
    if pull.base_ref == repo.default_branch:
        rows = issues.closing_references(context.hub, repo, _half(context, pull).body)
    return Connection(type="IssueConnection", items=[Node(type="Issue", value=row) for row in rows])


def _threads(context: Context, pull: PullRequest, _arguments: Json) -> Connection:
    rows = context.hub.state.threads.of(pull.repository_id, pull.number)
    return Connection(
        type="PullRequestReviewThreadConnection",
        items=[Node(type="PullRequestReviewThread", value=row) for row in rows],
    )


def _reviews(context: Context, pull: PullRequest, _arguments: Json) -> Connection:
    rows = context.hub.state.reviews.of(pull.repository_id, pull.number)
    return Connection(
        type="PullRequestReviewConnection",
        items=[Node(type="PullRequestReview", value=row) for row in rows],
    )


def _review_commit(_context: Context, row: Review, _arguments: Json) -> Node:
    return Node(type="Commit", value=row)


def _thread_comments(context: Context, thread: Thread, _arguments: Json) -> Connection:
    rows = context.hub.state.review_comments.of(thread.repository_id, thread.number)
    return Connection(
        type="PullRequestReviewCommentConnection",
        items=[
            Node(type="PullRequestReviewComment", value=row)
            for row in rows
            if row.thread_id == thread.id
        ],
    )


def _edits(context: Context, row: Issue, _arguments: Json) -> Connection:
    rows = context.hub.state.content_edits.of(row.repository_id, row.number)
    return Connection(
        type="UserContentEditConnection",
        items=[Node(type="UserContentEdit", value=edit) for edit in reversed(rows)],
    )


def _last_edited(context: Context, row: Issue, _arguments: Json) -> str | None:
    rows = context.hub.state.content_edits.of(row.repository_id, row.number)
    return stamp(rows[-1].edited_at) if rows else None


def _editor(context: Context, row: Issue, _arguments: Json) -> Node | None:
    rows = context.hub.state.content_edits.of(row.repository_id, row.number)
    return _actor(context, rows[-1].editor_id) if rows else None


def _labels(context: Context, row: Issue, _arguments: Json) -> Connection:
    known = {label.name: label for label in context.hub.state.labels.of(row.repository_id)}
    return Connection(
        type="LabelConnection",
        items=[Node(type="Label", value=known[name]) for name in row.labels],
    )


def _set_resolved(context: Context, arguments: Json, *, resolved: bool) -> Node:
    given = arguments.get("input")
    node = given.get("threadId") if isinstance(given, dict) else None
    row_id = row_of_node(node, "PRRT")
    thread = None if row_id is None else context.hub.state.threads.find(row_id)
    if thread is None or not sees(context.caller, _repository_of(context, thread)):
        message = f"Could not resolve to a node with the global id of '{node}'"
        raise RefusedError(message, "NOT_FOUND")
    repo = _repository_of(context, thread)
    for permission in ("pull_requests", "contents"):  # GitHub asks for both
        _allowed(context, repo, permission, "write")
    if context.caller.account is None:
        raise RefusedError("Requires authentication", "FORBIDDEN")
    changed = reviews.set_resolved(
        context.hub, repo, thread, context.caller.account, resolved=resolved
    )
    return Node(
        type="ResolveReviewThreadPayload",
        value={"thread": Node(type="PullRequestReviewThread", value=changed), **(given or {})},
    )


def _resolve(context: Context, _root: None, arguments: Json) -> Node:
    return _set_resolved(context, arguments, resolved=True)


def _unresolve(context: Context, _root: None, arguments: Json) -> Node:
    return _set_resolved(context, arguments, resolved=False)


_PERSON: Mapping[str, Resolver | Link] = {
    "login": _login,
    "databaseId": _plain("id"),
    "id": lambda _context, row, _arguments: node_id("U", row.id),
}

SCHEMA: Schema = {
    "Query": {"repository": Link("Repository", _repository), "viewer": Link("User", _viewer)},
    "Mutation": {
        "resolveReviewThread": Link("ResolveReviewThreadPayload", _resolve),
        "unresolveReviewThread": Link("ResolveReviewThreadPayload", _unresolve),
    },
    "ResolveReviewThreadPayload": {
        "thread": Link("PullRequestReviewThread", carried("thread")),
        "clientMutationId": lambda _context, value, _arguments: value.get("clientMutationId"),
    },
    "Actor": {"login": _login},
    "User": _PERSON,
    "Bot": _PERSON,
    "Organization": _PERSON,
    "Repository": {
        "id": lambda _context, row, _arguments: node_id("R", row.id),
        "databaseId": _plain("id"),
        "name": _plain("name"),
        "nameWithOwner": lambda context, row, _arguments: context.hub.full_name(row),
        "isPrivate": _plain("private"),
        "isArchived": _plain("archived"),
        "owner": Link("Actor", _account("owner_id")),
        "issue": Link("Issue", _issue),
        "pullRequest": Link("PullRequest", _pull),
    },
    "Issue": {
        "id": lambda _context, row, _arguments: node_id("I", row.id),
        "databaseId": _plain("id"),
        "number": _plain("number"),
        "title": _plain("title"),
        "body": lambda _context, row, _arguments: row.body or "",
        "state": lambda _context, row, _arguments: row.state.upper(),
        "author": Link("Actor", _account("author_id")),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "closedAt": _time("closed_at"),
        "lastEditedAt": _last_edited,
        "editor": Link("Actor", _editor),
        "userContentEdits": Link("UserContentEditConnection", _edits),
        "labels": Link("LabelConnection", _labels),
        "repository": Link("Repository", _own_repository),
    },
    "UserContentEdit": {
        "id": lambda _context, row, _arguments: node_id("UCE", row.id),
        "editedAt": _time("edited_at"),
        "editor": Link("Actor", _account("editor_id")),
        "diff": _plain("diff"),
    },
    "Label": {"name": _plain("name"), "color": _plain("color")},
    "PullRequest": {
        "id": lambda _context, row, _arguments: node_id("PR", row.id),
        "databaseId": _plain("id"),
        "number": _plain("number"),
        "title": _of_half("title"),
        "body": lambda context, row, _arguments: _half(context, row).body or "",
        "author": Link("Actor", _pull_author),
        "state": _pull_state,
        "isDraft": _plain("draft"),
        "merged": lambda _context, row, _arguments: row.merged_at is not None,
        "mergedAt": _time("merged_at"),
        "mergeable": _mergeable,
        "headRefName": _plain("head_ref"),
        "headRefOid": _plain("head_sha"),
        "baseRefName": _plain("base_ref"),
        "baseRefOid": _plain("base_sha"),
        "reviewDecision": _decision,
        "reviews": Link("PullRequestReviewConnection", _reviews),
        "reviewThreads": Link("PullRequestReviewThreadConnection", _threads),
        "closingIssuesReferences": Link("IssueConnection", _closing),
        "repository": Link("Repository", _own_repository),
    },
    "PullRequestReview": {
        "id": lambda _context, row, _arguments: node_id("PRR", row.id),
        "databaseId": _plain("id"),
        "state": _plain("state"),
        "body": _plain("body"),
        "author": Link("Actor", _account("author_id")),
        "submittedAt": _time("submitted_at"),
        "commit": Link("Commit", _review_commit),
    },
    "Commit": {"oid": _plain("commit_id")},
    "PullRequestReviewThread": {
        "id": lambda _context, row, _arguments: node_id("PRRT", row.id),
        "isResolved": lambda _context, row, _arguments: row.resolved_by_id is not None,
        "isOutdated": _plain("outdated"),
        "resolvedBy": Link("User", _account("resolved_by_id")),
        "path": _plain("path"),
        "line": lambda _context, row, _arguments: None if row.outdated else row.line,
        "originalLine": _plain("original_line"),
        "comments": Link("PullRequestReviewCommentConnection", _thread_comments),
    },
    "PullRequestReviewComment": {
        "id": lambda _context, row, _arguments: node_id("PRRC", row.id),
        "databaseId": _plain("id"),
        "body": _plain("body"),
        "author": Link("Actor", _account("author_id")),
        "createdAt": _time("created_at"),
    },
    "IssueConnection": connection("Issue"),
    "LabelConnection": connection("Label"),
    "PullRequestReviewCommentConnection": connection("PullRequestReviewComment"),
    "PullRequestReviewConnection": connection("PullRequestReview"),
    "PullRequestReviewThreadConnection": connection("PullRequestReviewThread"),
    "UserContentEditConnection": connection("UserContentEdit"),
    "PageInfo": PAGE_INFO,
}
