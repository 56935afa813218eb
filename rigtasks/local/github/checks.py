"""What happens to checks: suites, runs and statuses of a commit."""

from typing import Any

import msgspec

from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.model import (
    Account,
    App,
    CheckRun,
    CheckSuite,
    Repository,
    Status,
)
from rigtasks.local.github.shapes import checks as shapes
from rigtasks.local.github.shapes import repositories

CONCLUSIONS = frozenset(
    {
        "action_required",
        "cancelled",
        "failure",
        "neutral",
        "skipped",
        "stale",
        "success",
        "timed_out",
    }
)
STATUSES = frozenset({"queued", "in_progress", "completed", "waiting", "requested", "pending"})
_STATUS_STATES = {"error", "failure", "pending", "success"}


def suite(hub: Hub, repo: Repository, app: App, sha: str) -> CheckSuite:
    """Return the App's suite at a commit, making it the first time."""
    state = hub.state
    with state.change():
        for known in state.check_suites.of(repo.id, sha):
            if known.app_id == app.id:
                return known
        branch = next(
            (
                ref.removeprefix("refs/heads/")
                for ref, head in hub.git(repo).refs().items()
                if head == sha
            ),
            None,
        )
        now = state.now()
        return state.check_suites.put(
            CheckSuite(
                id=state.new_id(),
                repository_id=repo.id,
                app_id=app.id,
                head_sha=sha,
                head_branch=branch,
                created_at=now,
                updated_at=now,
            )
        )


def create_run(
    hub: Hub, repo: Repository, app: App, *, name: str, sha: str, fields: dict[str, Any]
) -> CheckRun:
    """Create a check run; `fields` are those of `CheckRun` that the caller gave."""
    state = hub.state
    with state.change():
        own_suite = suite(hub, repo, app, sha)
        run = state.check_runs.put(
            CheckRun(
                id=state.new_id(),
                repository_id=repo.id,
                suite_id=own_suite.id,
                app_id=app.id,
                name=name,
                head_sha=sha,
                **_timed(hub, {"started_at": state.now(), **fields}),
            )
        )
        _announce(hub, repo, run, "created")
        if run.status == "completed":
            _announce(hub, repo, run, "completed")
            _announce_suite(hub, repo, own_suite)
        return run


def update_run(hub: Hub, repo: Repository, run: CheckRun, fields: dict[str, Any]) -> CheckRun:
    """Change a check run."""
    state = hub.state
    with state.change():
        was_completed = run.status == "completed"
        run = state.check_runs.put(msgspec.structs.replace(run, **_timed(hub, fields)))
        if run.status == "completed" and not was_completed:
            _announce(hub, repo, run, "completed")
            _announce_suite(hub, repo, state.check_suites.get(run.suite_id))
        return run


def _timed(hub: Hub, fields: dict[str, Any]) -> dict[str, Any]:
    fields = dict(fields)
    if fields.get("conclusion") is not None:
        fields["status"] = "completed"
        fields.setdefault("completed_at", hub.state.now())
    elif fields.get("status") in {"queued", "in_progress"}:
        fields["conclusion"] = None
        fields["completed_at"] = None
    if fields.get("status") == "completed" and fields.get("conclusion") is None:
        raise HttpError(422, "Invalid request.\n\nA completed check run needs a conclusion.")
    return fields


def _sender(hub: Hub, app_id: int) -> Account:
    return hub.state.accounts.get(hub.state.apps.get(app_id).bot_id)


def _announce(hub: Hub, repo: Repository, run: CheckRun, action: str) -> None:
    row = hub.state.check_suites.get(run.suite_id)
    shape = shapes.check_run(hub, repo, run, hub.view)
    shape["check_suite"] = shapes.check_suite(hub, repo, row, hub.view)
    shape["check_suite"].pop("repository")
    happening = Happening(event="check_run", action=action, repository_id=repo.id, sha=run.head_sha)
    sender = _sender(hub, run.app_id)
    hub.announce("check_run", action, repo, sender, {"check_run": shape}, happening)


def _announce_suite(hub: Hub, repo: Repository, row: CheckSuite) -> None:
    shape = shapes.check_suite(hub, repo, row, hub.view)
    if shape["status"] != "completed":
        return
    hub.state.check_suites.put(msgspec.structs.replace(row, updated_at=hub.state.now()))
    shape.pop("repository")
    happening = Happening(
        event="check_suite", action="completed", repository_id=repo.id, sha=row.head_sha
    )
    sender = _sender(hub, row.app_id)
    hub.announce("check_suite", "completed", repo, sender, {"check_suite": shape}, happening)


def create_status(
    hub: Hub,
    repo: Repository,
    creator: Account,
    *,
    sha: str,
    state: str,
    context: str,
    description: str | None,
    target_url: str | None,
) -> Status:
    """Set a commit status.

    Raises:
        HttpError: 422 for an unknown state.
    """
    if state not in _STATUS_STATES:
        raise HttpError(
            422,
            "Validation Failed",
            errors=[{"resource": "Status", "code": "invalid", "field": "state"}],
        )
    with hub.state.change():
        row = hub.state.statuses.put(
            Status(
                id=hub.state.new_id(),
                repository_id=repo.id,
                sha=sha,
                state=state,
                context=context,
                creator_id=creator.id,
                created_at=hub.state.now(),
                description=description,
                target_url=target_url,
            )
        )
        commit = hub.git(repo).commit(sha)
        shown = shapes.status(hub, repo, row, hub.view)
        for field in ("url", "node_id", "creator"):
            del shown[field]
        fields = {
            **shown,
            "sha": sha,
            "name": hub.full_name(repo),
            "commit": repositories.commit(hub, repo, commit, hub.view),
            "branches": [],
        }
        happening = Happening(event="status", action=None, repository_id=repo.id, sha=sha)
        hub.announce("status", None, repo, creator, fields, happening)
        return row
