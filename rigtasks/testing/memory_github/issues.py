"""What people and Apps do with issues. Each change is one function, and sends its webhook."""

from rigtasks.github.identities import Account
from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.model import Comment, Happening, Issue, Repository


def open_issue(
    hub: MemoryGitHub, repo: Repository, actor: Account, title: str, body: str = ""
) -> Issue:
    """Open an issue."""
    issue = new_issue(hub, repo, actor, title, body)
    send_issue(hub, repo, issue, "opened", actor)
    return issue


def new_issue(hub: MemoryGitHub, repo: Repository, actor: Account, title: str, body: str) -> Issue:
    """Make an issue, or the issue half of a pull request, and tell nobody."""
    now = hub.clock()
    number = len(repo.issues) + 1
    issue = Issue(
        id=hub.next_id(),
        number=number,
        title=title,
        body=body,
        user=actor,
        created_at=now,
        updated_at=now,
    )
    repo.issues[number] = issue
    repo.touch()
    return issue


def label(hub: MemoryGitHub, repo: Repository, actor: Account, number: int, name: str) -> None:
    """Put a label on; one that is on stays as it is."""
    issue = repo.issues[number]
    if name in issue.labels:
        return
    issue.labels.append(name)
    _note(hub, repo, issue, actor, "labeled", label=name)
    send_issue(hub, repo, issue, "labeled", actor, label=name)


def unlabel(hub: MemoryGitHub, repo: Repository, actor: Account, number: int, name: str) -> None:
    """Take a label off."""
    issue = repo.issues[number]
    if name not in issue.labels:
        return
    issue.labels.remove(name)
    _note(hub, repo, issue, actor, "unlabeled", label=name)
    send_issue(hub, repo, issue, "unlabeled", actor, label=name)


def edit(
    hub: MemoryGitHub,
    repo: Repository,
    actor: Account,
    number: int,
    *,
    title: str | None = None,
    body: str | None = None,
) -> None:
    """Change the text."""
    issue = repo.issues[number]
    if title is not None and title != issue.title:
        issue.title = title
        _note(hub, repo, issue, actor, "renamed", rename=title)
    if body is not None and body != issue.body:
        issue.body, issue.body_editor = body, actor
        issue.body_edited_at = issue.updated_at = hub.clock()
        repo.touch()
    send_issue(hub, repo, issue, "edited", actor)


def set_state(hub: MemoryGitHub, repo: Repository, actor: Account, number: int, state: str) -> None:
    """Close an issue or open it again."""
    issue = repo.issues[number]
    if issue.state == state:
        return
    issue.state = state
    issue.closed_at = hub.clock() if state == "closed" else None
    action = "closed" if state == "closed" else "reopened"
    _note(hub, repo, issue, actor, action)
    send_issue(hub, repo, issue, action, actor)


def delete(hub: MemoryGitHub, repo: Repository, actor: Account, number: int) -> None:
    """Delete an issue for good; GitHub says afterwards that it is gone."""
    issue = repo.issues[number]
    issue.deleted = True
    repo.touch()
    send_issue(hub, repo, issue, "deleted", actor)


def comment(hub: MemoryGitHub, repo: Repository, actor: Account, number: int, body: str) -> Comment:
    """Write a comment."""
    issue, now = repo.issues[number], hub.clock()
    made = Comment(id=hub.next_id(), user=actor, body=body, created_at=now, updated_at=now)
    issue.comments.append(made)
    issue.updated_at = now
    repo.touch_issue(number, f"/issues/{number}/comments")
    _send_comment(hub, repo, issue, made, "created", actor)
    return made


def edit_comment(
    hub: MemoryGitHub, repo: Repository, actor: Account, issue: Issue, found: Comment, body: str
) -> None:
    """Change the text of a comment."""
    found.body, found.updated_at = body, hub.clock()
    repo.touch(f"/issues/{issue.number}/comments")
    _send_comment(hub, repo, issue, found, "edited", actor)


def delete_comment(
    hub: MemoryGitHub, repo: Repository, actor: Account, issue: Issue, found: Comment
) -> None:
    """Delete a comment."""
    issue.comments.remove(found)
    repo.touch()
    _send_comment(hub, repo, issue, found, "deleted", actor)


def _note(
    hub: MemoryGitHub,
    repo: Repository,
    issue: Issue,
    actor: Account,
    event: str,
    *,
    label: str | None = None,
    rename: str | None = None,
) -> None:
    issue.updated_at = hub.clock()
    issue.history.append(
        Happening(
            id=hub.next_id(),
            event=event,
            actor=actor,
            created_at=issue.updated_at,
            label=label,
            rename=rename,
        )
    )
    repo.touch_issue(issue.number, f"/issues/{issue.number}/events")


def send_issue(
    hub: MemoryGitHub,
    repo: Repository,
    issue: Issue,
    action: str,
    actor: Account,
    *,
    label: str | None = None,
) -> None:
    """Send the webhook of an issue, or of the pull request it is half of."""
    pull = repo.pulls.get(issue.number)
    parts: dict[str, object] = {} if label is None else {"label": {"name": label}}
    if pull is None:
        parts["issue"] = _document(issue)
        hub.send(repo, "issues", action, actor, parts, issue.number)
        return
    parts["pull_request"] = {
        "number": issue.number,
        "state": issue.state,
        "updated_at": issue.updated_at,
        "merged": pull.merged_at is not None,
        "head": {"sha": pull.head_sha, "ref": pull.head_ref},
        "base": {"sha": pull.base_sha, "ref": pull.base_ref},
    }
    hub.send(repo, "pull_request", action, actor, parts, issue.number)


def _send_comment(
    hub: MemoryGitHub, repo: Repository, issue: Issue, made: Comment, action: str, actor: Account
) -> None:
    shown = _document(issue)
    if issue.number in repo.pulls:
        shown["pull_request"] = {}
    parts: dict[str, object] = {
        "issue": shown,
        "comment": {"id": made.id, "updated_at": made.updated_at},
    }
    hub.send(repo, "issue_comment", action, actor, parts, issue.number)


def _document(issue: Issue) -> dict[str, object]:
    return {
        "number": issue.number,
        "title": issue.title,
        "state": issue.state,
        "body": issue.body,
        "labels": [{"name": name} for name in issue.labels],
        "updated_at": issue.updated_at,
    }
