"""Fetch a repository into fresh directories: a plain one for an agent, a bare one for us."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rigtasks.workspace.errors import GitFailed
from rigtasks.workspace.git import Git, Remote, never
from rigtasks.workspace.remote_errors import remote_error

#: Enough history for an agent to read why a line is as it is, and for the merge base of a branch.
#: On a repository of 5,500 commits it took as long as a single commit (0.3 s), the whole 1.8 s.
#: Leaving out blobs instead would need a remote to fetch them from later, which an agent has not.
DEFAULT_DEPTH: Final = 50
_WHOLE_HISTORY: Final = 2**31 - 1  # git's own word for "no limit"
_FETCH_TIMEOUT: Final = 600.0
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

BASE_REF: Final = "refs/rig/base"
HEAD_REF: Final = "refs/rig/head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where work on a branch starts.

    Args:
        base_sha: the commit of the base branch the work is compared with.
        head_sha: the commit the branch has on the remote, None when it does not exist yet.
        depth: commits of history to fetch.

    Raises:
        ValueError: one of them is not a full commit id.
    """

    base_sha: str
    head_sha: str | None = None
    depth: int = DEFAULT_DEPTH

    def __post_init__(self) -> None:
        for sha in (self.base_sha, self.head_sha):
            if sha is not None and _SHA.fullmatch(sha) is None:
                raise ValueError(f"{sha!r} is not a full commit id.")

    @property
    def sha(self) -> str:
        """The commit to continue from."""
        return self.head_sha or self.base_sha


def checkout_for_agent(
    directory: Path,
    remote: Remote,
    start: Start,
    *,
    branch: str,
    stop: Callable[[], bool] = never,
) -> str:
    """Check out a branch into a new directory that keeps no way back to the remote.

    The result is a plain clone, not a worktree, without remote, credential, hook or fetch record.
    `base_sha` stays reachable as `refs/rig/base`, so that an agent can compare with it.

    Args:
        directory: where to create it; must not exist or be empty.
        remote: where from, with a token that may read.
        start: the commits to fetch.
        branch: the local branch to be on.
        stop: asked about ten times a second; true ends it.

    Returns:
        The commit that is checked out.

    Raises:
        RigError: as `rigtasks.workspace.errors` names it for remotes.
    """
    git = _new_repository(directory, bare=False, stop=stop)
    _fetch(git, remote, start)
    git.read("checkout", "--quiet", "--no-track", "-B", branch, start.sha)
    if start.head_sha is not None:
        git.read("update-ref", "-d", HEAD_REF)
    _forget_remote(directory / ".git")
    return start.sha


def begun_at(checkout: Path, start: Start, since_sha: str) -> str:
    """Return where the work at the start began: `since_sha`, as long as it is part of it.

    Once somebody pushed that commit away, the work begins where the branch left its base.

    Args:
        checkout: as `checkout_for_agent` left it, before an agent was in it.
        start: what was checked out there.
        since_sha: where the work was known to begin.
    """
    git = Git(checkout)
    if git.run("merge-base", "--is-ancestor", since_sha, start.sha).returncode == 0:
        return since_sha
    fork = git.run("merge-base", start.base_sha, start.sha)
    return fork.text.strip() if fork.returncode == 0 else start.base_sha


def clean_clone(directory: Path, remote: Remote, start: Start) -> Git:
    """Fetch into a new bare repository that no agent has touched, to receive a bundle in.

    Args:
        directory: where to create it; must not exist or be empty.
        remote: where from, with a token that may read.
        start: the commits to fetch.

    Raises:
        RigError: as `rigtasks.workspace.errors` names it for remotes.
    """
    git = _new_repository(directory, bare=True)
    _fetch(git, remote, start)
    _forget_remote(directory)
    return git


def remote_heads(
    remote: Remote, *branches: str, stop: Callable[[], bool] = never
) -> dict[str, str]:
    """Ask the remote where branches are now; branches it does not have are left out.

    Raises:
        RigError: as `rigtasks.workspace.errors` names it for remotes.
    """
    refs = [f"refs/heads/{branch}" for branch in branches]
    with tempfile.TemporaryDirectory(prefix="rig-ls-remote-") as nowhere:
        git = Git(Path(nowhere), stop=stop)
        done = git.run("ls-remote", "--quiet", remote.url, *refs, remote=remote, timeout=60)
    if done.returncode != 0:
        raise remote_error("list the branches", done)
    found = (line.split("\t", 1) for line in done.text.splitlines())
    return {ref.removeprefix("refs/heads/"): sha for sha, ref in found if ref in refs}


def _new_repository(directory: Path, *, bare: bool, stop: Callable[[], bool] = never) -> Git:
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise GitFailed(f"The directory {directory.name} is not empty; give a fresh one.")
    git = Git(directory, stop=stop)
    git.read("init", "--quiet", "--template=", *(["--bare"] if bare else []))
    return git


def _fetch(git: Git, remote: Remote, start: Start) -> None:
    _fetch_refs(git, remote, start, f"--depth={start.depth}")
    if start.head_sha is not None and not _related(git, start.base_sha, start.head_sha):
        _fetch_refs(git, remote, start, f"--depth={_WHOLE_HISTORY}")


def _fetch_refs(git: Git, remote: Remote, start: Start, history: str) -> None:
    wanted = [f"+{start.base_sha}:{BASE_REF}"]
    if start.head_sha is not None:
        wanted.append(f"+{start.head_sha}:{HEAD_REF}")
    done = git.run(
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        history,
        remote.url,
        *wanted,
        remote=remote,
        timeout=_FETCH_TIMEOUT,
    )
    if done.returncode != 0:
        raise remote_error("fetch the repository", done)


def _related(git: Git, base_sha: str, head_sha: str) -> bool:
    return git.run("merge-base", base_sha, head_sha).returncode == 0


def _forget_remote(git_directory: Path) -> None:
    """Leave nothing that names the remote; the fetch above wrote no remote to begin with."""
    for name in ("FETCH_HEAD", "ORIG_HEAD"):
        (git_directory / name).unlink(missing_ok=True)
