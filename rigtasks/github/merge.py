"""Merge one commit once: GitHub's compare-and-swap, and a reading after every doubt."""

from enum import StrEnum
from typing import Final, assert_never

import msgspec

from rigtasks.errors import RigError, UnknownEffect
from rigtasks.github.api import Api, segment
from rigtasks.github.errors import Conflicted, NotAllowed
from rigtasks.github.pulls import read_pull_request

_BASE_MOVED_PAUSES: Final = (4.0, 8.0)
_BASE_MOVED: Final = "base branch was modified"
_CONFIGURATION: Final = (
    "merge queue",
    "not authorized",
    "not allowed on this repository",
    "are not allowed",
    "is not allowed",
)
_NEWEST: Final = 30


class MergeMethod(StrEnum):
    """How the commits get onto the base."""

    SQUASH = "squash"
    MERGE = "merge"
    REBASE = "rebase"


class MergeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The merge that every gate was true for.

    Args:
        head_sha: GitHub refuses the merge when the head is no longer this.
        base_ref: the branch the commit has to be found on afterwards.
        title: first line of the commit.
        message: the rest of it; it should name the run, which settles doubts afterwards.
        marker: words in `message` by which the commit is recognised on the base.
    """

    number: int
    head_sha: str
    base_ref: str
    title: str
    message: str
    marker: str
    method: MergeMethod = MergeMethod.SQUASH


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """It is merged; `found` when that was seen by reading and not told by the call."""

    sha: str
    found: bool = False


class HeadMoved(msgspec.Struct, frozen=True, kw_only=True):
    """The head is another commit now: all gates start again."""

    reason: str


class NotMergeable(msgspec.Struct, frozen=True, kw_only=True):
    """GitHub does not merge it in this state: read the facts again, do not repeat the call."""

    reason: str


class MergeMisconfigured(msgspec.Struct, frozen=True, kw_only=True):
    """Repository settings forbid this way of merging: a person has to change them."""

    reason: str


MergeOutcome = Merged | HeadMoved | NotMergeable | MergeMisconfigured


class _MergeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    sha: str | None = None
    merged: bool
    message: str = ""


class _Comparison(msgspec.Struct, frozen=True, kw_only=True):
    status: str


class _BaseCommitContent(msgspec.Struct, frozen=True, kw_only=True):
    message: str


class _BaseCommit(msgspec.Struct, frozen=True, kw_only=True):
    sha: str
    commit: _BaseCommitContent


def merge(api: Api, request: MergeRequest) -> MergeOutcome:
    """Merge a pull request at one commit.

    "Base branch was modified" is waited out twice. A call without a clear answer is followed by
    a reading, never by a second call.

    Args:
        api: the conductor.
        request: what to merge.

    Raises:
        UnknownEffect: reading showed no merge yet, or was not possible; before merging again
            read with `find_merge`.
        Forbidden: the conductor may not merge here.
        Unprocessable: the request itself is wrong.
    """
    pauses = iter(_BASE_MOVED_PAUSES)
    while True:
        try:
            return _merge_once(api, request)
        except Conflicted as error:
            return HeadMoved(reason=error.refusal.message)
        except NotAllowed as error:
            reason = error.refusal.message
            pause = next(pauses, None) if _BASE_MOVED in reason.lower() else None
            if pause is None:
                return _refused(reason)
            api.pause(pause)
        except UnknownEffect as error:
            return _settle(api, request, error)


def find_merge(api: Api, request: MergeRequest) -> Merged | None:
    """Look whether a merge happened, on the pull request and on the base branch.

    GitHub can fail in the middle and leave the commit on the base while the pull request stays
    open; the marker in its message tells.
    """
    pull = read_pull_request(api, request.number, settled=False)
    if pull.is_merged and pull.merge_commit_sha is not None:
        return Merged(sha=pull.merge_commit_sha, found=True)
    return _marked_on_base(api, request)


def is_on_base(api: Api, base_ref: str, sha: str) -> bool:
    """Say whether the base branch contains a commit."""
    path = f"/compare/{segment(base_ref)}...{segment(sha)}"
    return api.get(path, _Comparison, per_page=1).status in {"identical", "behind"}


def _merge_once(api: Api, request: MergeRequest) -> Merged | NotMergeable:
    content: dict[str, str] = {"sha": request.head_sha, "merge_method": request.method.value}
    match request.method:
        case MergeMethod.SQUASH | MergeMethod.MERGE:
            content |= {"commit_title": request.title, "commit_message": request.message}
        case MergeMethod.REBASE:
            pass
        case _:
            assert_never(request.method)
    answer = api.write("PUT", f"/pulls/{request.number}/merge", content, _MergeAnswer)
    if not answer.merged or answer.sha is None:
        return NotMergeable(reason=answer.message or "GitHub did not merge it.")
    return Merged(sha=answer.sha)


def _settle(api: Api, request: MergeRequest, doubt: UnknownEffect) -> Merged:
    try:
        found = find_merge(api, request)
    except RigError as error:
        raise UnknownEffect(f"{doubt} Reading failed as well: {error}") from doubt
    if found is None:
        raise UnknownEffect(f"{doubt} It is not merged so far.") from doubt
    return found


def _refused(reason: str) -> NotMergeable | MergeMisconfigured:
    if any(words in reason.lower() for words in _CONFIGURATION):
        return MergeMisconfigured(reason=reason)
    return NotMergeable(reason=reason)


def _marked_on_base(api: Api, request: MergeRequest) -> Merged | None:
    commits = api.get("/commits", tuple[_BaseCommit, ...], sha=request.base_ref, per_page=_NEWEST)
    for commit in commits:
        if request.marker in commit.commit.message:
            return Merged(sha=commit.sha, found=True)
    return None
