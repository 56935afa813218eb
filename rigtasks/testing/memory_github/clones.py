"""Git's part in memory: checkouts that agents commit in, bundles, and clean clones that push."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import msgspec

from rigtasks.github.identities import Account, Role
from rigtasks.testing.memory_github import pulls
from rigtasks.testing.memory_github.commits import (
    Change,
    Commit,
    CommitGraph,
    Files,
    changes,
    new_commit,
)
from rigtasks.testing.memory_github.faults import Asked
from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.model import Repository
from rigtasks.workspace import work
from rigtasks.workspace.checkout import Start
from rigtasks.workspace.clean_clones import CleanClone
from rigtasks.workspace.errors import (
    AccessDenied,
    AuthenticationFailed,
    BranchProtected,
    BundleRefused,
    LeaseLost,
    RemoteUnavailable,
)
from rigtasks.workspace.git import Remote
from rigtasks.workspace.push import PushOutcome, PushRequest, require_own_branch

_WORKFLOWS = ".github/workflows/"


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The commits of a branch as a run hands them over."""

    branch: str
    start_sha: str
    commits: tuple[Commit, ...]


class MemoryCheckout:
    """A branch that somebody works on; nothing of it is on the remote before it is pushed."""

    def __init__(self, repo: Repository, start_sha: str, clock: Callable[[], datetime]) -> None:
        self._graph = repo.graph
        self._clock = clock
        self.start_sha = start_sha
        self.tip = repo.graph[start_sha]
        self.commits: tuple[Commit, ...] = ()

    def commit(self, files: Mapping[str, str], message: str, author: Account) -> str:
        """Commit files on top, and return the commit."""
        return self._commit((self.tip.sha,), {**self.tip.files, **files}, message, author)

    def merge(self, sha: str, author: Account) -> str:
        """Merge a commit of the repository, its side where both conflict; return the commit.

        Nothing of this checkout's own may have been committed yet.
        """
        if self.commits:
            raise ValueError("merge first, then commit")
        files = self._graph.resolved(sha, self.tip.sha)
        return self._commit((self.tip.sha, sha), files, f"Merge {sha[:12]}", author)

    def _commit(self, parents: tuple[str, ...], files: Files, message: str, author: Account) -> str:
        self.tip = new_commit(
            None,
            parents=parents,
            files=files,
            message=message,
            author=author,
            date=self._clock(),
        )
        self.commits = (*self.commits, self.tip)
        return self.tip.sha

    def bundle(self, branch: str) -> bytes:
        """Return the commits as a run hands them over."""
        made = Bundle(branch=branch, start_sha=self.start_sha, commits=self.commits)
        return msgspec.json.encode(made)


class MemoryCleanClones:
    """Clean clones of a GitHub in memory; `CleanClones`."""

    def __init__(self, hub: MemoryGitHub) -> None:
        self._hub = hub

    @contextmanager
    def open(self, remote: Remote) -> Iterator[CleanClone]:
        """Lend a clean clone for one publication."""
        yield MemoryCleanClone(self._hub, remote)


