"""Reviews, their threads, and what checks and statuses say at a commit."""

from collections.abc import Mapping
from typing import Any

from rigtasks.github.identities import Account
from rigtasks.testing.memory_github.commits import shown_lines
from rigtasks.testing.memory_github.hub import CI_APP, MemoryGitHub
from rigtasks.testing.memory_github.model import (
    CheckRun,
    CheckSuite,
    Pull,
    Repository,
    Review,
    Status,
    Thread,
)
from rigtasks.testing.memory_github.refusals import Refused

_STATES = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


def review(
    hub: MemoryGitHub,
    repo: Repository,
    actor: Account,
    pull: Pull,
    *,
    event: str,
    body: str = "",
    commit_id: str | None = None,
    comments: tuple[Mapping[str, Any], ...] = (),
) -> Review:
    """Review a pull request.

    Raises:
        Refused: 422, as nobody decides on their own pull request, or a line is not in the diff.
    """
    if event != "COMMENT" and actor.id == pull.issue.user.id:
        words = f"Can not {event.lower().replace('_', ' ')} your own pull request"
        raise Refused(422, "Unprocessable Entity", errors=(words,))
    sha = commit_id or pull.head_sha
    base = repo.graph.merge_base(repo.branches[pull.base_ref], sha) if sha in repo.graph else None
    if base is None:
        raise Refused(422, "Unprocessable Entity", errors=("commit_id is not part of it",))
    changed = {one.path: one for one in repo.graph.changes(base, sha)}
    for each in comments:
        shown = changed.get(each["path"])
        if shown is None or each["line"] not in shown_lines(shown):
            raise Refused(422, "Unprocessable Entity", errors=("Line could not be resolved",))
    made = Review(
        id=hub.next_id(),
        user=actor,
        state=_STATES[event],
        body=body,
        commit_id=sha,
        submitted_at=hub.clock(),
    )
    pull.reviews.append(made)
    for each in comments:
        number = hub.next_id()
        pull.threads.append(
            Thread(
                id=f"PRRT_{number}",
                path=each["path"],
                line=each["line"],
                commit_id=sha,
                comment_id=number,
                body=each["body"],
                opened_by=actor,
            )
        )
    repo.touch()
    _send_review(hub, repo, pull, made, "submitted", actor)
    return made


def dismiss(
    hub: MemoryGitHub, repo: Repository, actor: Account, pull: Pull, review_id: int
) -> None:
    """Dismiss a review; it counts for nothing afterwards."""
    found = next(one for one in pull.reviews if one.id == review_id)
    found.state = "DISMISSED"
    repo.touch()
    _send_review(hub, repo, pull, found, "dismissed", actor)


def resolve(hub: MemoryGitHub, repo: Repository, actor: Account, thread_id: str) -> Thread | None:
    """Resolve a thread; None where there is none."""
    for pull in repo.pulls.values():
        for thread in pull.threads:
            if thread.id == thread_id:
                if thread.resolved_by is None:
                    thread.resolved_by = actor
                    repo.touch()
                    parts = {**_pull_parts(pull), "thread": {"node_id": thread.id}}
                    hub.send(repo, "pull_request_review_thread", "resolved", actor, parts,
                             pull.issue.number)  # fmt: skip
                return thread
    return None


def set_status(
    hub: MemoryGitHub, repo: Repository, actor: Account, sha: str, context: str, state: str
) -> Status:
    """Set a commit status, as anybody with write permission can."""
    made = Status(id=hub.next_id(), sha=sha, context=context, state=state, created_at=hub.clock())
    repo.statuses.append(made)
    repo.touch_checks(sha)
    hub.send(repo, "status", None, actor, {"id": made.id, "sha": sha, "state": state})
    return made


def run_ci(
    hub: MemoryGitHub, repo: Repository, sha: str, name: str, conclusion: str | None
) -> CheckRun:
    """Let GitHub's CI begin a check at a commit, or end the one it has begun."""
    bot = hub.person("github-actions[bot]")
    known = next(
        (
            run
            for run in repo.checks
            if (run.head_sha, run.name, run.app_id) == (sha, name, CI_APP[0])
            and run.conclusion is None
        ),
        None,
    )
    run = known or put_check(hub, repo, sha, name, CI_APP)
    if conclusion is not None:
        run.status, run.conclusion, run.completed_at = "completed", conclusion, hub.clock()
        run.output = {"title": name, "summary": f"{name}: {conclusion}", "text": ""}
    repo.touch_checks(sha)
    send_check(hub, repo, run, bot)
    if conclusion is not None:
        suite = suite_of(hub, repo, sha, CI_APP)
        parts = {
            "check_suite": {
                "id": suite.id,
                "head_sha": sha,
                "status": "completed",
                "conclusion": conclusion,
                "updated_at": hub.clock(),
                "pull_requests": linked(repo, sha),
            }
        }
        hub.send(repo, "check_suite", "completed", bot, dict(parts))
    return run


def put_check(
    hub: MemoryGitHub, repo: Repository, sha: str, name: str, app: tuple[int, str]
) -> CheckRun:
    """Make a check run of an App, and its suite where that is new."""
    suite_of(hub, repo, sha, app)
    made = CheckRun(
        id=hub.next_id(),
        name=name,
        head_sha=sha,
        app_id=app[0],
        app_slug=app[1],
        status="in_progress",
        conclusion=None,
        started_at=hub.clock(),
    )
    repo.checks.append(made)
    repo.touch_checks(sha)
    return made


def suite_of(hub: MemoryGitHub, repo: Repository, sha: str, app: tuple[int, str]) -> CheckSuite:
    """Return the suite of an App at a commit, made where it is new."""
    for suite in repo.suites:
        if (suite.head_sha, suite.app_id) == (sha, app[0]):
            return suite
    made = CheckSuite(
        id=hub.next_id(), head_sha=sha, app_id=app[0], app_slug=app[1], created_at=hub.clock()
    )
    repo.suites.append(made)
    return made


def send_check(hub: MemoryGitHub, repo: Repository, run: CheckRun, sender: Account) -> None:
    """Send the webhook of a check run."""
    parts = {
        "check_run": {
            "id": run.id,
            "head_sha": run.head_sha,
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "pull_requests": linked(repo, run.head_sha),
        }
    }
    action = "completed" if run.status == "completed" else "created"
    hub.send(repo, "check_run", action, sender, dict(parts))


def linked(repo: Repository, sha: str) -> list[dict[str, object]]:
    """Return the open pull requests whose head is a commit, as checks name them."""
    return [
        {"number": pull.issue.number, "base": {"repo": {"id": repo.id}}}
        for pull in repo.pulls.values()
        if pull.is_open and pull.head_sha == sha
    ]


def _send_review(
    hub: MemoryGitHub, repo: Repository, pull: Pull, made: Review, action: str, actor: Account
) -> None:
    parts = {
        **_pull_parts(pull),
        "review": {
            "id": made.id,
            "state": made.state.lower(),
            "commit_id": made.commit_id,
            "submitted_at": made.submitted_at,
        },
    }
    hub.send(repo, "pull_request_review", action, actor, parts, pull.issue.number)


def _pull_parts(pull: Pull) -> dict[str, object]:
    return {
        "pull_request": {
            "number": pull.issue.number,
            "state": pull.issue.state,
            "updated_at": pull.issue.updated_at,
            "head": {"sha": pull.head_sha, "ref": pull.head_ref},
            "base": {"sha": pull.base_sha, "ref": pull.base_ref},
        }
    }
