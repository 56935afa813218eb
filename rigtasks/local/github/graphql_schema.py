"""What resolves the fields of `schema.graphql`: by type and field, from the sandbox's own rows."""

from collections.abc import Mapping
from typing import Any

from rigtasks.local.github import issues, reviews
from rigtasks.local.github.access import require, sees
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.graphql_types import Context, Json, RefusedError, Resolver
from rigtasks.local.github.hub import node_id, row_of_node, stamp
from rigtasks.local.github.model import (
    Account,
    AccountType,
    ContentEdit,
    Issue,
    Label,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    Thread,
)
from rigtasks.local.github.rules import review_decision


def _plain(name: str) -> Resolver:
    return lambda _context, row, _arguments: getattr(row, name)


def _time(name: str) -> Resolver:
    return lambda _context, row, _arguments: stamp(getattr(row, name))


def _actor(context: Context, account_id: int | None) -> Account | None:
    return None if account_id is None else context.hub.state.accounts.find(account_id)


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


def _repository(context: Context, _root: None, arguments: Json) -> Repository:
    names = arguments["owner"], arguments["name"]
    row = context.hub.repository(*names) or context.hub.renamed_repository(*names)
    if row is None or not sees(context.caller, row):
        message = f"Could not resolve to a Repository with the name '{'/'.join(names)}'."
        raise RefusedError(message, "NOT_FOUND")
    return row


def _viewer(context: Context, _root: None, _arguments: Json) -> Account:
    if context.caller.account is None:
        raise RefusedError("Resource not accessible by integration", "FORBIDDEN")
    return context.caller.account


def _issue(context: Context, repo: Repository, arguments: Json) -> Issue:
    _allowed(context, repo, "issues", "read")
    row = context.hub.issue(repo, arguments["number"])
    if row is None or row.is_pull:
        message = f"Could not resolve to an Issue with the number of {arguments['number']}."
        raise RefusedError(message, "NOT_FOUND")
    return row


def _pull(context: Context, repo: Repository, arguments: Json) -> PullRequest:
    _allowed(context, repo, "pull_requests", "read")
    row = context.hub.pull(repo, arguments["number"])
    if row is None:
        message = f"Could not resolve to a PullRequest with the number of {arguments['number']}."
        raise RefusedError(message, "NOT_FOUND")
    return row


def _half(context: Context, pull: PullRequest) -> Issue:
    half = context.hub.issue(_repository_of(context, pull), pull.number)
    if half is None:
        raise RefusedError("Could not resolve to a node.", "NOT_FOUND")
    return half


def _of_half(name: str) -> Resolver:
    return lambda context, pull, _arguments: getattr(_half(context, pull), name)


def _pull_author(context: Context, pull: PullRequest, _arguments: Json) -> Account | None:
    return _actor(context, _half(context, pull).author_id)


def _own_repository(context: Context, row: Issue | PullRequest, _arguments: Json) -> Repository:
    return _repository_of(context, row)


def _pull_state(context: Context, pull: PullRequest, _arguments: Json) -> str:
    return "MERGED" if pull.merged_at is not None else _half(context, pull).state.upper()