class MemoryCleanClone:
    """A graph of its own that takes in what was handed over, and pushes from there."""

    def __init__(self, hub: MemoryGitHub, remote: Remote) -> None:
        self._hub = hub
        self._remote = remote
        self._received: tuple[Commit, ...] = ()

    def head(self, branch: str) -> str | None:
        """Ask the remote where a branch is now."""
        repo = self._reached("GET", branch, write=False)
        return repo.branches.get(branch)

    def receive(self, data: bytes, *, branch: str, start: Start) -> work.ReceivedWork:
        """Check a bundle and take in its commits.

        Raises:
            BundleRefused: with the code of what is wrong.
        """
        repo = self._reached("GET", branch, write=False)
        bundle = _decoded(data)
        if bundle.branch != branch:
            raise BundleRefused(f"The bundle must contain {branch}.", code="bundle-ref")
        if bundle.start_sha not in repo.graph:
            words = f"The bundle builds on {bundle.start_sha}, which the repository does not have."
            raise BundleRefused(words, code="bundle-prerequisite")
        if not bundle.commits:
            raise BundleRefused("The bundle adds no commit.", code="bundle-empty")
        own = _graph_of(repo, bundle)
        head_sha = bundle.commits[-1].sha
        if not own.is_ancestor(start.sha, head_sha):
            words = f"The branch no longer contains {start.sha}, where the run started."
            raise BundleRefused(words, code="bundle-history")
        base = own.merge_base(start.base_sha, head_sha) or start.base_sha
        changed = changes(own[base].files, own[head_sha].files)
        self._received = bundle.commits
        return work.ReceivedWork(
            base_sha=base,
            head_sha=head_sha,
            commits=tuple(_commit(one) for one in own.between(start.sha, head_sha)),
            changed=tuple(_changed(one, own[head_sha]) for one in changed),
            diff=work.DiffText(text="".join(one.text for one in changed), truncated=False),
        )

    def push(self, request: PushRequest) -> PushOutcome:
        """Move a branch to a commit that was received.

        Raises:
            LeaseLost: the branch is somewhere else; nothing was changed.
        """
        require_own_branch(request)
        hub, branch = self._hub, request.branch
        asked = self._asked("PUSH", branch, write=True)
        repo = self._reached("PUSH", branch, write=True)
        found = repo.branches.get(branch)
        if found == request.new_sha:
            return PushOutcome.ALREADY_THERE
        if found != request.old_sha:
            raise LeaseLost(
                f"{branch} is not at {request.old_sha or 'no commit'} any more: stale info."
            )
        self._allow(repo, request)
        for commit in self._received:
            repo.graph.add(commit)
        pulls.move_branch(hub, repo, hub.bot(Role.AUTHOR), branch, request.new_sha)
        hub.faults.after(asked)
        return PushOutcome.PUSHED

    def _reached(self, method: str, branch: str, *, write: bool) -> Repository:
        asked = self._asked(method, branch, write=write)
        try:
            self._hub.faults.before(asked)
        except Exception as error:
            if write:
                raise
            raise RemoteUnavailable(f"{branch} could not be read: {error}") from error
        repo = self._hub.at_url(self._remote.url)
        kind, repository, expires_at = (self._remote.token or "memory-none:0:0").split(":")
        if float(expires_at) <= self._hub.clock().timestamp():
            raise AuthenticationFailed("the token has expired")
        if int(repository) != repo.id or (write and kind != "memory-push"):
            raise AccessDenied(f"this token may not reach {repo.full_name} like that")
        return repo

    def _asked(self, method: str, branch: str, *, write: bool) -> Asked:
        repository = self._hub.at_url(self._remote.url).full_name
        path = f"/git/{branch}"
        return Asked(role=Role.AUTHOR, method=method, path=path, write=write, repository=repository)

    def _allow(self, repo: Repository, request: PushRequest) -> None:
        known = {**repo.graph.commits, **{one.sha: one for one in self._received}}
        before = known[request.old_sha or repo.branches[repo.default_branch]].files
        touched = {one.path for one in changes(before, known[request.new_sha].files)}
        if any(path.startswith(_WORKFLOWS) for path in touched):
            raise AccessDenied("refusing to allow an App to change workflows")
        if request.branch in repo.protections:
            raise BranchProtected(f"The remote refused {request.branch}.")


def _decoded(data: bytes) -> Bundle:
    try:
        return msgspec.json.decode(data, type=Bundle)
    except msgspec.DecodeError as error:
        raise BundleRefused(f"This is no bundle: {error}", code="bundle-malformed") from error


def _graph_of(repo: Repository, bundle: Bundle) -> CommitGraph:
    own = repo.graph.copy()
    for commit in bundle.commits:
        if any(parent not in own for parent in commit.parents):
            raise BundleRefused("The bundle lacks a commit.", code="bundle-objects")
        own.add(commit)
    return own


def _commit(found: Commit) -> work.Commit:
    def identity(person: Account | None) -> work.Identity:
        name = person.login if person else "somebody"
        return work.Identity(name=name, email=f"{name}@memory.test", when=found.date)

    return work.Commit(
        sha=found.sha,
        parents=found.parents,
        author=identity(found.author),
        committer=identity(found.committer),
        message=found.message,
    )


def _changed(one: Change, head: Commit) -> work.ChangedPath:
    regular, absent = work.FileMode.REGULAR, work.FileMode.ABSENT
    return work.ChangedPath(
        path=one.path,
        old_mode=absent if one.status == "added" else regular,
        new_mode=absent if one.status == "removed" else regular,
        added=one.additions,
        removed=one.deletions,
        size=len(head.files.get(one.path, "").encode()),
    )
