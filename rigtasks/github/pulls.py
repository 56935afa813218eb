"""Pull requests: what they are, what they change, and opening one once."""

from datetime import datetime
from typing import Final

import msgspec

from rigtasks.gate.closes import closed_issues
from rigtasks.github.api import Api, Text
from rigtasks.github.errors import NotFound, Unavailable, Unprocessable
from rigtasks.github.identities import Account
from rigtasks.github.issues import Label
from rigtasks.github.paging import PAGE
from rigtasks.github.transport import DIFF

_MERGEABLE_PAUSES: Final = (1.0, 2.0, 4.0)
_MISSING_PAUSES: Final = (1.0, 2.0)
_MOST_DIFF_BYTES: Final = 2 * 1024 * 1024
#: GitHub lists no more than this many files and commits of a pull request.
MOST_FILES: Final = 3_000
MOST_COMMITS: Final = 250


class BranchRepository(msgspec.Struct, frozen=True, kw_only=True):
    """The repository a branch of a pull request lives in."""

    id: int
    full_name: str


class PullRequestBranch(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a pull request; `repo` is None when the fork is gone."""

    ref: str
    sha: str
    repo: BranchRepository | None


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request.

    Args:
        mergeable: None while GitHub computes it.
        mergeable_state: `clean`, `unstable`, `blocked`, `behind`, `dirty`, `draft` or `unknown`.
    """

    id: int
    number: int
    node_id: str = ""
    html_url: str
    state: str
    title: str
    body: str | None
    draft: bool = False
    user: Account | None
    head: PullRequestBranch
    base: PullRequestBranch
    labels: tuple[Label, ...] = ()
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None
    merged_by: Account | None = None
    merged: bool | None = None
    mergeable: bool | None = None
    mergeable_state: str = "unknown"
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    commits: int = 0
    updated_at: datetime

    @property
    def is_merged(self) -> bool:
        """Say whether it was merged; lists tell it by the time only."""
        return bool(self.merged) or self.merged_at is not None


class PullRequestFile(msgspec.Struct, frozen=True, kw_only=True):
    """A changed file; `patch` is None for binary and very long ones."""

    filename: str
    status: str
    additions: int
    deletions: int
    changes: int
    sha: str | None = None
    previous_filename: str | None = None
    patch: str | None = None


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A name and address as written in a commit; anybody can write anything here."""

    name: str
    email: str
    date: datetime | None = None


class CommitContent(msgspec.Struct, frozen=True, kw_only=True):
    """What the commit object says."""

    message: str
    author: Signature | None = None
    committer: Signature | None = None


class PullRequestCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit of a pull request; the accounts are None where GitHub knows none."""

    sha: str
    commit: CommitContent
    author: Account | None = None
    committer: Account | None = None


class OpenedPullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The pull request of a branch; `adopted` when it was there before."""

    pull_request: PullRequest
    adopted: bool


def read_pull_request(api: Api, number: int, *, settled: bool = True) -> PullRequest:
    """Read a pull request.

    Reading is what makes GitHub compute `mergeable`, so an open one is read again a few times;
    it may still be None afterwards. A pull request just announced may be missing for a moment.

    Args:
        api: who asks.
        number: of the pull request.
        settled: whether to wait for `mergeable`.
    """
    found = _read_announced(api, number)
    for pause in _MERGEABLE_PAUSES if settled else ():
        if found.state != "open" or found.mergeable is not None:
            break
        api.pause(pause)
        found = api.get(f"/pulls/{number}", PullRequest)
    return found


def read_open_pull_requests(api: Api, *, branch: str) -> tuple[PullRequest, ...]:
    """Return the open pull requests whose head is a branch of this repository."""
    head = f"{api.repository.owner}:{branch}"
    pages = api.pages("/pulls", tuple[PullRequest, ...], state="open", head=head)
    return tuple(pull for page in pages for pull in page if pull.head.ref == branch)


def read_pull_requests_closing(
    api: Api, issue: int, *, state: str, web_host: str | None = None
) -> tuple[PullRequest, ...]:
    """Return pull requests whose body closes an issue of this repository.

    Of closed ones only the newest hundred are looked at, and only merged ones count: an issue
    solved longer ago was closed by its merge.

    Args:
        api: who asks.
        issue: the number of the issue.
        state: `open` or `closed`.
        web_host: host name of the pages, for closing words that use a whole address.
    """
    pulls = read_all_open(api) if state == "open" else read_merged_lately(api)
    name = api.repository.full_name
    return tuple(
        pull for pull in pulls if issue in closed_by(pull, repository=name, web_host=web_host)
    )


def read_all_open(api: Api) -> tuple[PullRequest, ...]:
    """List the open pull requests."""
    pages = api.pages("/pulls", tuple[PullRequest, ...], state="open")
    return tuple(pull for page in pages for pull in page)


def read_merged_lately(api: Api) -> tuple[PullRequest, ...]:
    """List those of the hundred pull requests closed or changed last that were merged."""
    query = {"state": "closed", "sort": "updated", "direction": "desc"}
    listed = api.get("/pulls", tuple[PullRequest, ...], **query, per_page=PAGE)
    return tuple(pull for pull in listed if pull.is_merged)


def closed_by(pull: PullRequest, *, repository: str, web_host: str | None = None) -> frozenset[int]:
    """Return the numbers of the issues of its own repository that a pull request closes.

    Args:
        pull: its body is looked at.
        repository: its name.
        web_host: host name of the pages, for closing words that use a whole address.
    """
    references = closed_issues(pull.body or "", repository=repository, web_host=web_host)
    return frozenset(
        one.number for one in references if one.repository.casefold() == repository.casefold()
    )


def read_files(api: Api, number: int) -> tuple[PullRequestFile, ...]:
    """Read the changed files; at `MOST_FILES` the list may not be complete."""
    pages = api.pages(f"/pulls/{number}/files", tuple[PullRequestFile, ...])
    return tuple(file for page in pages for file in page)


def read_commits(api: Api, number: int) -> tuple[PullRequestCommit, ...]:
    """Read the commits; at `MOST_COMMITS` the list may not be complete."""
    pages = api.pages(f"/pulls/{number}/commits", tuple[PullRequestCommit, ...])
    return tuple(commit for page in pages for commit in page)


def read_diff(api: Api, number: int, *, most_bytes: int = _MOST_DIFF_BYTES) -> Text:
    """Read the diff as text, cut at a number of bytes and then named truncated."""
    return api.text(f"/pulls/{number}", DIFF, most_bytes=most_bytes)


def open_pull_request(
    api: Api, *, branch: str, base: str, title: str, body: str
) -> OpenedPullRequest:
    """Make sure the branch has one open pull request into the base.

    Args:
        api: the author identity.
        branch: the head branch, in this repository.
        base: the branch it shall be merged into.
        title: of a new pull request; an adopted one keeps its own.
        body: of a new pull request; an adopted one keeps its own.

    Raises:
        Unprocessable: GitHub refuses it, for example because there are no commits between.
        Unavailable: there is one already that GitHub's list does not show yet; call again.
        EffectUnknown: call again, which looks first.
    """
    found = _to_adopt(api, branch, base)
    if found is not None:
        return OpenedPullRequest(pull_request=found, adopted=True)
    content = {
        "title": title,
        "head": branch,
        "base": base,
        "body": body,
        "maintainer_can_modify": False,
    }
    try:
        opened = api.write("POST", "/pulls", content, PullRequest)
    except Unprocessable as error:
        if not _already_exists(error):
            raise
        found = _to_adopt(api, branch, base)
        if found is None:
            raise Unavailable(
                f"GitHub says that {branch} has a pull request and does not list it yet."
            ) from error
        return OpenedPullRequest(pull_request=found, adopted=True)
    return OpenedPullRequest(pull_request=opened, adopted=False)


def _read_announced(api: Api, number: int) -> PullRequest:
    for pause in _MISSING_PAUSES:
        try:
            return api.get(f"/pulls/{number}", PullRequest)
        except NotFound:
            api.pause(pause)
    return api.get(f"/pulls/{number}", PullRequest)


def _to_adopt(api: Api, branch: str, base: str) -> PullRequest | None:
    pulls = read_open_pull_requests(api, branch=branch)
    return next((pull for pull in pulls if pull.base.ref == base), None)


def _already_exists(error: Unprocessable) -> bool:
    return any("already exists" in words for words in error.refusal.errors)
