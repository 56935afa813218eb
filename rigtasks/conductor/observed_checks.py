"""Check runs and statuses of a commit, as the gate's rules look at them."""

from rigtasks.gate.facts import CheckKind, ObservedCheck
from rigtasks.github.api import Api
from rigtasks.github.checks import CheckRun, CommitStatus, read_check_runs, read_statuses


def observed_checks(api: Api, sha: str) -> tuple[ObservedCheck, ...]:
    """Read the newest check of each name and App at a commit."""
    return (
        *(observed_run(one) for one in read_check_runs(api, sha)),
        *(observed_status(one, sha) for one in read_statuses(api, sha)),
    )


def observed_run(run: CheckRun) -> ObservedCheck:
    """Return a check run as the rules see it."""
    return ObservedCheck(
        id=run.id,
        name=run.name,
        kind=CheckKind.CHECK_RUN,
        app_id=run.app.id if run.app else None,
        app_slug=(run.app.slug if run.app else None) or "",
        head_sha=run.head_sha,
        status=run.status,
        conclusion=run.conclusion,
        url=run.html_url,
    )


def observed_status(status: CommitStatus, sha: str) -> ObservedCheck:
    """Return a commit status as the rules see it."""
    running = status.state == "pending"
    return ObservedCheck(
        id=status.id,
        name=status.context,
        kind=CheckKind.STATUS,
        app_id=None,
        app_slug="",
        head_sha=sha,
        status="in_progress" if running else "completed",
        conclusion=None if running else status.state,
        url=status.target_url,
    )
