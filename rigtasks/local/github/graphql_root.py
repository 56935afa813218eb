"""The whole GraphQL schema of the sandbox: what can be read, and what mutations do."""

from typing import Any

import msgspec

from rigtasks.local.github import issue_transfers, merge_queue, pulls, review_threads, reviews
from rigtasks.local.github.access import sees
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.governance import QueueEntry, Team
from rigtasks.local.github.graphql_schema import READING
from rigtasks.local.github.graphql_types import (
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
from rigtasks.local.github.model import Account, PullRequest, Repository
from rigtasks.local.github.rules.requirements import queue_settings
from rigtasks.local.github.state import Table


class _Commit(msgspec.Struct, frozen=True, kw_only=True):
    commit_id: str


def _input(arguments: Json) -> Json:
    given = arguments.get("input")
    if not isinstance(given, dict):
        raise RefusedError("Argument 'input' has an invalid value.", "INVALID")
    return given


def _row(context: Context, table: Table[Any], node: object, prefix: str) -> Any:
    """Return the row a global id names, where the caller may know its repository."""
    row_id = row_of_node(node, prefix)
    row = None if row_id is None else table.find(row_id)
    repo = row if row is None or isinstance(row, Repository) else context.repository_of(row)
    if repo is None or not sees(context.caller, repo):
        message = f"Could not resolve to a node with the global id of '{node}'"
        raise RefusedError(message, "NOT_FOUND")
    return row


def _payload(given: Json, **carried_nodes: Node | None) -> Json:
    return {"clientMutationId": given.get("clientMutationId"), **carried_nodes}


def _refused(error: HttpError) -> RefusedError:
    said = [each for each in error.errors or () if isinstance(each, str)]
    return RefusedError("; ".join(said) or error.message, "UNPROCESSABLE")


def _set_resolved(*, resolved: bool) -> Resolver:
    def resolve(context: Context, _root: None, arguments: Json) -> Json:
        given = _input(arguments)
        thread = _row(context, context.hub.state.threads, given.get("threadId"), "PRRT")
        repo = context.repository_of(thread)
        actor = context.writer(repo, "pull_requests", "contents")  # GitHub asks for both
        changed = review_threads.set_resolved(context.hub, repo, thread, actor, resolved=resolved)
        node = Node(type="PullRequestReviewThread", value=changed)
        return _payload(given, thread=node)

    return resolve


def _reply(context: Context, _root: None, arguments: Json) -> Json:
    given = _input(arguments)
    state = context.hub.state
    thread = _row(context, state.threads, given.get("pullRequestReviewThreadId"), "PRRT")
    repo, body = context.repository_of(thread), given.get("body")
    context.require(repo, "pull_requests", "comment")
    actor, pull = context.caller.account, context.hub.pull(repo, thread.number)
    if actor is None or pull is None or not isinstance(body, str):
        raise RefusedError("Argument 'body' has an invalid value.", "INVALID")
    seen = review_threads.visible(context.hub, repo, thread.number, actor)
    first = next(one for one in seen if one.thread_id == thread.id)
    try:
        comment = reviews.say(
            context.hub,
            repo,
            pull,
            context.half_of(pull),
            actor,
            thread,
            body,
            in_reply_to_id=first.id,
        )
    except HttpError as error:
        raise _refused(error) from error
    node = Node(type="PullRequestReviewComment", value=comment)
    return _payload(given, comment=node)


def _pull_named(context: Context, node: object) -> tuple[Repository, PullRequest]:
    pull = _row(context, context.hub.state.pulls, node, "PR")
    return context.repository_of(pull), pull


def _set_draft(*, draft: bool) -> Resolver:
    def resolve(context: Context, _root: None, arguments: Json) -> Json:
        given = _input(arguments)
        repo, pull = _pull_named(context, given.get("pullRequestId"))
        actor = context.writer(repo, "pull_requests")
        half = context.half_of(pull)
        changed = pulls.set_draft(context.hub, repo, pull, half, actor, draft=draft)
        return _payload(given, pullRequest=Node(type="PullRequest", value=changed))

    return resolve


def _enqueue(context: Context, _root: None, arguments: Json) -> Json:
    given = _input(arguments)
    repo, pull = _pull_named(context, given.get("pullRequestId"))
    actor = context.writer(repo, "contents", "pull_requests")
    expected = given.get("expectedHeadOid")
    try:
        entry = merge_queue.enqueue(context.hub, repo, pull, actor, expected=expected)
    except HttpError as error:
        raise _refused(error) from error
    node = Node(type="MergeQueueEntry", value=entry)
    return _payload(given, mergeQueueEntry=node)


def _dequeue(context: Context, _root: None, arguments: Json) -> Json:
    given = _input(arguments)
    repo, pull = _pull_named(context, given.get("id"))
    actor = context.writer(repo, "contents", "pull_requests")
    entry = merge_queue.entry_of(context.hub, pull)
    if entry is None:
        raise RefusedError(f"Failed to remove PR #{pull.number} from merge queue", "UNPROCESSABLE")
    merge_queue.dequeue(context.hub, repo, entry, actor, "MANUAL")
    node = Node(type="MergeQueueEntry", value=entry)
    return _payload(given, mergeQueueEntry=node)


def _transfer(context: Context, _root: None, arguments: Json) -> Json:
    given = _input(arguments)
    issue = _row(context, context.hub.state.issues, given.get("issueId"), "I")
    target = _row(context, context.hub.state.repositories, given.get("repositoryId"), "R")
    repo = context.repository_of(issue)
    context.writer(target, "issues")
    actor = context.writer(repo, "issues")
    try:
        moved = issue_transfers.transfer(context.hub, repo, issue, target, actor)
    except HttpError as error:
        raise _refused(error) from error
    return _payload(given, issue=Node(type="Issue", value=moved))


def _queue_entry(context: Context, pull: PullRequest, _arguments: Json) -> Node | None:
    entry = merge_queue.entry_of(context.hub, pull)
    return None if entry is None else Node(type="MergeQueueEntry", value=entry)


def _entries(context: Context, entry: QueueEntry) -> list[QueueEntry]:
    return context.hub.state.queue_entries.of(entry.repository_id, entry.base_ref)


def _position(context: Context, entry: QueueEntry, _arguments: Json) -> int:
    ahead = [one.id for one in _entries(context, entry) if one.id < entry.id]
    return len(ahead) + 1


def _entry_state(_context: Context, entry: QueueEntry, _arguments: Json) -> str:
    return "QUEUED" if entry.group_sha is None else "AWAITING_CHECKS"


def _entry_commit(name: str) -> Resolver:
    def resolve(_context: Context, entry: QueueEntry, _arguments: Json) -> Node | None:
        sha = getattr(entry, name)
        return None if sha is None else Node(type="Commit", value=_Commit(commit_id=sha))

    return resolve


def _entry_pull(context: Context, entry: QueueEntry, _arguments: Json) -> Node | None:
    pull = context.hub.pull(context.repository_of(entry), entry.number)
    return None if pull is None else Node(type="PullRequest", value=pull)


def _queue(context: Context, repo: Repository, arguments: Json) -> Node | None:
    branch = str(arguments.get("branch") or repo.default_branch)
    if queue_settings(context.hub, repo, branch) is None:
        return None
    return Node(type="MergeQueue", value={"repository": repo, "branch": branch})


def _queued(context: Context, queue: Json, _arguments: Json) -> Connection:
    rows = context.hub.state.queue_entries.of(queue["repository"].id, queue["branch"])
    items = [Node(type="MergeQueueEntry", value=row) for row in rows]
    return Connection(type="MergeQueueEntryConnection", items=items)


def _merge_state(context: Context, pull: PullRequest, _arguments: Json) -> str:
    _, word = context.merge_checks.ask(context.repository_of(pull), pull)
    return word.upper()


def _requests(context: Context, pull: PullRequest, _arguments: Json) -> Connection:
    state = context.hub.state
    asked: list[Account | Team] = [state.accounts.get(one) for one in pull.requested_reviewer_ids]
    asked += [state.teams.get(one) for one in pull.requested_team_ids]
    nodes = [Node(type="ReviewRequest", value=one) for one in asked]
    return Connection(type="ReviewRequestConnection", items=nodes)


def _asked(_context: Context, row: Account | Team, _arguments: Json) -> Node:
    return Node(type="Team" if isinstance(row, Team) else row.type.value, value=row)


def _head_repository(context: Context, pull: PullRequest, _arguments: Json) -> Node | None:
    owner = pull.repository_id if pull.fork_id is None else pull.fork_id
    row = context.hub.state.repositories.find(owner)
    return None if row is None else Node(type="Repository", value=row)


_MUTATION_ID: Resolver = carried("clientMutationId")


def _mutation(name: str, returned: str, type_name: str, resolve: Resolver) -> Schema:
    """Build a mutation and the type of its payload, which carries one node."""
    payload = f"{name[0].upper()}{name[1:]}Payload"

    def answered(context: Context, root: None, arguments: Json) -> Node:
        return Node(type=payload, value=resolve(context, root, arguments))

    return {
        "Mutation": {name: Link(payload, answered)},
        payload: {returned: Link(type_name, carried(returned)), "clientMutationId": _MUTATION_ID},
    }


_RESOLVE, _UNRESOLVE = "resolveReviewThread", "unresolveReviewThread"
_TO_DRAFT, _TO_READY = "convertPullRequestToDraft", "markPullRequestReadyForReview"
_ENTRY = ("mergeQueueEntry", "MergeQueueEntry")
_MUTATIONS = (
    _mutation(_RESOLVE, "thread", "PullRequestReviewThread", _set_resolved(resolved=True)),
    _mutation(_UNRESOLVE, "thread", "PullRequestReviewThread", _set_resolved(resolved=False)),
    _mutation("addPullRequestReviewThreadReply", "comment", "PullRequestReviewComment", _reply),
    _mutation(_TO_DRAFT, "pullRequest", "PullRequest", _set_draft(draft=True)),
    _mutation(_TO_READY, "pullRequest", "PullRequest", _set_draft(draft=False)),
    _mutation("enqueuePullRequest", *_ENTRY, _enqueue),
    _mutation("dequeuePullRequest", *_ENTRY, _dequeue),
    _mutation("transferIssue", "issue", "Issue", _transfer),
)
_MORE: Schema = {
    "PullRequest": {
        "mergeStateStatus": _merge_state,
        "isInMergeQueue": lambda context, row, _arguments: (
            merge_queue.entry_of(context.hub, row) is not None
        ),
        "isMergeQueueEnabled": lambda context, row, _arguments: (
            queue_settings(context.hub, context.repository_of(row), row.base_ref) is not None
        ),
        "mergeQueueEntry": Link("MergeQueueEntry", _queue_entry),
        "reviewRequests": Link("ReviewRequestConnection", _requests),
        "isCrossRepository": lambda _context, row, _arguments: row.fork_id is not None,
        "maintainerCanModify": lambda _context, row, _arguments: row.maintainer_can_modify,
        "headRepository": Link("Repository", _head_repository),
    },
    "Repository": {
        "isFork": lambda _context, row, _arguments: row.parent_id is not None,
        "mergeQueue": Link("MergeQueue", _queue),
    },
    "MergeQueue": {
        "id": lambda _context, queue, _arguments: node_id("MQ", queue["repository"].id),
        "entries": Link("MergeQueueEntryConnection", _queued),
    },
    "MergeQueueEntry": {
        "id": lambda _context, row, _arguments: node_id("MQE", row.id),
        "position": _position,
        "state": _entry_state,
        "enqueuedAt": lambda _context, row, _arguments: stamp(row.enqueued_at),
        "enqueuer": Link("Actor", lambda context, row, _arguments: context.actor(row.enqueuer_id)),
        "headCommit": Link("Commit", _entry_commit("group_sha")),
        "baseCommit": Link("Commit", _entry_commit("group_base")),
        "pullRequest": Link("PullRequest", _entry_pull),
    },
    "ReviewRequest": {"requestedReviewer": Link("RequestedReviewer", _asked)},
    "Team": {
        "id": lambda _context, row, _arguments: node_id("T", row.id),
        "slug": lambda _context, row, _arguments: row.slug,
        "name": lambda _context, row, _arguments: row.name,
    },
    "RequestedReviewer": {},
    "MergeQueueEntryConnection": connection("MergeQueueEntry"),
    "ReviewRequestConnection": connection("ReviewRequest"),
}


def _together(*parts: Schema) -> Schema:
    merged: dict[str, dict[str, Resolver | Link]] = {}
    for part in parts:
        for type_name, fields in part.items():
            merged.setdefault(type_name, {}).update(fields)
    return merged


SCHEMA = _together(READING, _MORE, *_MUTATIONS)
