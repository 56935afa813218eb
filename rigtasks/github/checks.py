"""Check runs and commit statuses at a commit, and the check run of the rig itself."""

from datetime import datetime
from typing import Any

import msgspec

from rigtasks.github.api import Api, segment
from rigtasks.github.doubt import write_or_find


class App(msgspec.Struct, frozen=True, kw_only=True):
    """The App a check run belongs to."""

    id: int
    slug: str | None = None


class CheckOutput(msgspec.Struct, frozen=True, kw_only=True):
    """What a check run has to say."""

    title: str | None = None
    summary: str | None = None
    text: str | None = None


class CheckRun(msgspec.Struct, frozen=True, kw_only=True):
    """A check run; `conclusion` is None until `status` is `completed`."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    app: App | None
    external_id: str | None = None
    html_url: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: CheckOutput | None = None


class CheckSuite(msgspec.Struct, frozen=True, kw_only=True):
    """What one App reports at a commit; GitHub Actions has one for each workflow's run."""

    id: int
    head_sha: str
    status: str | None
    conclusion: str | None
    app: App | None
    latest_check_runs_count: int
    created_at: datetime


class CommitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A commit status, which anybody with write access can set."""

    id: int
    context: str
    state: str
    description: str | None = None
    target_url: str | None = None
    created_at: datetime


class CheckDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The check run the rig wants to see at a commit.

    Args:
        external_id: names it; a run with the same id is updated instead of a second one made.
        conclusion: None while it is in progress.
    """

    name: str
    head_sha: str
    external_id: str
    status: str
    conclusion: str | None
    title: str
    summary: str
    details_url: str | None = None


class _CheckRuns(msgspec.Struct, frozen=True, kw_only=True):
    check_runs: tuple[CheckRun, ...]


class _CheckSuites(msgspec.Struct, frozen=True, kw_only=True):
    check_suites: tuple[CheckSuite, ...]


def read_check_suites(api: Api, sha: str) -> tuple[CheckSuite, ...]:
    """Return the check suites at a commit, whether or not anything was reported for them."""
    pages = api.pages(f"/commits/{segment(sha)}/check-suites", _CheckSuites)
    return tuple(suite for page in pages for suite in page.check_suites)


def read_check_runs(api: Api, sha: str) -> tuple[CheckRun, ...]:
    """Return the newest check run for each name and App at a commit."""
    pages = api.pages(f"/commits/{segment(sha)}/check-runs", _CheckRuns, filter="latest")
    newest: dict[tuple[str, int | None], CheckRun] = {}
    for run in sorted((run for page in pages for run in page.check_runs), key=lambda run: run.id):
        newest[run.name, run.app.id if run.app else None] = run
    return tuple(newest.values())


def read_statuses(api: Api, sha: str) -> tuple[CommitStatus, ...]:
    """Return the newest status for each context at a commit."""
    pages = api.pages(f"/commits/{segment(sha)}/statuses", tuple[CommitStatus, ...])
    listed = [status for page in pages for status in page]
    newest: dict[str, CommitStatus] = {}
    for status in sorted(listed, key=lambda status: status.id):
        newest[status.context] = status
    return tuple(newest.values())


def put_check_run(api: Api, draft: CheckDraft) -> CheckRun:
    """Make sure our check run looks like the draft.

    Raises:
        Forbidden: the identity is a personal token; only Apps write check runs.
        EffectUnknown: call again, which looks first.
    """
    found = _own(api, draft)
    content = _content(draft)
    if found is None:
        created = content | {"head_sha": draft.head_sha}
        return write_or_find(
            api,
            lambda: api.write("POST", "/check-runs", created, CheckRun),
            lambda: _own(api, draft),
        )
    if _same(found, draft):
        return found
    return api.write("PATCH", f"/check-runs/{found.id}", content, CheckRun)


def _own(api: Api, draft: CheckDraft) -> CheckRun | None:
    """Find our check run, the newest one: that is the one GitHub counts."""
    pages = api.pages(
        f"/commits/{segment(draft.head_sha)}/check-runs",
        _CheckRuns,
        check_name=draft.name,
        filter="all",
    )
    slug = api.account().login.removesuffix("[bot]")
    own = (
        run
        for page in pages
        for run in page.check_runs
        if run.external_id == draft.external_id and run.app is not None and run.app.slug == slug
    )
    return max(own, key=lambda run: run.id, default=None)


def _content(draft: CheckDraft) -> dict[str, Any]:
    content: dict[str, Any] = {
        "name": draft.name,
        "external_id": draft.external_id,
        "status": draft.status,
        "output": {"title": draft.title, "summary": draft.summary},
    }
    if draft.conclusion is not None:
        content["conclusion"] = draft.conclusion
    if draft.details_url is not None:
        content["details_url"] = draft.details_url
    return content


def _same(found: CheckRun, draft: CheckDraft) -> bool:
    output = found.output or CheckOutput()
    return (found.status, found.conclusion, output.title, output.summary) == (
        draft.status,
        draft.conclusion,
        draft.title,
        draft.summary,
    )
