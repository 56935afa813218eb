"""The shapes of check runs, check suites and commit statuses."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from rigtasks.local.github.hub import Hub, View, node_id, stamp
from rigtasks.local.github.model import (
    Annotation,
    CheckRun,
    CheckSuite,
    PullRequest,
    Repository,
    Status,
)
from rigtasks.local.github.shapes import accounts, repositories
from rigtasks.local.github.shapes.pulls import pull_reference

Json = dict[str, Any]

_SUCCESSFUL = {"success", "neutral", "skipped"}


def _open_pulls_at(hub: Hub, repo: Repository, sha: str) -> list[PullRequest]:
    found = []
    for pull in hub.state.pulls.of(repo.id):
        half = hub.issue(repo, pull.number)
        if (
            pull.fork_id is None
            and pull.head_sha == sha
            and half is not None
            and half.state == "open"
        ):
            found.append(pull)
    return found


def suite_outcome(runs: Sequence[CheckRun]) -> tuple[str, str | None]:
    """Return the status and conclusion of a suite from its runs."""
    if not runs:
        return "queued", None
    if any(run.status != "completed" for run in runs):
        started = any(run.status != "queued" for run in runs)
        return ("in_progress" if started else "queued"), None
    failing = [run.conclusion for run in runs if run.conclusion not in _SUCCESSFUL]
    return "completed", (failing[0] if failing else "success")


def check_run(hub: Hub, repo: Repository, row: CheckRun, view: View) -> Json:
    """Render GitHub's `check-run`."""
    name = hub.full_name(repo)
    url = f"{view.repo_api(name)}/check-runs/{row.id}"
    web = f"{view.web}/{name}/runs/{row.id}"
    return {
        "id": row.id,
        "node_id": node_id("CR", row.id),
        "name": row.name,
        "head_sha": row.head_sha,
        "external_id": row.external_id,
        "url": url,
        "html_url": web,
        "details_url": row.details_url or web,
        "status": row.status,
        "conclusion": row.conclusion,
        "started_at": stamp(row.started_at),
        "completed_at": stamp(row.completed_at),
        "output": {
            "title": row.title,
            "summary": row.summary,
            "text": row.text,
            "annotations_count": len(row.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": row.suite_id},
        "app": accounts.app_or_none(hub, row.app_id, view),
        "pull_requests": [
            pull_reference(hub, repo, pull, view)
            for pull in _open_pulls_at(hub, repo, row.head_sha)
        ],
    }


def annotation(hub: Hub, repo: Repository, run: CheckRun, row: Annotation, view: View) -> Json:
    """Render GitHub's `check-annotation`."""
    blob = f"{view.web}/{hub.full_name(repo)}/blob/{run.head_sha}/{quote(row.path)}"
    return {**msgspec.structs.asdict(row), "blob_href": blob}


def check_suite(hub: Hub, repo: Repository, row: CheckSuite, view: View) -> Json:
    """Render GitHub's `check-suite`."""
    runs = [run for run in hub.state.check_runs.of(repo.id, row.head_sha) if run.suite_id == row.id]
    status, conclusion = suite_outcome(runs)
    url = f"{view.repo_api(hub.full_name(repo))}/check-suites/{row.id}"
    head = hub.git(repo).commit(row.head_sha)
    return {
        "id": row.id,
        "node_id": node_id("CS", row.id),
        "head_branch": row.head_branch,
        "head_sha": row.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": head.parents[0] if head.parents else None,
        "after": row.head_sha,
        "pull_requests": [
            pull_reference(hub, repo, pull, view)
            for pull in _open_pulls_at(hub, repo, row.head_sha)
        ],
        "app": accounts.app_or_none(hub, row.app_id, view),
        "repository": repositories.repository(hub, repo, view),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "head_commit": repositories.simple_commit(head),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{url}/check-runs",
    }


def status(hub: Hub, repo: Repository, row: Status, view: View) -> Json:
    """Render GitHub's `status`."""
    creator = accounts.account_or_none(hub, row.creator_id, view)
    return {
        "url": f"{view.repo_api(hub.full_name(repo))}/statuses/{row.sha}",
        "avatar_url": None if creator is None else creator["avatar_url"],
        "id": row.id,
        "node_id": node_id("SC", row.id),
        "state": row.state,
        "description": row.description,
        "target_url": row.target_url,
        "context": row.context,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.created_at),
        "creator": creator,
    }


def _simple_status(hub: Hub, repo: Repository, row: Status, view: View) -> Json:
    """Render GitHub's `simple-commit-status`, which does not say whose it is."""
    shape = status(hub, repo, row, view)
    return {name: value for name, value in shape.items() if name != "creator"}


def newest_statuses(rows: Sequence[Status]) -> list[Status]:
    """Return the newest status of every context."""
    newest = {row.context: row for row in sorted(rows, key=lambda row: row.id)}
    return list(newest.values())


def combined_status(
    hub: Hub, repo: Repository, sha: str, rows: Sequence[Status], view: View
) -> Json:
    """Render GitHub's `combined-commit-status`; without any status it is pending."""
    newest = newest_statuses(rows)
    states = {row.state for row in newest}
    if states & {"failure", "error"}:
        state = "failure"
    elif not newest or "pending" in states:
        state = "pending"
    else:
        state = "success"
    api = view.repo_api(hub.full_name(repo))
    return {
        "state": state,
        "statuses": [_simple_status(hub, repo, row, view) for row in newest],
        "sha": sha,
        "total_count": len(newest),
        "repository": repositories.repository(hub, repo, view),
        "commit_url": f"{api}/commits/{sha}",
        "url": f"{api}/commits/{sha}/status",
    }
