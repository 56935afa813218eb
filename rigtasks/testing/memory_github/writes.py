"""What the rig changes below a repository, each with the permission that GitHub asks for."""

from collections.abc import Mapping
from typing import Any

from rigtasks.github.identities import Account
from rigtasks.testing.memory_github import documents, issues, pulls, reviews
from rigtasks.testing.memory_github.hub import App, MemoryGitHub
from rigtasks.testing.memory_github.model import Comment, Issue, Repository
from rigtasks.testing.memory_github.reads import issue_at, pull_at
from rigtasks.testing.memory_github.refusals import Refused

Body = Mapping[str, Any]


def write(hub: MemoryGitHub, repo: Repository, app: App, method: str, path: str, body: Body) -> Any:
    """Carry out a write and return GitHub's answer.

    Raises:
        Refused: with GitHub's status.
    """
    match method, path.split("/")[1:]:
        case "POST", ["issues", number, "comments"]:
            _require(app, "issues")
            found = issue_at(repo, number)
            made = issues.comment(hub, repo, app.bot, found.number, body["body"])
            return documents.comment(repo, found.number, made)
        case "PATCH", ["issues", "comments", comment_id]:
            _require(app, "issues")
            issue, comment = _comment(repo, int(comment_id), app.bot)
            issues.edit_comment(hub, repo, app.bot, issue, comment, body["body"])
            return documents.comment(repo, issue.number, comment)
        case "POST", ["pulls"]:
            _require(app, "pull_requests")
            return _open(hub, repo, app, body)
        case "POST", ["pulls", number, "reviews"]:
            _require(app, "pull_requests")
            posted = reviews.review(
                hub,
                repo,
                app.bot,
                pull_at(repo, number),
                event=body["event"],
                body=body["body"],
                commit_id=body["commit_id"],
                comments=tuple(body["comments"]),
            )
            return documents.review(repo, int(number), posted)
        case "PUT", ["pulls", number, "merge"]:
            _require(app, "contents")
            call = pulls.MergeCall(
                sha=body["sha"],
                method=body["merge_method"],
                title=body.get("commit_title"),
                message=body.get("commit_message"),
            )
            sha = pulls.merge(hub, repo, app.bot, pull_at(repo, number), call)
            return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}
        case (("POST" | "PATCH"), ["check-runs", *known]):
            _require(app, "checks")
            return _put_check(hub, repo, app, known, body)
        case _:
            raise Refused(404, "Not Found")


def delete(hub: MemoryGitHub, repo: Repository, app: App, path: str) -> None:
    """Delete a comment, the one thing the rig deletes.

    Raises:
        Refused: with GitHub's status.
    """
    match path.split("/")[1:]:
        case ["issues", "comments", comment_id]:
            _require(app, "issues")
            issue, comment = _comment(repo, int(comment_id), app.bot)
            issues.delete_comment(hub, repo, app.bot, issue, comment)
        case _:
            raise Refused(404, "Not Found")


def resolve_thread(hub: MemoryGitHub, repo: Repository, app: App, thread_id: str) -> Any:
    """Resolve a review thread.

    Raises:
        Refused: 403 without contents: write, which GitHub asks for here; 404 for none.
    """
    _require(app, "contents")
    found = reviews.resolve(hub, repo, app.bot, thread_id)
    if found is None:
        raise Refused(404, "Could not resolve to a node")
    return {"resolveReviewThread": {"thread": {"id": found.id, "isResolved": True}}}


def _require(app: App, permission: str) -> None:
    if app.permissions.get(permission) != "write":
        raise Refused(403, "Resource not accessible by integration")


def _open(hub: MemoryGitHub, repo: Repository, app: App, body: Body) -> Any:
    made = pulls.open_pull(
        hub,
        repo,
        app.bot,
        head=body["head"],
        base=body["base"],
        title=body["title"],
        body=body["body"],
    )
    return documents.pull(repo, made)


def _comment(repo: Repository, comment_id: int, bot: Account) -> tuple[Issue, Comment]:
    for issue in repo.issues.values():
        for comment in issue.comments:
            if comment.id == comment_id:
                if comment.user.id != bot.id:
                    raise Refused(403, "Resource not accessible by integration")
                return issue, comment
    raise Refused(404, "Not Found")


def _put_check(hub: MemoryGitHub, repo: Repository, app: App, known: list[str], body: Body) -> Any:
    if known:
        run = next((one for one in repo.checks if one.id == int(known[0])), None)
        if run is None or run.app_id != app.id:
            raise Refused(404 if run is None else 403, "Not Found")
    else:
        run = reviews.put_check(hub, repo, body["head_sha"], body["name"], (app.id, app.slug))
    run.status, run.conclusion = body["status"], body.get("conclusion")
    run.external_id, run.output = body["external_id"], dict(body["output"])
    run.completed_at = hub.clock() if run.status == "completed" else None
    repo.touch_checks(run.head_sha)
    reviews.send_check(hub, repo, run, app.bot)
    return documents.check_run(repo, run)
