"""What can be read below a repository, by the first words of the address."""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from rigtasks.testing.memory_github import documents
from rigtasks.testing.memory_github.commits import blob_sha
from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.model import Issue, Pull, Repository
from rigtasks.testing.memory_github.refusals import Refused

Query = Mapping[str, str | int]
_Read = Callable[[MemoryGitHub, Repository, list[str], Query], Any]


def read(hub: MemoryGitHub, repo: Repository, path: str, query: Query) -> Any:
    """Return the document at an address below a repository.

    Raises:
        Refused: 404, or 410 for what was deleted.
    """
    words = path.split("/")[1:]
    answer = _READS.get(words[0] if words else "")
    if answer is None:
        raise Refused(404, "Not Found")
    return answer(hub, repo, words, query)


def diff(repo: Repository, path: str) -> str:
    """Return the diff of the pull request at an address."""
    found = _pull(repo, path.split("/")[2])
    changed = repo.graph.changes(documents.diff_base(repo, found), found.head_sha)
    return "".join(one.text for one in changed)


def issue_at(repo: Repository, number: str) -> Issue:
    """Return an issue.

    Raises:
        Refused: 404 for none, 410 for a deleted one.
    """
    found = repo.issues.get(int(number))
    if found is None:
        raise Refused(404, "Not Found")
    if found.deleted:
        raise Refused(410, "This issue was deleted")
    return found


def pull_at(repo: Repository, number: str) -> Pull:
    """Return a pull request.

    Raises:
        Refused: 404 for none.
    """
    return _pull(repo, number)


def _pull(repo: Repository, number: str) -> Pull:
    found = repo.pulls.get(int(number))
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _repository(_hub: MemoryGitHub, repo: Repository, _words: list[str], _query: Query) -> Any:
    return documents.repository(repo)


def _issues(_hub: MemoryGitHub, repo: Repository, words: list[str], query: Query) -> Any:
    if len(words) == 1:
        return _listed_issues(repo, query)
    found = issue_at(repo, words[1])
    match words[2:]:
        case []:
            return documents.issue(repo, found)
        case ["events"]:
            return [documents.happening(one) for one in found.history]
        case ["comments"]:
            return [documents.comment(repo, found.number, one) for one in found.comments]
        case _:
            raise Refused(404, "Not Found")


def _listed_issues(repo: Repository, query: Query) -> Any:
    wanted = [
        issue
        for issue in repo.issues.values()
        if issue.state == query["state"] and query["labels"] in issue.labels and not issue.deleted
    ]
    newest = sorted(wanted, key=lambda issue: issue.number, reverse=True)
    return [documents.issue(repo, one) for one in newest]


def _pulls(hub: MemoryGitHub, repo: Repository, words: list[str], query: Query) -> Any:
    if len(words) == 1:
        return _listed_pulls(repo, query)
    found = _pull(repo, words[1])
    match words[2:]:
        case []:
            return documents.full_pull(hub, repo, found)
        case ["files"]:
            return documents.files(repo, found)
        case ["commits"]:
            return [documents.commit(one) for one in documents.commits(repo, found)]
        case ["reviews"]:
            return [documents.review(repo, found.issue.number, one) for one in found.reviews]
        case _:
            raise Refused(404, "Not Found")


def _listed_pulls(repo: Repository, query: Query) -> Any:
    wanted = [pull for pull in repo.pulls.values() if pull.issue.state == query["state"]]
    head = str(query.get("head", "")).partition(":")[2]
    if head:
        wanted = [pull for pull in wanted if pull.head_ref == head]
    newest = sorted(wanted, key=lambda pull: (pull.issue.updated_at, pull.issue.id), reverse=True)
    return [documents.pull(repo, one) for one in newest]