def _mergeable(context: Context, pull: PullRequest, _arguments: Json) -> str:
    verdict, _ = context.merge_checks.ask(_repository_of(context, pull), pull)
    return {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[verdict]


def _decision(context: Context, pull: PullRequest, _arguments: Json) -> str | None:
    return review_decision(context.hub, _repository_of(context, pull), pull)


def _closing(context: Context, pull: PullRequest, _arguments: Json) -> list[Issue]:
    repo = _repository_of(context, pull)
    if pull.base_ref != repo.default_branch:
        return []
    return issues.closing_references(context.hub, repo, _half(context, pull).body)


def _threads(context: Context, pull: PullRequest, _arguments: Json) -> list[Thread]:
    return context.hub.state.threads.of(pull.repository_id, pull.number)


def _reviews(context: Context, pull: PullRequest, _arguments: Json) -> list[Review]:
    return context.hub.state.reviews.of(pull.repository_id, pull.number)


def _thread_comments(context: Context, thread: Thread, _arguments: Json) -> list[ReviewComment]:
    rows = context.hub.state.review_comments.of(thread.repository_id, thread.number)
    return [row for row in rows if row.thread_id == thread.id]


def _edits_of(context: Context, row: Issue) -> list[ContentEdit]:
    return context.hub.state.content_edits.of(row.repository_id, row.number)


def _edits(context: Context, row: Issue, _arguments: Json) -> list[ContentEdit]:
    return _edits_of(context, row)[::-1]


def _last_edited(context: Context, row: Issue, _arguments: Json) -> str | None:
    rows = _edits_of(context, row)
    return stamp(rows[-1].edited_at) if rows else None


def _editor(context: Context, row: Issue, _arguments: Json) -> Account | None:
    rows = _edits_of(context, row)
    return _actor(context, rows[-1].editor_id) if rows else None


def _labels(context: Context, row: Issue, _arguments: Json) -> list[Label]:
    known = {label.name: label for label in context.hub.state.labels.of(row.repository_id)}
    return [known[name] for name in row.labels]


def _set_resolved(context: Context, arguments: Json, *, resolved: bool) -> Json:
    given = arguments["input"]
    row_id = row_of_node(given["threadId"], "PRRT")
    thread = None if row_id is None else context.hub.state.threads.find(row_id)
    if thread is None or not sees(context.caller, _repository_of(context, thread)):
        message = f"Could not resolve to a node with the global id of '{given['threadId']}'"
        raise RefusedError(message, "NOT_FOUND")
    repo = _repository_of(context, thread)
    for permission in ("pull_requests", "contents"):  # GitHub asks for both
        _allowed(context, repo, permission, "write")
    if context.caller.account is None:
        raise RefusedError("Requires authentication", "FORBIDDEN")
    changed = reviews.set_resolved(
        context.hub, repo, thread, context.caller.account, resolved=resolved
    )
    return {"thread": changed, "clientMutationId": given.get("clientMutationId")}


def _resolve(context: Context, _root: None, arguments: Json) -> Json:
    return _set_resolved(context, arguments, resolved=True)


def _unresolve(context: Context, _root: None, arguments: Json) -> Json:
    return _set_resolved(context, arguments, resolved=False)


def _id(prefix: str) -> Resolver:
    return lambda _context, row, _arguments: node_id(prefix, row.id)


_ACCOUNT: Mapping[str, Resolver] = {"id": _id("U"), "databaseId": _plain("id"), "login": _login}

#: What resolves a field that is not read off its row under its own name, by type and field.
RESOLVERS: Mapping[str, Mapping[str, Resolver]] = {
    "Query": {"repository": _repository, "viewer": _viewer},
    "Mutation": {"resolveReviewThread": _resolve, "unresolveReviewThread": _unresolve},
    "User": _ACCOUNT,
    "Bot": _ACCOUNT,
    "Organization": _ACCOUNT,
    "Repository": {
        "id": _id("R"),
        "databaseId": _plain("id"),
        "nameWithOwner": lambda context, row, _arguments: context.hub.full_name(row),
        "isPrivate": _plain("private"),
        "isArchived": _plain("archived"),
        "owner": _account("owner_id"),
        "issue": _issue,
        "pullRequest": _pull,
    },
    "Issue": {
        "id": _id("I"),
        "databaseId": _plain("id"),
        "body": lambda _context, row, _arguments: row.body or "",
        "state": lambda _context, row, _arguments: row.state.upper(),
        "author": _account("author_id"),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "closedAt": _time("closed_at"),
        "lastEditedAt": _last_edited,
        "editor": _editor,
        "userContentEdits": _edits,
        "labels": _labels,
        "repository": _own_repository,
    },
    "UserContentEdit": {
        "id": _id("UCE"),
        "editedAt": _time("edited_at"),
        "editor": _account("editor_id"),
    },
    "PullRequest": {
        "id": _id("PR"),
        "databaseId": _plain("id"),
        "title": _of_half("title"),
        "body": lambda context, row, _arguments: _half(context, row).body or "",
        "author": _pull_author,
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
        "reviews": _reviews,
        "reviewThreads": _threads,
        "closingIssuesReferences": _closing,
        "repository": _own_repository,
    },
    "PullRequestReview": {
        "id": _id("PRR"),
        "databaseId": _plain("id"),
        "author": _account("author_id"),
        "submittedAt": _time("submitted_at"),
        "commit": lambda _context, row, _arguments: row,
    },
    "Commit": {"oid": _plain("commit_id")},
    "PullRequestReviewThread": {
        "id": _id("PRRT"),
        "isResolved": lambda _context, row, _arguments: row.resolved_by_id is not None,
        "isOutdated": _plain("outdated"),
        "resolvedBy": _account("resolved_by_id"),
        "line": lambda _context, row, _arguments: None if row.outdated else row.line,
        "originalLine": _plain("original_line"),
        "comments": _thread_comments,
    },
    "PullRequestReviewComment": {
        "id": _id("PRRC"),
        "databaseId": _plain("id"),
        "author": _account("author_id"),
        "createdAt": _time("created_at"),
    },
}
