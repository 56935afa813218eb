"""Everything the merge gate needs to know about a pull request, read at one head."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from rigtasks.errors import RigError
from rigtasks.github.api import Api
from rigtasks.github.checks import (
    CheckRun,
    CheckSuite,
    CommitStatus,
    read_check_runs,
    read_check_suites,
    read_statuses,
)
from rigtasks.github.contents import FileContent, read_codeowners
from rigtasks.github.errors import RateLimited
from rigtasks.github.issues import IssueHistory, read_history
from rigtasks.github.pulls import (
    MOST_COMMITS,
    MOST_FILES,
    PullRequest,
    PullRequestCommit,
    PullRequestFile,
    read_commits,
    read_files,
    read_pull_request,
)
from rigtasks.github.repositories import RequiredChecks, read_required_checks
from rigtasks.github.reviews import Review, Thread, read_reviews, read_threads

T = TypeVar("T")


class UnknownSource(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be read, and why; it is neither empty nor fine."""

    source: str
    reason: str


class PullRequestFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What GitHub says about a pull request now.

    Args:
        head_sha: the commit that checks and statuses were read for.
        history: labels of the pull request with who applied them.
        files_truncated: GitHub did not list every file.
        unknown_sources: fields that could not be read and hold nothing for that reason.
    """

    pull_request: PullRequest
    head_sha: str
    files: tuple[PullRequestFile, ...]
    files_truncated: bool
    commits: tuple[PullRequestCommit, ...]
    commits_truncated: bool
    reviews: tuple[Review, ...]
    threads: tuple[Thread, ...]
    check_suites: tuple[CheckSuite, ...]
    check_runs: tuple[CheckRun, ...]
    statuses: tuple[CommitStatus, ...]
    required_checks: RequiredChecks
    codeowners: FileContent | None
    history: IssueHistory
    unknown_sources: tuple[UnknownSource, ...]


def read_pull_request_facts(api: Api, number: int) -> PullRequestFacts:
    """Read a pull request with all that decides its merge.

    A source that cannot be read is named instead of stopping the rest; when the pull request
    itself cannot be read, or a limit is reached, nothing is known and the error is raised.

    Raises:
        RateLimited: try again later.
        RigError: the pull request could not be read.
    """
    pull = read_pull_request(api, number)
    reader = _Reader()
    head = pull.head.sha
    nothing = RequiredChecks(known=False, checks=(), unknown_sources=("branch protection",))
    commits = reader.read("commits", lambda: read_commits(api, number)) or ()
    files = reader.read("files", lambda: read_files(api, number)) or ()
    if commits and len(commits) < MOST_COMMITS and commits[-1].sha != head:
        reader.unknown("commits", "the head moved while it was read")
        reader.unknown("files", "the head moved while it was read")
    # Before the runs: those of a suite that has ended are then all there to be read.
    suites = reader.read("check_suites", lambda: read_check_suites(api, head)) or ()
    return PullRequestFacts(
        pull_request=pull,
        head_sha=head,
        files=files,
        files_truncated=len(files) >= MOST_FILES or len(files) < pull.changed_files,
        commits=commits,
        commits_truncated=len(commits) >= MOST_COMMITS,
        reviews=reader.read("reviews", lambda: read_reviews(api, number)) or (),
        threads=reader.read("threads", lambda: read_threads(api, number)) or (),
        check_suites=suites,
        check_runs=reader.read("check_runs", lambda: read_check_runs(api, head)) or (),
        statuses=reader.read("statuses", lambda: read_statuses(api, head)) or (),
        required_checks=reader.read("protection", lambda: read_required_checks(api, pull.base.ref))
        or nothing,
        codeowners=reader.read("codeowners", lambda: read_codeowners(api, ref=pull.base.sha)),
        history=reader.read("label_events", lambda: read_history(api, number))
        or IssueHistory(events=()),
        unknown_sources=tuple(reader.missing),
    )


class _Reader:
    """Read source after source and note what could not be read."""

    def __init__(self) -> None:
        self.missing: list[UnknownSource] = []

    def read(self, source: str, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except RateLimited:
            raise
        except RigError as error:
            self.unknown(source, str(error))
            return None

    def unknown(self, source: str, reason: str) -> None:
        self.missing.append(UnknownSource(source=source, reason=reason))