def _commits(_hub: MemoryGitHub, repo: Repository, words: list[str], query: Query) -> Any:
    if len(words) == 1:
        tip = repo.branches[str(query["sha"])]
        listed = repo.graph.newest(tip, int(query["per_page"]))
        return [documents.commit(one) for one in listed]
    sha = words[1]
    match words[2]:
        case "check-suites":
            suites = [one for one in repo.suites if one.head_sha == sha]
            return {"check_suites": [documents.check_suite(repo, one) for one in suites]}
        case "check-runs":
            name = query.get("check_name")
            runs = [one for one in repo.checks if one.head_sha == sha and name in (None, one.name)]
            if query.get("filter", "latest") == "latest":
                runs = list({(one.app_id, one.name): one for one in runs}.values())
            return {"check_runs": [documents.check_run(repo, one) for one in runs]}
        case "statuses":
            found = [one for one in repo.statuses if one.sha == sha]
            return [documents.status(one) for one in reversed(found)]
        case _:
            raise Refused(404, "Not Found")


def _git(_hub: MemoryGitHub, repo: Repository, words: list[str], _query: Query) -> Any:
    match words[1:]:
        case ["ref", "heads", *branch]:
            sha = repo.branches.get(unquote("/".join(branch)))
            if sha is None:
                raise Refused(404, "Not Found")
            return {"object": {"sha": sha}}
        case ["trees", ref]:
            commit = repo.graph[repo.branches.get(unquote(ref), ref)]
            entries = [_entry(path, text) for path, text in sorted(commit.files.items())]
            return {"sha": commit.sha, "tree": entries, "truncated": False}
        case _:
            raise Refused(404, "Not Found")


def _entry(path: str, text: str) -> dict[str, Any]:
    sha = blob_sha(text)
    return {"path": path, "mode": "100644", "type": "blob", "sha": sha, "size": len(text)}


def _contents(_hub: MemoryGitHub, repo: Repository, words: list[str], query: Query) -> Any:
    path = unquote("/".join(words[1:]))
    files = repo.graph[str(query["ref"])].files
    text = files.get(path)
    if text is not None:
        content = base64.b64encode(text.encode()).decode()
        return {
            "type": "file",
            "path": path,
            "sha": blob_sha(text),
            "size": len(text),
            "encoding": "base64",
            "content": content,
        }
    inside = [{"path": each} for each in files if each.startswith(f"{path}/")]
    if not inside:
        raise Refused(404, "Not Found")
    return inside


def _collaborators(hub: MemoryGitHub, repo: Repository, words: list[str], _query: Query) -> Any:
    known = hub.account_named(unquote(words[1]))
    if known is None:
        raise Refused(404, "Not Found")
    role = repo.roles.get(known.id, "none")
    permission = {"maintain": "write", "triage": "read"}.get(role, role)
    return {"permission": permission, "user": documents.account(known)}


def _branches(_hub: MemoryGitHub, repo: Repository, words: list[str], _query: Query) -> Any:
    branch = unquote(words[1])
    if branch not in repo.branches:
        raise Refused(404, "Branch not found")
    rules = repo.protections.get(branch)
    if rules is None:
        return {"protected": False}
    checks = [{"context": name, "app_id": app} for name, app in rules.checks]
    contexts = [name for name, _ in rules.checks]
    required = {"contexts": contexts, "checks": checks} if checks else None
    return {"protected": True, "protection": {"required_status_checks": required}}


def _rules(_hub: MemoryGitHub, repo: Repository, words: list[str], _query: Query) -> Any:
    rules = repo.protections.get(unquote(words[2]))
    return [{"type": "merge_queue"}] if rules is not None and rules.merge_queue else []


def _compare(_hub: MemoryGitHub, repo: Repository, words: list[str], _query: Query) -> Any:
    base, _, head = unquote(words[1]).partition("...")
    old, new = repo.branches.get(base, base), repo.branches.get(head, head)
    if old not in repo.graph or new not in repo.graph:
        raise Refused(404, "Not Found")
    if old == new:
        return {"status": "identical"}
    if repo.graph.is_ancestor(new, old):
        return {"status": "behind"}
    return {"status": "ahead" if repo.graph.is_ancestor(old, new) else "diverged"}


_READS: dict[str, _Read] = {
    "": _repository,
    "issues": _issues,
    "pulls": _pulls,
    "commits": _commits,
    "git": _git,
    "contents": _contents,
    "collaborators": _collaborators,
    "branches": _branches,
    "rules": _rules,
    "compare": _compare,
}
