"""What happens to pull requests: opened, moved, judged mergeable or not, merged."""

import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec

from rigtasks.local.github import issues
from rigtasks.local.github.answers import invalid, validation_failed
from rigtasks.local.github.git import GitFailedError
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.model import Account, Issue, PullRequest, Repository
from rigtasks.local.github.rules import merge_blockers, unsuccessful_checks
from rigtasks.local.github.shapes import pulls as shapes
from rigtasks.local.github.shapes.pulls import UNKNOWN, Mergeability


class MergeChecks:
    """Test merges, made in the background and remembered per pair of commits."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="merge-checks")
        self._known: dict[tuple[int, str, str], bool] = {}
        self._asked: set[tuple[int, str, str]] = set()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Let the check under way end and stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def ask(self, repo: Repository, pull: PullRequest) -> Mergeability:
        """Return what is known, and start finding out what is not."""
        half = self._hub.issue(repo, pull.number)
        base = self._hub.git(repo).branch(pull.base_ref)
        if half is None or half.state != "open" or base is None:
            return UNKNOWN
        key = (repo.id, base, pull.head_sha)
        with self._lock:
            mergeable = self._known.get(key)
            if mergeable is None and key not in self._asked:
                self._asked.add(key)
                self._pool.submit(self._find_out, repo, key)
        if mergeable is None:
            return UNKNOWN
        return mergeable, self._word(repo, pull, mergeable=mergeable)

    def _find_out(self, repo: Repository, key: tuple[int, str, str]) -> None:
        try:
            mergeable = self._hub.git(repo).merged_tree(key[1], key[2]) is not None
        except GitFailedError:
            mergeable = False
        with self._lock:
            self._known[key] = mergeable
            self._asked.discard(key)

    def _word(self, repo: Repository, pull: PullRequest, *, mergeable: bool) -> str:
        if not mergeable:
            return "dirty"
        if pull.draft:
            return "draft"
        if merge_blockers(self._hub, repo, pull):
            return "blocked"
        return "unstable" if unsuccessful_checks(self._hub, repo, pull.head_sha) else "clean"


class NewPull(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request to open; `head` may be `owner:branch` of the same owner."""

    title: str
    head: str
    base: str
    body: str | None = None
    draft: bool = False
    app_id: int | None = None


def create(
    hub: Hub,
    repo: Repository,
    author: Account,
    new: NewPull,
) -> PullRequest:
    """Open a pull request between two branches of one repository.

    Raises:
        HttpError: 422 as GitHub words it for unknown branches, no commits, or a second one.
    """
    owner = hub.state.accounts.get(repo.owner_id).login
    base = new.base
    prefix, _, ref = new.head.rpartition(":")
    git = hub.git(repo)
    head_sha = git.branch(ref)
    if prefix.lower() not in {"", owner.lower()} or head_sha is None:
        raise invalid("PullRequest", "head")
    base_sha = git.branch(base)
    if base_sha is None:
        raise invalid("PullRequest", "base")
    state = hub.state
    with state.change():
        for other in state.pulls.of(repo.id):
            half = hub.issue(repo, other.number)
            same = (other.head_ref, other.base_ref) == (ref, base)
            if same and half is not None and half.state == "open":
                message = f"A pull request already exists for {owner}:{ref}."
                raise validation_failed(
                    {"resource": "PullRequest", "code": "custom", "message": message}
                )
        if not git.count(f"{base_sha}..{head_sha}"):
            message = f"No commits between {base} and {ref}"
            raise validation_failed(
                {"resource": "PullRequest", "code": "custom", "message": message}
            )
        now = state.now()
        half = state.issues.put(
            Issue(
                id=state.new_id(),
                repository_id=repo.id,
                number=issues.next_number(hub, repo),
                title=new.title,
                body=new.body,
                author_id=author.id,
                app_id=new.app_id,
                created_at=now,
                updated_at=now,
                is_pull=True,
            )
        )
        pull = state.pulls.put(
            PullRequest(
                id=state.new_id(),
                repository_id=repo.id,
                number=half.number,
                head_ref=ref,
                head_sha=head_sha,
                base_ref=base,
                base_sha=base_sha,
                draft=new.draft,
            )
        )
        git.update_ref(f"refs/pull/{pull.number}/head", head_sha)
        issues.announce(hub, repo, half, author, "opened", {})
        return pull


def open_pulls(hub: Hub, repo: Repository) -> list[tuple[PullRequest, Issue]]:
    """Return the open pull requests with their issue halves."""
    found = []
    for pull in hub.state.pulls.of(repo.id):
        half = hub.issue(repo, pull.number)
        if half is not None and half.state == "open":
            found.append((pull, half))
    return found


