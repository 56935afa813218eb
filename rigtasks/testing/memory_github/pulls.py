"""What becomes of branches and pull requests: pushes, openings, mergeability and merges."""

import re
from dataclasses import dataclass

from rigtasks.github.identities import Account
from rigtasks.testing.memory_github import issues
from rigtasks.testing.memory_github.commits import Files, new_commit
from rigtasks.testing.memory_github.hub import CI_APP, MemoryGitHub
from rigtasks.testing.memory_github.model import CheckSuite, Protection, Pull, Repository
from rigtasks.testing.memory_github.refusals import Refused

_CLOSES = re.compile(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b")
_SUCCESSFUL = frozenset({"success", "neutral", "skipped"})
_NOWHERE = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeCall:
    """What the merge call was asked to do."""

    sha: str | None = None
    method: str = "merge"
    title: str | None = None
    message: str | None = None


def move_branch(
    hub: MemoryGitHub, repo: Repository, actor: Account, branch: str, sha: str | None
) -> None:
    """Move, make or delete a branch; its open pull request follows."""
    before = repo.branches.get(branch)
    if sha is None:
        repo.branches.pop(branch, None)
    else:
        repo.branches[branch] = sha
    repo.touch()
    parts = {
        "ref": f"refs/heads/{branch}",
        "before": before or _NOWHERE,
        "after": sha or _NOWHERE,
        "deleted": sha is None,
    }
    hub.send(repo, "push", None, actor, dict(parts))
    for pull in list(repo.pulls.values()):
        if pull.is_open and pull.head_ref == branch:
            if sha is None:
                issues.set_state(hub, repo, actor, pull.issue.number, "closed")
                continue
            pull.head_sha = sha
            pull.issue.updated_at = hub.clock()
            _expect_checks(hub, repo, sha)
            issues.send_issue(hub, repo, pull.issue, "synchronize", actor)
        elif pull.is_open and pull.base_ref == branch and sha is not None:
            pull.base_sha = sha


def push(
    hub: MemoryGitHub, repo: Repository, actor: Account, branch: str, files: Files, message: str
) -> str:
    """Commit files onto a branch as a person does, from `main` where it is new."""
    tip = repo.branches.get(branch) or repo.branches[repo.default_branch]
    commit = new_commit(
        repo.graph,
        parents=(tip,),
        files={**repo.graph[tip].files, **files},
        message=message,
        author=actor,
        date=hub.clock(),
    )
    move_branch(hub, repo, actor, branch, commit.sha)
    return commit.sha


def open_pull(
    hub: MemoryGitHub,
    repo: Repository,
    actor: Account,
    *,
    head: str,
    base: str,
    title: str,
    body: str,
) -> Pull:
    """Open a pull request.

    Raises:
        Refused: 422, as there is one already, no such branch, or nothing between.
    """
    tip, target = repo.branches.get(head), repo.branches.get(base)
    if tip is None or target is None:
        field = "head" if tip is None else "base"
        raise Refused(422, "Validation Failed", errors=(f"PullRequest {field} invalid",))
    if any(one.is_open and (one.head_ref, one.base_ref) == (head, base)
           for one in repo.pulls.values()):  # fmt: skip
        owner = repo.full_name.partition("/")[0]
        words = f"A pull request already exists for {owner}:{head}."
        raise Refused(422, "Validation Failed", errors=(words,))
    if not repo.graph.between(target, tip):
        words = f"No commits between {base} and {head}"
        raise Refused(422, "Validation Failed", errors=(words,))
    half = issues.new_issue(hub, repo, actor, title, body)
    pull = Pull(issue=half, head_ref=head, head_sha=tip, base_ref=base, base_sha=target)
    repo.pulls[half.number] = pull
    repo.touch()
    _expect_checks(hub, repo, tip)
    issues.send_issue(hub, repo, half, "opened", actor)
    return pull


def mergeability(hub: MemoryGitHub, repo: Repository, pull: Pull) -> tuple[bool | None, str]:
    """Return `mergeable` and `mergeable_state`; asking makes GitHub find out."""
    now = (pull.head_sha, repo.branches[pull.base_ref])
    if not pull.is_open:
        return None, "unknown"
    if hub.lazy_mergeability and pull.judged != now:
        pull.judged = now
        repo.touch()
        return None, "unknown"
    pull.judged = now
    if repo.graph.merged(now[1], now[0]) is None:
        return False, "dirty"
    return True, _mergeable_state(repo, pull)


def _mergeable_state(repo: Repository, pull: Pull) -> str:
    if pull.draft:
        return "draft"
    rules = repo.protections.get(pull.base_ref, Protection())
    if rules.strict and not repo.graph.is_ancestor(repo.branches[pull.base_ref], pull.head_sha):
        return "behind"
    if blockers(repo, pull):
        return "blocked"
    return "clean" if _all_successful(repo, pull.head_sha) else "unstable"


def blockers(repo: Repository, pull: Pull) -> list[str]:
    """Return every rule of the base that the pull request does not meet, in GitHub's words."""
    rules = repo.protections.get(pull.base_ref)
    if rules is None:
        return []
    found = []
    if rules.merge_queue:
        found.append("Changes must be made through the merge queue")
    missing = [name for name, app in rules.checks if not _satisfied(repo, pull, name, app)]
    if len(missing) == 1:
        found.append(f'Required status check "{missing[0]}" is expected.')
    elif missing:
        found.append(f"{len(missing)} of {len(rules.checks)} required status checks are expected.")
    if rules.strict and not repo.graph.is_ancestor(repo.branches[pull.base_ref], pull.head_sha):
        found.append("Head branch is out of date with the base branch.")
    return found


def merge(hub: MemoryGitHub, repo: Repository, actor: Account, pull: Pull, call: MergeCall) -> str:
    """Merge a pull request and return the commit that is now the base's tip.

    Raises:
        Refused: 409 when the head is not the given one, 405 when it may not be merged now.
    """
    if not pull.is_open:
        raise Refused(405, "Pull Request is not mergeable")
    if call.sha is not None and call.sha != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    if pull.draft:
        raise Refused(405, "Pull Request is still a draft")
    if call.method not in repo.merge_methods:
        raise Refused(405, f"{call.method.title()} merges are not allowed on this repository.")
    rules = blockers(repo, pull)
    if rules:
        raise Refused(405, "\n".join(rules))
    tip = repo.branches[pull.base_ref]
    files = repo.graph.merged(tip, pull.head_sha)
    if files is None:
        raise Refused(405, "Pull Request is not mergeable")
    squash = call.method == "squash"
    title = call.title or f"{pull.issue.title} (#{pull.issue.number})"
    commit = new_commit(
        repo.graph,
        parents=(tip,) if squash else (tip, pull.head_sha),
        files=files,
        message=f"{title}\n\n{call.message or ''}".strip(),
        author=pull.issue.user if squash else actor,
        committer=None,
        date=hub.clock(),
    )
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = hub.clock(), actor, commit.sha
    issues.set_state(hub, repo, actor, pull.issue.number, "closed")
    move_branch(hub, repo, actor, pull.base_ref, commit.sha)
    pull.base_sha = tip
    for number in _closed_by(pull):
        if number in repo.issues and number not in repo.pulls:
            issues.set_state(hub, repo, actor, number, "closed")
    return commit.sha


def _closed_by(pull: Pull) -> list[int]:
    return [int(number) for number in _CLOSES.findall(pull.issue.body)]


def _expect_checks(hub: MemoryGitHub, repo: Repository, sha: str) -> None:
    """Begin the suite of GitHub's CI at a head, where the repository has workflows."""
    known = any(one.head_sha == sha and one.app_id == CI_APP[0] for one in repo.suites)
    workflows = any(path.startswith(".github/workflows/") for path in repo.graph[sha].files)
    if workflows and not known:
        suite = CheckSuite(
            id=hub.next_id(),
            head_sha=sha,
            app_id=CI_APP[0],
            app_slug=CI_APP[1],
            created_at=hub.clock(),
        )
        repo.suites.append(suite)
        repo.touch()


def _all_successful(repo: Repository, sha: str) -> bool:
    runs = {(run.app_id, run.name): run for run in repo.checks if run.head_sha == sha}
    statuses = {one.context: one for one in repo.statuses if one.sha == sha}
    return all(run.conclusion in _SUCCESSFUL for run in runs.values()) and all(
        one.state == "success" for one in statuses.values()
    )


def _satisfied(repo: Repository, pull: Pull, name: str, app: int | None) -> bool:
    sha = pull.head_sha
    runs = {
        run.app_id: run
        for run in repo.checks
        if (run.head_sha, run.name) == (sha, name) and app in {None, run.app_id}
    }
    statuses = [one for one in repo.statuses if (one.sha, one.context) == (sha, name)]
    if app is not None:
        statuses = []
    if not runs and not statuses:
        return False
    newest = not statuses or statuses[-1].state == "success"
    return newest and all(run.conclusion in _SUCCESSFUL for run in runs.values())
