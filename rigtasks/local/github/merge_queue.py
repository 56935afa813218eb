"""The merge queue: pull requests are put on top of each other, tested, and merged in order."""

import msgspec

from rigtasks.local.github import issues, merging, pulls, pushes
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.git import ZERO
from rigtasks.local.github.governance import QueueEntry
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.model import Account, AccountType, Issue, PullRequest, Repository
from rigtasks.local.github.rules.checks import any_failed, missing_checks
from rigtasks.local.github.rules.requirements import QueueSettings, in_force, queue_settings
from rigtasks.local.github.rules.verdicts import merge_blockers
from rigtasks.local.github.shapes import repositories as shapes

BRANCHES = "gh-readonly-queue"
_BOT = "github-merge-queue[bot]"


def entry_of(hub: Hub, pull: PullRequest) -> QueueEntry | None:
    """Return a pull request's place in the queue, or None."""
    for entry in hub.state.queue_entries.of(pull.repository_id, pull.base_ref):
        if entry.number == pull.number:
            return entry
    return None


def enqueue(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    actor: Account,
    *,
    expected: str | None = None,
) -> QueueEntry:
    """Put a pull request at the end of its base branch's queue.

    Raises:
        HttpError: 422 where there is no queue, it is in it already, its head is another one, or a
            rule that the queue does not decide is not met.
    """
    half = _half(hub, repo, pull)
    if queue_settings(hub, repo, pull.base_ref) is None:
        raise HttpError(422, "Merge queue is not enabled for the base branch")
    if entry_of(hub, pull) is not None:
        raise HttpError(422, "Pull request is already in the merge queue")
    if expected is not None and expected != pull.head_sha:
        raise HttpError(422, "Head branch was modified. Review and try the merge again.")
    if half.state != "open" or pull.draft:
        words = "Pull request is in draft state" if pull.draft else "Pull request is closed"
        raise HttpError(422, words)
    blockers = merge_blockers(hub, repo, pull, actor, queued=True)
    if blockers.every:
        raise HttpError(422, blockers.message)
    state = hub.state
    with state.change():
        entry = state.queue_entries.put(
            QueueEntry(
                id=state.new_id(),
                repository_id=repo.id,
                base_ref=pull.base_ref,
                number=pull.number,
                head_sha=pull.head_sha,
                enqueuer_id=actor.id,
                enqueued_at=state.now(),
            )
        )
        issues.record(hub, repo, pull.number, actor, "added_to_merge_queue")
        issues.announce(hub, repo, half, actor, "enqueued", {})
        _advance(hub, repo, pull.base_ref)
        return entry


def dequeue(hub: Hub, repo: Repository, entry: QueueEntry, actor: Account, reason: str) -> None:
    """Take a pull request out of the queue; what waited behind it is tested again."""
    with hub.state.change():
        _leave(hub, repo, entry, actor, reason, "dequeued")
        _advance(hub, repo, entry.base_ref)


def heard(hub: Hub, happening: Happening) -> None:
    """Follow the checks of merge groups, and what becomes of pull requests that wait."""
    repo = hub.state.repositories.find(happening.repository_id)
    if repo is None:
        return
    for entry in hub.state.queue_entries.all():
        if entry.repository_id != repo.id:
            continue
        if happening.event in {"check_run", "status"} and happening.sha == entry.group_sha:
            _advance(hub, repo, entry.base_ref)
            return
        left = happening.action in {"synchronize", "closed", "converted_to_draft"}
        if happening.event == "pull_request" and left and happening.number == entry.number:
            dequeue(hub, repo, entry, bot(hub), "UNKNOWN_REMOVAL_REASON")
            return


def bot(hub: Hub) -> Account:
    """Return the account that merges what comes out of a queue."""
    known = hub.account(_BOT)
    if known is not None:
        return known
    state = hub.state
    with state.change():
        made = Account(id=state.new_id(), login=_BOT, type=AccountType.BOT, created_at=state.now())
        return state.accounts.put(made)


def _advance(hub: Hub, repo: Repository, branch: str) -> None:
    """Build the groups that are missing, merge what is green, throw out what is red."""
    queue = queue_settings(hub, repo, branch)
    if queue is None:
        return
    while entries := hub.state.queue_entries.of(repo.id, branch)[: queue.max_entries_to_build]:
        base = hub.git(repo).branch(branch)
        for entry in entries:
            built = base and _built(hub, repo, entry, base, queue)
            if not built:
                break
            if _is_red(hub, repo, built):
                _leave(hub, repo, built, bot(hub), "CI_FAILURE", "dequeued")
                break
            if entry.id == entries[0].id and _is_green(hub, repo, built):
                _merge(hub, repo, built)
                break
            base = built.group_sha
        else:
            return


