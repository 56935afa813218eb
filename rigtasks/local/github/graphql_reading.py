"""What resolves what can be read of `schema.graphql`: repository, issue, pull request, reviews."""

from collections.abc import Mapping

from rigtasks.local.github import issues
from rigtasks.local.github.access import sees
from rigtasks.local.github.governance import Team
from rigtasks.local.github.graphql_types import Context, Json, RefusedError, Resolver
from rigtasks.local.github.hub import node_id, stamp
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
    context.require(repo, "issues", "read")
    row = context.hub.issue(repo, arguments["number"])
    if row is None or row.is_pull:
        message = f"Could not resolve to an Issue with the number of {arguments['number']}."
        raise RefusedError(message, "NOT_FOUND")
    return row


def _pull(context: Context, repo: Repository, arguments: Json) -> PullRequest:
    context.require(repo, "pull_requests", "read")
    row = context.hub.pull(repo, arguments["number"])
    if row is None:
        message = f"Could not resolve to a PullRequest with the number of {arguments['number']}."
        raise RefusedError(message, "NOT_FOUND")
    return row


def _of_half(name: str) -> Resolver:
    return lambda context, pull, _arguments: getattr(context.half_of(pull), name)


def _pull_author(context: Context, pull: PullRequest, _arguments: Json) -> Account | None:
    return context.actor(context.half_of(pull).author_id)


def _own_repository(context: Context, row: Issue | PullRequest, _arguments: Json) -> Repository:
    return context.repository_of(row)


def _pull_state(context: Context, pull: PullRequest, _arguments: Json) -> str:
    return "MERGED" if pull.merged_at is not None else context.half_of(pull).state.upper()


def _mergeable(context: Context, pull: PullRequest, _arguments: Json) -> str:
    verdict, _ = context.merge_checks.ask(context.repository_of(pull), pull)
    return {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[verdict]


def _decision(context: Context, pull: PullRequest, _arguments: Json) -> str | None:
    return review_decision(context.hub, context.repository_of(pull), pull)


def _closing(context: Context, pull: PullRequest, _arguments: Json) -> list[Issue]:
    repo = context.repository_of(pull)
    if pull.base_ref != repo.default_branch:
        return []
    return issues.closing_references(context.hub, repo, context.half_of(pull).body)


def _threads(context: Context, pull: PullRequest, _arguments: Json) -> list[Thread]:
    repo = context.repository_of(pull)
    seen = visible(context.hub, repo, pull.number, context.caller.account)
    known = {comment.thread_id for comment in seen}
    every = context.hub.state.threads.of(pull.repository_id, pull.number)
    return [row for row in every if row.id in known]


def _reviews(context: Context, pull: PullRequest, _arguments: Json) -> list[Review]:
    mine = None if context.caller.account is None else context.caller.account.id
    every = context.hub.state.reviews.of(pull.repository_id, pull.number)
    return [row for row in every if row.state != "PENDING" or row.author_id == mine]


def _thread_comments(context: Context, thread: Thread, _arguments: Json) -> list[ReviewComment]:
    repo = context.repository_of(thread)
    rows = visible(context.hub, repo, thread.number, context.caller.account)
    return [row for row in rows if row.thread_id == thread.id]


def _merge_state(context: Context, pull: PullRequest, _arguments: Json) -> str:
    _, word = context.merge_checks.ask(context.repository_of(pull), pull)
    return word.upper()


def _head_repository(context: Context, pull: PullRequest, _arguments: Json) -> Repository | None:
    owner = pull.repository_id if pull.fork_id is None else pull.fork_id
    return context.hub.state.repositories.find(owner)


def _requests(context: Context, pull: PullRequest, _arguments: Json) -> list[Account | Team]:
    state = context.hub.state
    asked: list[Account | Team] = [state.accounts.get(one) for one in pull.requested_reviewer_ids]
    return asked + [state.teams.get(one) for one in pull.requested_team_ids]


def _edits_of(context: Context, row: Issue) -> list[ContentEdit]:
    return context.hub.state.content_edits.of(row.repository_id, row.number)


def _edits(context: Context, row: Issue, _arguments: Json) -> list[ContentEdit]:
    return _edits_of(context, row)[::-1]


def _last_edited(context: Context, row: Issue, _arguments: Json) -> str | None:
    rows = _edits_of(context, row)
    return stamp(rows[-1].edited_at) if rows else None


def _editor(context: Context, row: Issue, _arguments: Json) -> Account | None:
    rows = _edits_of(context, row)
    return context.actor(rows[-1].editor_id) if rows else None


def _labels(context: Context, row: Issue, _arguments: Json) -> list[Label]:
    known = {label.name: label for label in context.hub.state.labels.of(row.repository_id)}
    return [known[name] for name in row.labels]


def _id(prefix: str) -> Resolver:
    return lambda _context, row, _arguments: node_id(prefix, row.id)


_ACCOUNT: Mapping[str, Resolver] = {"id": _id("U"), "databaseId": _plain("id"), "login": _login}

#: By type and field; see `graphql_schema.RESOLVERS`.
READING: Mapping[str, Mapping[str, Resolver]] = {
    "Query": {"repository": _repository, "viewer": _viewer},
    "User": _ACCOUNT,
    "Bot": _ACCOUNT,
    "Organization": _ACCOUNT,
    "Repository": {
        "id": _id("R"),
        "databaseId": _plain("id"),
        "nameWithOwner": lambda context, row, _arguments: context.hub.full_name(row),
        "isPrivate": _plain("private"),
        "isArchived": _plain("archived"),
        "isFork": lambda _context, row, _arguments: row.parent_id is not None,
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
        "body": lambda context, row, _arguments: context.half_of(row).body or "",
        "author": _pull_author,
        "state": _pull_state,
        "isDraft": _plain("draft"),
        "merged": lambda _context, row, _arguments: row.merged_at is not None,
        "mergedAt": _time("merged_at"),
        "mergeable": _mergeable,
        "mergeStateStatus": _merge_state,
        "isCrossRepository": lambda _context, row, _arguments: row.fork_id is not None,
        "maintainerCanModify": _plain("maintainer_can_modify"),
        "headRepository": _head_repository,
        "headRefName": _plain("head_ref"),
        "headRefOid": _plain("head_sha"),
        "baseRefName": _plain("base_ref"),
        "baseRefOid": _plain("base_sha"),
        "reviewDecision": _decision,
        "reviewRequests": _requests,
        "reviews": _reviews,
        "reviewThreads": _threads,
        "closingIssuesReferences": _closing,
        "repository": _own_repository,
    },
    "ReviewRequest": {"requestedReviewer": lambda _context, row, _arguments: row},
    "Team": {"id": _id("T")},
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
