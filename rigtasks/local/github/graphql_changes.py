"""What the mutations of `schema.graphql` do, and what their payloads carry."""

from collections.abc import Callable, Mapping
from typing import Any

from rigtasks.local.github import issue_transfers, merge_queue, pulls, review_threads, reviews
from rigtasks.local.github.access import sees
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.governance import QueueEntry
from rigtasks.local.github.graphql_types import Context, Json, RefusedError, Resolver
from rigtasks.local.github.hub import row_of_node
from rigtasks.local.github.model import Issue, PullRequest, Repository, ReviewComment, Thread
from rigtasks.local.github.state import Table

#: What carries out a mutation: by who asks and its input; returns the row of its payload.
Change = Callable[[Context, Json], Any]


def _row(context: Context, table: Table[Any], node: str, prefix: str) -> Any:
    """Return the row a global id names, where the caller may know its repository."""
    row_id = row_of_node(node, prefix)
    row = None if row_id is None else table.find(row_id)
    repo = row if row is None or isinstance(row, Repository) else context.repository_of(row)
    if repo is None or not sees(context.caller, repo):
        message = f"Could not resolve to a node with the global id of '{node}'"
        raise RefusedError(message, "NOT_FOUND")
    return row


def _pull_named(context: Context, node: str) -> tuple[Repository, PullRequest]:
    pull = _row(context, context.hub.state.pulls, node, "PR")
    return context.repository_of(pull), pull


def _set_resolved(*, resolved: bool) -> Change:
    def change(context: Context, given: Json) -> Thread:
        thread = _row(context, context.hub.state.threads, given["threadId"], "PRRT")
        repo = context.repository_of(thread)
        actor = context.writer(repo, "pull_requests", "contents")  # GitHub asks for both
        return review_threads.set_resolved(context.hub, repo, thread, actor, resolved=resolved)

    return change


def _reply(context: Context, given: Json) -> ReviewComment:
    state = context.hub.state
    thread = _row(context, state.threads, given["pullRequestReviewThreadId"], "PRRT")
    repo = context.repository_of(thread)
    context.require(repo, "pull_requests", "comment")
    actor, pull = context.caller.account, context.hub.pull(repo, thread.number)
    if actor is None or pull is None:
        raise RefusedError("Resource not accessible by integration", "FORBIDDEN")
    seen = review_threads.visible(context.hub, repo, thread.number, actor)
    first = next(one for one in seen if one.thread_id == thread.id)
    half = context.half_of(pull)
    return reviews.say(
        context.hub, repo, pull, half, actor, thread, given["body"], in_reply_to_id=first.id
    )


def _set_draft(*, draft: bool) -> Change:
    def change(context: Context, given: Json) -> PullRequest:
        repo, pull = _pull_named(context, given["pullRequestId"])
        actor = context.writer(repo, "pull_requests")
        half = context.half_of(pull)
        return pulls.set_draft(context.hub, repo, pull, half, actor, draft=draft)

    return change


def _enqueue(context: Context, given: Json) -> QueueEntry:
    repo, pull = _pull_named(context, given["pullRequestId"])
    actor = context.writer(repo, "contents", "pull_requests")
    expected = given.get("expectedHeadOid")
    return merge_queue.enqueue(context.hub, repo, pull, actor, expected=expected)


def _dequeue(context: Context, given: Json) -> QueueEntry:
    repo, pull = _pull_named(context, given["id"])
    actor = context.writer(repo, "contents", "pull_requests")
    entry = merge_queue.entry_of(context.hub, pull)
    if entry is None:
        raise HttpError(422, f"Failed to remove PR #{pull.number} from merge queue")
    merge_queue.dequeue(context.hub, repo, entry, actor, "MANUAL")
    return entry


def _transfer(context: Context, given: Json) -> Issue:
    issue = _row(context, context.hub.state.issues, given["issueId"], "I")
    target = _row(context, context.hub.state.repositories, given["repositoryId"], "R")
    repo = context.repository_of(issue)
    context.writer(target, "issues")
    actor = context.writer(repo, "issues")
    return issue_transfers.transfer(context.hub, repo, issue, target, actor)


def _mutation(returned: str, change: Change) -> Resolver:
    """Build the resolver of a mutation whose payload carries one row under a name."""

    def resolve(context: Context, _root: None, arguments: Json) -> Json:
        given = arguments["input"]
        try:
            row = change(context, given)
        except HttpError as error:
            said = [each for each in error.errors or () if isinstance(each, str)]
            raise RefusedError("; ".join(said) or error.message, "UNPROCESSABLE") from error
        return {returned: row, "clientMutationId": given.get("clientMutationId")}

    return resolve


#: By type and field; see `graphql_schema.RESOLVERS`.
CHANGES: Mapping[str, Mapping[str, Resolver]] = {
    "Mutation": {
        "resolveReviewThread": _mutation("thread", _set_resolved(resolved=True)),
        "unresolveReviewThread": _mutation("thread", _set_resolved(resolved=False)),
        "addPullRequestReviewThreadReply": _mutation("comment", _reply),
        "convertPullRequestToDraft": _mutation("pullRequest", _set_draft(draft=True)),
        "markPullRequestReadyForReview": _mutation("pullRequest", _set_draft(draft=False)),
        "enqueuePullRequest": _mutation("mergeQueueEntry", _enqueue),
        "dequeuePullRequest": _mutation("mergeQueueEntry", _dequeue),
        "transferIssue": _mutation("issue", _transfer),
    },
}
