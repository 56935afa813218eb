"""Required checks: which of them a commit has not met, in GitHub's words."""

from collections import Counter

from rigtasks.local.github.governance import RequiredCheck
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import CheckRun, Repository
from rigtasks.local.github.rules.requirements import Requirements
from rigtasks.local.github.shapes.checks import newest_statuses

SUCCESSFUL = frozenset({"success", "neutral", "skipped"})
_EXPECTED, _FAILING, _RUNNING = "expected", "failing", "in progress"


def newest_runs(hub: Hub, repo: Repository, sha: str) -> list[CheckRun]:
    """Return the newest check run of every name and App at a commit."""
    newest = {(run.app_id, run.name): run for run in hub.state.check_runs.of(repo.id, sha)}
    return list(newest.values())


def unsuccessful_checks(hub: Hub, repo: Repository, sha: str) -> list[str]:
    """Return the names of checks and statuses at a commit that have not succeeded."""
    runs = [run.name for run in newest_runs(hub, repo, sha) if run.conclusion not in SUCCESSFUL]
    statuses = newest_statuses(hub.state.statuses.of(repo.id, sha))
    return runs + [row.context for row in statuses if row.state != "success"]


def missing_checks(hub: Hub, repo: Repository, sha: str, asked: Requirements) -> list[str]:
    """Return the sentence about required checks that a commit does not meet, if any."""
    unmet = [
        (check.context, word)
        for check in asked.checks
        if (word := _unmet(hub, repo, sha, check)) is not None
    ]
    if not unmet:
        return []
    if len(unmet) == 1:
        name, word = unmet[0]
        return [f'Required status check "{name}" is {word}.']
    words = Counter(word for _, word in unmet)
    share = f"{len(unmet)} of {len(asked.checks)} required status checks"
    if len(words) == 1:
        return [f"{share} are {unmet[0][1]}."]
    return [f"{share} have not succeeded: {_listed(words)}."]


def any_failed(hub: Hub, repo: Repository, sha: str, asked: Requirements) -> bool:
    """Tell whether a required check of a commit has ended without success."""
    return any(_unmet(hub, repo, sha, check) == _FAILING for check in asked.checks)


def _listed(words: Counter[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(words.items()))


def _unmet(hub: Hub, repo: Repository, sha: str, check: RequiredCheck) -> str | None:
    runs = [
        run
        for run in newest_runs(hub, repo, sha)
        if run.name == check.context and check.app_id in {None, -1, run.app_id}
    ]
    statuses = [
        row
        for row in newest_statuses(hub.state.statuses.of(repo.id, sha))
        if row.context == check.context and check.app_id in {None, -1}
    ]
    if not runs and not statuses:
        return _EXPECTED
    if any(run.status != "completed" for run in runs) or any(
        row.state == "pending" for row in statuses
    ):
        return _RUNNING
    failed = any(run.conclusion not in SUCCESSFUL for run in runs) or any(
        row.state != "success" for row in statuses
    )
    return _FAILING if failed else None
