"""What resolves the merge queue of `schema.graphql`, from the queue's entries."""

from collections.abc import Mapping

import msgspec

from rigtasks.local.github import merge_queue
from rigtasks.local.github.governance import QueueEntry
from rigtasks.local.github.graphql_types import Context, Json, Resolver
from rigtasks.local.github.hub import node_id, stamp
from rigtasks.local.github.model import Account, PullRequest, Repository
from rigtasks.local.github.rules.requirements import queue_settings


class _Queue(msgspec.Struct, frozen=True, kw_only=True):
    repository: Repository
    branch: str


class _Commit(msgspec.Struct, frozen=True, kw_only=True):
    commit_id: str


def _queue(context: Context, repo: Repository, arguments: Json) -> _Queue | None:
    branch = arguments.get("branch") or repo.default_branch
    if queue_settings(context.hub, repo, branch) is None:
        return None
    return _Queue(repository=repo, branch=branch)


def _queue_id(_context: Context, queue: _Queue, _arguments: Json) -> str:
    return node_id("MQ", queue.repository.id)


def _queued(context: Context, queue: _Queue, _arguments: Json) -> list[QueueEntry]:
    return context.hub.state.queue_entries.of(queue.repository.id, queue.branch)


def _is_enabled(context: Context, pull: PullRequest, _arguments: Json) -> bool:
    return queue_settings(context.hub, context.repository_of(pull), pull.base_ref) is not None


def _is_queued(context: Context, pull: PullRequest, _arguments: Json) -> bool:
    return merge_queue.entry_of(context.hub, pull) is not None


def _entry(context: Context, pull: PullRequest, _arguments: Json) -> QueueEntry | None:
    return merge_queue.entry_of(context.hub, pull)


def _position(context: Context, entry: QueueEntry, _arguments: Json) -> int:
    entries = context.hub.state.queue_entries.of(entry.repository_id, entry.base_ref)
    return 1 + sum(one.id < entry.id for one in entries)


def _state(_context: Context, entry: QueueEntry, _arguments: Json) -> str:
    return "QUEUED" if entry.group_sha is None else "AWAITING_CHECKS"


def _enqueuer(context: Context, entry: QueueEntry, _arguments: Json) -> Account | None:
    return context.actor(entry.enqueuer_id)


def _pull(context: Context, entry: QueueEntry, _arguments: Json) -> PullRequest | None:
    return context.hub.pull(context.repository_of(entry), entry.number)


def _commit(name: str) -> Resolver:
    def resolve(_context: Context, entry: QueueEntry, _arguments: Json) -> _Commit | None:
        sha = getattr(entry, name)
        return None if sha is None else _Commit(commit_id=sha)

    return resolve


#: By type and field; see `graphql_schema.RESOLVERS`.
QUEUE: Mapping[str, Mapping[str, Resolver]] = {
    "Repository": {"mergeQueue": _queue},
    "PullRequest": {
        "isInMergeQueue": _is_queued,
        "isMergeQueueEnabled": _is_enabled,
        "mergeQueueEntry": _entry,
    },
    "MergeQueue": {"id": _queue_id, "entries": _queued},
    "MergeQueueEntry": {
        "id": lambda _context, row, _arguments: node_id("MQE", row.id),
        "position": _position,
        "state": _state,
        "enqueuedAt": lambda _context, row, _arguments: stamp(row.enqueued_at),
        "enqueuer": _enqueuer,
        "headCommit": _commit("group_sha"),
        "baseCommit": _commit("group_base"),
        "pullRequest": _pull,
    },
}
