"""What can be read of GitHub's GraphQL schema: repository, issue, pull request."""

from collections.abc import Mapping

from rigtasks.local.github import issues
from rigtasks.local.github.access import sees
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
    connection,
)
from rigtasks.local.github.hub import node_id, stamp
from rigtasks.local.github.model import (
    Account,
    AccountType,
    Issue,
    PullRequest,
    Repository,
    Review,
    Thread,
)
from rigtasks.local.github.review_threads import visible
from rigtasks.local.github.rules.reviews import review_decision


def _plain(name: str) -> Resolver:
    return lambda _context, row, _arguments: getattr(row, name)


def _time(name: str) -> Resolver:
    return lambda _context, row, _arguments: stamp(getattr(row, name))


def _account(name: str) -> Resolver:
    return lambda context, row, _arguments: context.actor(getattr(row, name))


def _login(_context: Context, row: Account, _arguments: Json) -> str:
    """Bots are named without their suffix in GraphQL."""
    return row.login.removesuffix("[bot]") if row.type is AccountType.BOT else row.login


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
    context.require(repo, "issues", "read")
    row = context.hub.issue(repo, _number(arguments))
    if row is None or row.is_pull:
        message = f"Could not resolve to an Issue with the number of {arguments.get('number')}."
        raise RefusedError(message, "NOT_FOUND")
    return Node(type="Issue", value=row)


def _pull(context: Context, repo: Repository, arguments: Json) -> Node:
    context.require(repo, "pull_requests", "read")
    row = context.hub.pull(repo, _number(arguments))
    if row is None:
        message = (
            f"Could not resolve to a PullRequest with the number of {arguments.get('number')}."
        )
        raise RefusedError(message, "NOT_FOUND")
    return Node(type="PullRequest", value=row)


def _of_half(name: str) -> Resolver:
    return lambda context, pull, _arguments: getattr(context.half_of(pull), name)


def _pull_author(context: Context, pull: PullRequest, _arguments: Json) -> Node | None:
    return context.actor(context.half_of(pull).author_id)


def _own_repository(context: Context, row: Issue | PullRequest, _arguments: Json) -> Node:
    return Node(type="Repository", value=context.repository_of(row))


def _pull_state(context: Context, pull: PullRequest, _arguments: Json) -> str:
    return "MERGED" if pull.merged_at is not None else context.half_of(pull).state.upper()


def _mergeable(context: Context, pull: PullRequest, _arguments: Json) -> str:
    verdict, _ = context.merge_checks.ask(context.repository_of(pull), pull)
    return {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[verdict]


def _decision(context: Context, pull: PullRequest, _arguments: Json) -> str | None:
    return review_decision(context.hub, context.repository_of(pull), pull)


def _closing(context: Context, pull: PullRequest, _arguments: Json) -> Connection:
    repo = context.repository_of(pull)
    rows: list[Issue] = []
    if pull.base_ref == repo.default_branch:
        rows = issues.closing_references(context.hub, repo, context.half_of(pull).body)
    return Connection(type="IssueConnection", items=[Node(type="Issue", value=row) for row in rows])


def _threads(context: Context, pull: PullRequest, _arguments: Json) -> Connection:
    repo = context.repository_of(pull)
    seen = visible(context.hub, repo, pull.number, context.caller.account)
    known = {comment.thread_id for comment in seen}
    every = context.hub.state.threads.of(pull.repository_id, pull.number)
    rows = [row for row in every if row.id in known]
    return Connection(
        type="PullRequestReviewThreadConnection",
        items=[Node(type="PullRequestReviewThread", value=row) for row in rows],
    )


def _reviews(context: Context, pull: PullRequest, _arguments: Json) -> Connection:
    mine = None if context.caller.account is None else context.caller.account.id
    rows = [
        row
        for row in context.hub.state.reviews.of(pull.repository_id, pull.number)
        if row.state != "PENDING" or row.author_id == mine
    ]
    return Connection(
        type="PullRequestReviewConnection",
        items=[Node(type="PullRequestReview", value=row) for row in rows],
    )


def _review_commit(_context: Context, row: Review, _arguments: Json) -> Node:
    return Node(type="Commit", value=row)


def _thread_comments(context: Context, thread: Thread, _arguments: Json) -> Connection:
    repo = context.repository_of(thread)
    rows = visible(context.hub, repo, thread.number, context.caller.account)
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
    return context.actor(rows[-1].editor_id) if rows else None


def _labels(context: Context, row: Issue, _arguments: Json) -> Connection:
    known = {label.name: label for label in context.hub.state.labels.of(row.repository_id)}
    return Connection(
        type="LabelConnection",
        items=[Node(type="Label", value=known[name]) for name in row.labels],
    )


_PERSON: Mapping[str, Resolver | Link] = {
    "login": _login,
    "databaseId": _plain("id"),
    "id": lambda _context, row, _arguments: node_id("U", row.id),
}

READING: Schema = {
    "Query": {"repository": Link("Repository", _repository), "viewer": Link("User", _viewer)},
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
        "body": lambda context, row, _arguments: context.half_of(row).body or "",
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
