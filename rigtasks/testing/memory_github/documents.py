"""How the model is shown: documents in the shape of GitHub's REST, with times as values."""

from typing import Any

from rigtasks.github.identities import Account
from rigtasks.testing.memory_github.commits import Commit
from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.model import (
    CheckRun,
    CheckSuite,
    Comment,
    Happening,
    Issue,
    Pull,
    Repository,
    Review,
    Status,
)
from rigtasks.testing.memory_github.pulls import mergeability

Json = dict[str, Any]

_WEB = "https://memory.test"
_SUCCESSFUL = frozenset({"success", "neutral", "skipped"})


def account(shown: Account | None) -> Json | None:
    """Show an account; a deleted one is null."""
    return None if shown is None else {"id": shown.id, "login": shown.login, "type": shown.type}


def repository(repo: Repository) -> Json:
    """Show a repository."""
    return {
        "id": repo.id,
        "full_name": repo.full_name,
        "default_branch": repo.default_branch,
        "html_url": f"{_WEB}/{repo.full_name}",
        "private": repo.private,
        "archived": repo.archived,
    }


def issue(repo: Repository, found: Issue) -> Json:
    """Show an issue, or a pull request as one."""
    shown: Json = {
        "id": found.id,
        "number": found.number,
        "title": found.title,
        "body": found.body,
        "state": found.state,
        "html_url": f"{_WEB}/{repo.full_name}/issues/{found.number}",
        "user": account(found.user),
        "labels": [{"name": name} for name in found.labels],
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "closed_at": found.closed_at,
    }
    pull = repo.pulls.get(found.number)
    if pull is not None:
        shown["pull_request"] = {"merged_at": pull.merged_at}
    return shown


def happening(found: Happening) -> Json:
    """Show one event of an issue."""
    return {
        "id": found.id,
        "event": found.event,
        "actor": account(found.actor),
        "created_at": found.created_at,
        "label": None if found.label is None else {"name": found.label},
        "rename": None if found.rename is None else {"to": found.rename},
    }


def comment(repo: Repository, number: int, found: Comment) -> Json:
    """Show a comment."""
    return {
        "id": found.id,
        "body": found.body,
        "user": account(found.user),
        "html_url": f"{_WEB}/{repo.full_name}/issues/{number}#issuecomment-{found.id}",
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def pull(repo: Repository, found: Pull) -> Json:
    """Show a pull request as lists do."""
    half = found.issue
    here = {"id": repo.id, "full_name": repo.full_name}
    return {
        "id": half.id,
        "number": half.number,
        "node_id": f"PR_{half.id}",
        "html_url": f"{_WEB}/{repo.full_name}/pull/{half.number}",
        "state": half.state,
        "title": half.title,
        "body": half.body,
        "draft": found.draft,
        "user": account(half.user),
        "head": {"ref": found.head_ref, "sha": found.head_sha, "repo": here},
        "base": {"ref": found.base_ref, "sha": found.base_sha, "repo": here},
        "labels": [{"name": name} for name in half.labels],
        "merged_at": found.merged_at,
        "merge_commit_sha": found.merge_commit_sha,
        "updated_at": half.updated_at,
    }


def full_pull(hub: MemoryGitHub, repo: Repository, found: Pull) -> Json:
    """Show one pull request, which makes GitHub find out whether it can be merged."""
    mergeable, mergeable_state = mergeability(hub, repo, found)
    changed = repo.graph.changes(diff_base(repo, found), found.head_sha)
    return {
        **pull(repo, found),
        "merged": found.merged_at is not None,
        "merged_by": account(found.merged_by),
        "mergeable": mergeable,
        "mergeable_state": mergeable_state,
        "commits": len(commits(repo, found)),
        "additions": sum(one.additions for one in changed),
        "deletions": sum(one.deletions for one in changed),
        "changed_files": len(changed),
    }


def diff_base(repo: Repository, found: Pull) -> str:
    """Return the commit a pull request is compared with."""
    return repo.graph.merge_base(found.base_sha, found.head_sha) or found.base_sha


def commits(repo: Repository, found: Pull) -> tuple[Commit, ...]:
    """Return the commits of a pull request, oldest first."""
    return repo.graph.between(found.base_sha, found.head_sha)


def files(repo: Repository, found: Pull) -> list[Json]:
    """Show the changed files of a pull request."""
    after = repo.graph[found.head_sha].files
    return [
        {
            "filename": one.path,
            "status": one.status,
            "additions": one.additions,
            "deletions": one.deletions,
            "changes": one.additions + one.deletions,
            "patch": one.patch if one.path in after else None,
        }
        for one in repo.graph.changes(diff_base(repo, found), found.head_sha)
    ]


def commit(found: Commit) -> Json:
    """Show a commit of a pull request or branch."""

    def signature(person: Account | None) -> Json:
        name = person.login if person else "somebody"
        return {"name": name, "email": f"{name}@users.noreply.memory.test", "date": found.date}

    return {
        "sha": found.sha,
        "commit": {
            "message": found.message,
            "author": signature(found.author),
            "committer": signature(found.committer),
        },
        "author": account(found.author),
        "committer": account(found.committer),
    }


def review(repo: Repository, number: int, found: Review) -> Json:
    """Show a review."""
    return {
        "id": found.id,
        "user": account(found.user),
        "state": found.state,
        "body": found.body,
        "commit_id": found.commit_id,
        "html_url": f"{_WEB}/{repo.full_name}/pull/{number}#pullrequestreview-{found.id}",
        "submitted_at": found.submitted_at,
    }


def check_run(repo: Repository, found: CheckRun) -> Json:
    """Show a check run."""
    return {
        "id": found.id,
        "name": found.name,
        "head_sha": found.head_sha,
        "status": found.status,
        "conclusion": found.conclusion,
        "app": {"id": found.app_id, "slug": found.app_slug},
        "external_id": found.external_id,
        "html_url": f"{_WEB}/{repo.full_name}/runs/{found.id}",
        "started_at": found.started_at,
        "completed_at": found.completed_at,
        "output": dict(found.output),
    }


def check_suite(repo: Repository, found: CheckSuite) -> Json:
    """Show a suite as the newest runs of each name in it make it."""
    newest = {
        run.name: run
        for run in repo.checks
        if (run.head_sha, run.app_id) == (found.head_sha, found.app_id)
    }
    ended = [run.conclusion for run in newest.values() if run.status == "completed"]
    complete = bool(newest) and len(ended) == len(newest)
    bad = [one for one in ended if one not in _SUCCESSFUL]
    status = "completed" if complete else "in_progress" if newest else "queued"
    conclusion = (bad[0] if bad else "success") if complete else None
    return {
        "id": found.id,
        "head_sha": found.head_sha,
        "status": status,
        "conclusion": conclusion,
        "app": {"id": found.app_id, "slug": found.app_slug},
        "latest_check_runs_count": len(newest),
        "created_at": found.created_at,
    }


def status(found: Status) -> Json:
    """Show a commit status."""
    return {
        "id": found.id,
        "context": found.context,
        "state": found.state,
        "description": found.description,
        "target_url": None,
        "created_at": found.created_at,
    }