def head_moved(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account, sha: str
) -> None:
    """Follow a push to a pull request's branch."""
    state = hub.state
    with state.change():
        git = hub.git(repo)
        before = pull.head_sha
        forced = not git.is_ancestor(before, sha)
        moved = msgspec.structs.replace(
            pull, head_sha=sha, base_sha=git.branch(pull.base_ref) or pull.base_sha
        )
        state.pulls.put(moved)
        git.update_ref(f"refs/pull/{pull.number}/head", sha)
        _outdate_threads(hub, repo, moved, before)
        _dismiss_stale_reviews(hub, repo, moved, actor)
        half = issues.touch(hub, half)
        if forced:
            issues.record(hub, repo, pull.number, actor, "head_ref_force_pushed", commit_id=sha)
        issues.announce(hub, repo, half, actor, "synchronize", {"before": before, "after": sha})


def _outdate_threads(hub: Hub, repo: Repository, pull: PullRequest, before: str) -> None:
    changed = {file.filename: file for file in hub.changed_files(repo, before, pull.head_sha)}
    for thread in hub.state.threads.of(repo.id, pull.number):
        file = changed.get(thread.path)
        if thread.outdated or file is None or thread.line is None:
            continue
        if file.patch is None or touches_line(file.patch, thread.line):
            hub.state.threads.put(msgspec.structs.replace(thread, outdated=True))


def touches_line(patch: str, line: int) -> bool:
    """Tell whether a patch changes a line of the old file, or adds right beside it."""
    old = 0
    for text in patch.split("\n"):
        if text.startswith("@@"):
            old = int(text.split(" ")[1].split(",")[0].lstrip("-"))
        elif text.startswith("-"):
            if old == line:
                return True
            old += 1
        elif text.startswith(" "):
            old += 1
    return False


def _dismiss_stale_reviews(hub: Hub, repo: Repository, pull: PullRequest, actor: Account) -> None:
    protection = hub.state.protections.first(repo.id, pull.base_ref)
    if protection is None or not protection.dismiss_stale_reviews:
        return
    for review in hub.state.reviews.of(repo.id, pull.number):
        if review.state == "APPROVED" and review.commit_id != pull.head_sha:
            dismissed = msgspec.structs.replace(review, state="DISMISSED")
            hub.state.reviews.put(dismissed)
            announce_review(hub, repo, pull, dismissed.id, actor, "dismissed")


def announce_review(
    hub: Hub, repo: Repository, pull: PullRequest, review_id: int, actor: Account, action: str
) -> None:
    """Announce a submitted or dismissed review."""
    review = hub.state.reviews.get(review_id)
    fields = {
        "review": shapes.review(hub, repo, review, hub.view, webhook=True),
        "pull_request": shapes.pull(hub, repo, pull, hub.view),
    }
    happening = Happening(
        event="pull_request_review",
        action=action,
        repository_id=repo.id,
        number=pull.number,
        sha=review.commit_id,
    )
    hub.announce("pull_request_review", action, repo, actor, fields, happening)


def head_deleted(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account
) -> None:
    """Close a pull request whose branch is gone."""
    with hub.state.change():
        issues.record(hub, repo, pull.number, actor, "head_ref_deleted")
        issues.set_state(hub, repo, half, actor, "closed")


def reopen(hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account) -> Issue:
    """Reopen a closed pull request.

    Raises:
        HttpError: 422 when it was merged or its branch is gone.
    """
    head = hub.git(repo).branch(pull.head_ref)
    if pull.merged_at is not None or head is None:
        raise validation_failed(
            {
                "resource": "PullRequest",
                "code": "custom",
                "field": "state",
                "message": "state cannot be changed. The pull request cannot be reopened.",
            }
        )
    with hub.state.change():
        if head != pull.head_sha:
            hub.state.pulls.put(msgspec.structs.replace(pull, head_sha=head))
        return issues.set_state(hub, repo, half, actor, "open")


def change_base(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account, base: str
) -> None:
    """Point a pull request at another base branch.

    Raises:
        HttpError: 422 when there is no such branch.
    """
    tip = hub.git(repo).branch(base)
    if tip is None:
        raise invalid("PullRequest", "base")
    with hub.state.change():
        changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
        hub.state.pulls.put(msgspec.structs.replace(pull, base_ref=base, base_sha=tip))
        half = issues.touch(hub, half)
        issues.record(hub, repo, pull.number, actor, "base_ref_changed")
        issues.announce(hub, repo, half, actor, "edited", {"changes": changes})


def mark_merged(
    hub: Hub, repo: Repository, pull: PullRequest, half: Issue, actor: Account, sha: str
) -> None:
    """Record that a pull request's commits are on its base branch as `sha`."""
    state = hub.state
    with state.change():
        state.pulls.put(
            msgspec.structs.replace(
                pull, merged_at=state.now(), merged_by_id=actor.id, merge_commit_sha=sha
            )
        )
        issues.record(hub, repo, pull.number, actor, "merged", commit_id=sha)
        issues.set_state(hub, repo, half, actor, "closed")
        if pull.base_ref != repo.default_branch:
            return
        for issue in issues.closing_references(hub, repo, half.body):
            issues.set_state(hub, repo, issue, actor, "closed", commit_id=sha)
