"""Push one branch with a lease, and say exactly what became of it."""

import re
from enum import StrEnum
from typing import Final

import msgspec

from rigtasks.errors import RigError, UnknownEffect
from rigtasks.workspace.branches import issue_of_branch
from rigtasks.workspace.checkout import remote_heads
from rigtasks.workspace.errors import (
    BranchProtected,
    BranchRefused,
    GitFailed,
    GitTimeout,
    LeaseLost,
    RemoteUnavailable,
)
from rigtasks.workspace.git import Completed, Git, Remote
from rigtasks.workspace.remote_errors import remote_error

_PUSH_TIMEOUT: Final = 300.0
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LEASE_WORDS: Final = ("stale info", "failed to update ref", "cannot lock ref", "fetch first")


class PushOutcome(StrEnum):
    """How the branch came to be at the wanted commit."""

    PUSHED = "pushed"
    ALREADY_THERE = "already_there"


class PushRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The one move of a branch that is wanted.

    Args:
        branch: a branch the rig made for this issue.
        issue: the number of the issue the work is for.
        old_sha: where the branch has to be now, None when it must not exist.
        new_sha: where it shall be.
    """

    branch: str
    issue: int
    old_sha: str | None
    new_sha: str


def push_branch(clone: Git, remote: Remote, request: PushRequest) -> PushOutcome:
    """Move the branch from its old to its new commit, or leave it as it is.

    Args:
        clone: a clean clone that has the new commit.
        remote: where to, with a token of the author identity that may write contents.
        request: the move.

    Raises:
        BranchRefused: the branch is not one of the rig's for this issue.
        LeaseLost: the branch is somewhere else on the remote; nothing was changed.
        BranchProtected: a rule of the repository refuses it.
        AccessDenied: the identity may not push there.
        AuthenticationFailed: the token has expired.
        UnknownEffect: the connection broke and the remote could not be asked afterwards.
        RemoteUnavailable: it is certain that nothing was changed; try again later.
    """
    require_own_branch(request)
    reference = f"refs/heads/{request.branch}"
    try:
        done = clone.run(
            "push",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            "--no-signed",
            "--recurse-submodules=no",
            f"--force-with-lease={reference}:{request.old_sha or ''}",
            remote.url,
            f"{request.new_sha}:{reference}",
            remote=remote,
            timeout=_PUSH_TIMEOUT,
        )
    except GitTimeout as error:
        return _settle(remote, request, error)
    return _outcome(remote, request, done, reference)


def require_own_branch(request: PushRequest) -> None:
    """Refuse every branch but one that the rig made for this issue, and ids that are not whole.

    Raises:
        BranchRefused: with what may be pushed instead.
    """
    if issue_of_branch(request.branch) != request.issue:
        raise BranchRefused(
            f"Only branches named feature/issue-{request.issue}-… are pushed for this issue."
        )
    for sha in (request.old_sha, request.new_sha):
        if sha is not None and _SHA.fullmatch(sha) is None:
            raise BranchRefused(f"{sha!r} is not a full commit id.")


def _outcome(remote: Remote, request: PushRequest, done: Completed, reference: str) -> PushOutcome:
    flag, reason = _status(done.text, reference)
    if done.returncode == 0 and flag == "=":
        return PushOutcome.ALREADY_THERE
    if done.returncode == 0 and flag in {" ", "*", "+"}:
        return PushOutcome.PUSHED
    if flag == "!" and any(words in reason for words in _LEASE_WORDS):
        raise LeaseLost(
            f"{request.branch} is not at {request.old_sha or 'no commit'} any more: {reason}."
        )
    error = remote_error(f"push {request.branch}", done)
    if isinstance(error, RemoteUnavailable):
        return _settle(remote, request, error)
    if flag == "!" and isinstance(error, GitFailed):
        raise BranchProtected(f"The remote refused {request.branch}: {reason}.")
    raise error


def _status(listing: str, reference: str) -> tuple[str, str]:
    """Find the flag and the summary `git push --porcelain` prints for a ref."""
    for line in listing.splitlines():
        flag, _, rest = line.partition("\t")
        names, _, summary = rest.partition("\t")
        if len(flag) == 1 and names.endswith(f":{reference}"):
            return flag, summary
    return "", ""


def _settle(remote: Remote, request: PushRequest, cause: RigError) -> PushOutcome:
    """Read the branch after a push without an answer, before anything else is done."""
    try:
        found = remote_heads(remote, request.branch).get(request.branch)
    except RigError as error:
        raise UnknownEffect(
            f"The push of {request.branch} got no answer and the branch could not be read: "
            f"{error}. Read it before pushing again."
        ) from cause
    if found == request.new_sha:
        return PushOutcome.PUSHED
    if found == request.old_sha:
        raise RemoteUnavailable(f"{request.branch} was not moved: {cause}") from cause
    raise LeaseLost(f"{request.branch} is at {found or 'no commit'} now.", found=found) from cause
