"""Look whether a merge really happened: in git and on GitHub, not in the rig's own events."""

import tempfile
from pathlib import Path
from typing import Any

from rigtasks.local.demo.seed import FiledIssue
from rigtasks.workspace.git import Git, Remote

_MAIN = "refs/remotes/origin/main"
_FETCH_SECONDS = 30.0


def problems_of_merge(issue: FiledIssue, pr: int, merge_sha: str) -> tuple[str, ...]:
    """Return what contradicts the merge, in sentences; nothing means that it is verified.

    Raises:
        GitTimeout: git did not answer in time.
        SeedingFailed: GitHub refused to tell.
    """
    person = issue.person
    remote = Remote(url=f"{person.url}/{issue.repo}.git", token=person.token)
    shown = person.call("GET", f"/repos/{issue.repo}/issues/{issue.number}")
    pull = person.call("GET", f"/repos/{issue.repo}/pulls/{pr}")
    return (*_github_problems(shown, pull, merge_sha), *git_problems(remote, merge_sha))


def _github_problems(
    issue: dict[str, Any], pull: dict[str, Any], merge_sha: str
) -> tuple[str, ...]:
    problems = []
    if issue["state"] != "closed":
        problems.append(f"the issue is still {issue['state']} on GitHub")
    if not pull["merged"]:
        problems.append(f"GitHub shows PR #{pull['number']} as not merged")
    elif pull["merge_commit_sha"] != merge_sha:
        problems.append(f"GitHub merged another commit: {pull['merge_commit_sha']}")
    return tuple(problems)


def git_problems(remote: Remote, merge_sha: str) -> tuple[str, ...]:
    """Fetch main and return why the commit is not a change on it; nothing where it is.

    Raises:
        GitTimeout: git did not answer in time.
    """
    with tempfile.TemporaryDirectory(prefix="rig-demo-verify-") as folder:
        git = Git(Path(folder), timeout=_FETCH_SECONDS)
        git.read("init", "--quiet", "--bare", "--template=")
        fetched = git.run(
            "fetch", "--quiet", "--no-tags", remote.url, f"+refs/heads/main:{_MAIN}", remote=remote
        )
        if fetched.returncode != 0:
            return (f"main could not be fetched: {fetched.stderr.strip()}",)
        if git.run("merge-base", "--is-ancestor", merge_sha, _MAIN).returncode != 0:
            return (f"git does not find {merge_sha} on main",)
        if git.run("diff", "--quiet", f"{merge_sha}^", merge_sha).returncode == 0:
            return (f"{merge_sha} changes nothing",)
    return ()