def _built(
    hub: Hub, repo: Repository, entry: QueueEntry, base: str, queue: QueueSettings
) -> QueueEntry | None:
    """Return an entry whose group stands on a base; None when it conflicts and had to leave."""
    if entry.group_base == base:
        return entry
    if entry.group_sha is not None:
        entry = _destroyed(hub, repo, entry, "invalidated")
    pull = hub.pull(repo, entry.number)
    if pull is None:
        hub.state.queue_entries.remove(entry.id)
        return None
    half = _half(hub, repo, pull)
    enqueuer = hub.state.accounts.get(entry.enqueuer_id)
    request = merging.MergeRequest(method=queue.merge_method.lower())
    try:
        sha = merging.written(hub, repo, pull, half, enqueuer, request, base)
    except HttpError:
        _leave(hub, repo, entry, bot(hub), "MERGE_CONFLICT", "dequeued")
        return None
    entry = hub.state.queue_entries.put(
        msgspec.structs.replace(entry, group_sha=sha, group_base=base)
    )
    hub.git(repo).update_ref(f"refs/heads/{_branch(entry)}", sha, ZERO)
    pushes.branch_moved(hub, repo, _branch(entry), ZERO, sha, bot(hub))
    _announce_group(hub, repo, entry, "checks_requested", {})
    return entry


def _branch(entry: QueueEntry) -> str:
    return f"{BRANCHES}/{entry.base_ref}/pr-{entry.number}-{entry.group_base}"


def _is_green(hub: Hub, repo: Repository, entry: QueueEntry) -> bool:
    asked = in_force(hub, repo, entry.base_ref, None)
    sha = entry.group_sha or ""
    return not any(missing_checks(hub, repo, sha, one) for one in asked)


def _is_red(hub: Hub, repo: Repository, entry: QueueEntry) -> bool:
    asked = in_force(hub, repo, entry.base_ref, None)
    return any(any_failed(hub, repo, entry.group_sha or "", one) for one in asked)


def _merge(hub: Hub, repo: Repository, entry: QueueEntry) -> None:
    pull = hub.pull(repo, entry.number)
    if pull is None or entry.group_sha is None or entry.group_base is None:
        return
    actor = bot(hub)
    half = _leave(hub, repo, entry, actor, "MERGE", "merged")
    hub.git(repo).update_ref(f"refs/heads/{entry.base_ref}", entry.group_sha, entry.group_base)
    pull = hub.state.pulls.put(msgspec.structs.replace(pull, base_sha=entry.group_base))
    pulls.mark_merged(hub, repo, pull, half, actor, entry.group_sha)
    pushes.branch_moved(hub, repo, entry.base_ref, entry.group_base, entry.group_sha, actor)


def _leave(
    hub: Hub, repo: Repository, entry: QueueEntry, actor: Account, reason: str, end: str
) -> Issue:
    if entry.group_sha is not None:
        _destroyed(hub, repo, entry, end)
    hub.state.queue_entries.remove(entry.id)
    pull = hub.pull(repo, entry.number)
    if pull is None:
        raise HttpError(404, "Not Found")
    half = _half(hub, repo, pull)
    issues.record(hub, repo, entry.number, actor, "removed_from_merge_queue")
    issues.announce(hub, repo, half, actor, "dequeued", {"reason": reason})
    return half


def _destroyed(hub: Hub, repo: Repository, entry: QueueEntry, reason: str) -> QueueEntry:
    sha = entry.group_sha or ZERO
    _announce_group(hub, repo, entry, "destroyed", {"reason": reason})
    hub.git(repo).delete_ref(f"refs/heads/{_branch(entry)}")
    pushes.branch_moved(hub, repo, _branch(entry), sha, ZERO, bot(hub))
    return hub.state.queue_entries.put(
        msgspec.structs.replace(entry, group_sha=None, group_base=None)
    )


def _announce_group(
    hub: Hub, repo: Repository, entry: QueueEntry, action: str, extra: dict[str, str]
) -> None:
    sha = entry.group_sha or ""
    fields = {
        **extra,
        "merge_group": {
            "head_sha": sha,
            "head_ref": f"refs/heads/{_branch(entry)}",
            "base_sha": entry.group_base,
            "base_ref": f"refs/heads/{entry.base_ref}",
            "head_commit": shapes.simple_commit(hub.git(repo).commit(sha)),
        },
    }
    happening = Happening(
        event="merge_group",
        action=action,
        repository_id=repo.id,
        sha=sha,
        ref=f"refs/heads/{entry.base_ref}",
    )
    hub.announce("merge_group", action, repo, bot(hub), fields, happening)


def _half(hub: Hub, repo: Repository, pull: PullRequest) -> Issue:
    half = hub.issue(repo, pull.number)
    if half is None:
        raise HttpError(404, "Not Found")
    return half
