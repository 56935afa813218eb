"""What happens to issues: opened, edited, labelled, commented, closed; each with its record."""

import random
import re
from typing import Any

import msgspec

from rigtasks.local.github.answers import validation_failed
from rigtasks.local.github.hub import Happening, Hub
from rigtasks.local.github.model import (
    Account,
    Comment,
    ContentEdit,
    Issue,
    IssueEvent,
    Label,
    Repository,
)
from rigtasks.local.github.shapes import issues as shapes
from rigtasks.local.github.shapes import pulls as pull_shapes

Json = dict[str, Any]

_COLOURS = ("0e8a16", "1d76db", "5319e7", "b60205", "d93f0b", "fbca04", "006b75", "c2e0c6")
_CLOSING = re.compile(
    r"(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:([\w.-]+/[\w.-]+))?#(\d+)\b",
    re.IGNORECASE,
)
_LONGEST_LABEL = 50
_FENCE = re.compile(r"```.*?```|`[^`\n]*`|<!--.*?-->", re.DOTALL)


def announce(
    hub: Hub, repo: Repository, issue: Issue, actor: Account, action: str, extra: Json
) -> None:
    """Announce something about an issue, or about a pull request by its own event."""
    if issue.is_pull:
        pull = hub.pull(repo, issue.number)
        if pull is None:
            return
        fields: Json = {
            "number": issue.number,
            "pull_request": pull_shapes.full_pull(hub, repo, pull, hub.view),
        }
        happening = Happening(
            event="pull_request",
            action=action,
            repository_id=repo.id,
            number=issue.number,
            sha=pull.head_sha,
        )
        hub.announce("pull_request", action, repo, actor, {**fields, **extra}, happening)
        return
    fields = {"issue": shapes.issue(hub, repo, issue, hub.view), **extra}
    happening = Happening(event="issues", action=action, repository_id=repo.id, number=issue.number)
    hub.announce("issues", action, repo, actor, fields, happening)


def next_number(hub: Hub, repo: Repository) -> int:
    """Return the number the next issue or pull request of a repository gets."""
    numbers = (issue.number for issue in hub.state.issues.of(repo.id))
    gone = (*repo.deleted_issues, *repo.transferred_issues)
    return max((*numbers, *gone), default=0) + 1


def record(
    hub: Hub,
    repo: Repository,
    number: int,
    actor: Account,
    event: str,
    *,
    detail: Json | None = None,
    commit_id: str | None = None,
    app_id: int | None = None,
) -> None:
    """Append to an issue's event list."""
    state = hub.state
    state.issue_events.put(
        IssueEvent(
            id=state.new_id(),
            repository_id=repo.id,
            number=number,
            event=event,
            actor_id=actor.id,
            created_at=state.now(),
            commit_id=commit_id,
            app_id=app_id,
            detail=detail or {},
        )
    )


def touch(hub: Hub, issue: Issue, **changes: Any) -> Issue:
    """Store an issue with changes and a new `updated_at`."""
    changed = msgspec.structs.replace(issue, updated_at=hub.state.now(), **changes)
    return hub.state.issues.put(changed)


def create(
    hub: Hub,
    repo: Repository,
    author: Account,
    *,
    title: str,
    body: str | None,
    labels: tuple[str, ...] = (),
    app_id: int | None = None,
) -> Issue:
    """Open an issue."""
    state = hub.state
    with state.change():
        now = state.now()
        issue = state.issues.put(
            Issue(
                id=state.new_id(),
                repository_id=repo.id,
                number=next_number(hub, repo),
                title=title,
                body=body,
                author_id=author.id,
                app_id=app_id,
                created_at=now,
                updated_at=now,
            )
        )
        announce(hub, repo, issue, author, "opened", {})
        return add_labels(hub, repo, issue, author, labels, app_id=app_id)


def edit(
    hub: Hub,
    repo: Repository,
    issue: Issue,
    editor: Account,
    *,
    title: str | None = None,
    body: str | None = None,
) -> Issue:
    """Change title or body; None keeps, and unchanged text leaves no trace."""
    state = hub.state
    with state.change():
        changes: Json = {}
        replaced: Json = {}
        if title is not None and title != issue.title:
            changes["title"] = {"from": issue.title}
            replaced["title"] = title
            detail = {"rename": {"from": issue.title, "to": title}}
            record(hub, repo, issue.number, editor, "renamed", detail=detail)
        if body is not None and body != (issue.body or ""):
            changes["body"] = {"from": issue.body or ""}
            replaced["body"] = body
            state.content_edits.put(
                ContentEdit(
                    id=state.new_id(),
                    repository_id=repo.id,
                    number=issue.number,
                    editor_id=editor.id,
                    edited_at=state.now(),
                    diff=body,
                )
            )
        if not changes:
            return issue
        issue = touch(hub, issue, **replaced)
        announce(hub, repo, issue, editor, "edited", {"changes": changes})
        return issue


def delete(hub: Hub, repo: Repository, issue: Issue, actor: Account) -> None:
    """Delete an issue for good; its number is never used again."""
    with hub.state.change():
        announce(hub, repo, issue, actor, "deleted", {})
        hub.state.issues.remove(issue.id)
        deleted = (*repo.deleted_issues, issue.number)
        hub.state.repositories.put(msgspec.structs.replace(repo, deleted_issues=deleted))


def set_state(
    hub: Hub,
    repo: Repository,
    issue: Issue,
    actor: Account,
    state: str,
    *,
    reason: str | None = None,
    commit_id: str | None = None,
) -> Issue:
    """Close or reopen an issue or pull request."""
    with hub.state.change():
        if issue.state == state:
            return issue
        closing = state == "closed"
        if issue.is_pull:
            reason = None
        elif closing:
            reason = reason or "completed"
        else:
            reason = "reopened"
        issue = touch(
            hub,
            issue,
            state=state,
            state_reason=reason,
            closed_at=hub.state.now() if closing else None,
            closed_by_id=actor.id if closing else None,
        )
        event = "closed" if closing else "reopened"
        detail = {} if issue.is_pull or not closing else {"state_reason": reason}
        record(hub, repo, issue.number, actor, event, detail=detail, commit_id=commit_id)
        announce(hub, repo, issue, actor, event, {})
        return issue


def define_label(
    hub: Hub,
    repo: Repository,
    name: str,
    *,
    color: str | None = None,
    description: str | None = None,
) -> Label:
    """Return the repository's label of that name, creating it when it is new.

    Raises:
        HttpError: 422 for a name that is empty or longer than 50 characters.
    """
    if not name.strip() or len(name) > _LONGEST_LABEL:
        raise validation_failed({"resource": "Label", "code": "invalid", "field": "name"})
    for known in hub.state.labels.of(repo.id):
        if known.name.lower() == name.lower():
            return known
    with hub.state.change():
        chosen = color or random.Random(name).choice(_COLOURS)  # noqa: S311  # a colour, no secret
        return hub.state.labels.put(
            Label(
                id=hub.state.new_id(),
                repository_id=repo.id,
                name=name,
                color=chosen,
                description=description,
            )
        )


def add_labels(
    hub: Hub,
    repo: Repository,
    issue: Issue,
    actor: Account,
    names: tuple[str, ...],
    *,
    app_id: int | None = None,
) -> Issue:
    """Put labels on an issue; those it already has stay as they were."""
    with hub.state.change():
        for name in names:
            label = define_label(hub, repo, name)
            if label.name in issue.labels:
                continue
            issue = touch(hub, issue, labels=(*issue.labels, label.name))
            _label_event(hub, repo, issue, actor, label, "labeled", app_id)
        return issue


def remove_label(
    hub: Hub,
    repo: Repository,
    issue: Issue,
    actor: Account,
    label: Label,
    *,
    app_id: int | None = None,
) -> Issue:
    """Take a label off an issue."""
    with hub.state.change():
        issue = touch(hub, issue, labels=tuple(n for n in issue.labels if n != label.name))
        _label_event(hub, repo, issue, actor, label, "unlabeled", app_id)
        return issue


def _label_event(
    hub: Hub,
    repo: Repository,
    issue: Issue,
    actor: Account,
    label: Label,
    action: str,
    app_id: int | None,
) -> None:
    detail = {"label": {"name": label.name, "color": label.color}}
    record(hub, repo, issue.number, actor, action, detail=detail, app_id=app_id)
    announce(hub, repo, issue, actor, action, {"label": shapes.label(hub, repo, label, hub.view)})


def add_comment(
    hub: Hub, repo: Repository, issue: Issue, author: Account, body: str, app_id: int | None = None
) -> Comment:
    """Comment on an issue or pull request."""
    state = hub.state
    with state.change():
        now = state.now()
        comment = state.comments.put(
            Comment(
                id=state.new_id(),
                repository_id=repo.id,
                number=issue.number,
                author_id=author.id,
                body=body,
                app_id=app_id,
                created_at=now,
                updated_at=now,
            )
        )
        issue = touch(hub, issue)
        _announce_comment(hub, repo, issue, comment, author, "created", {})
        return comment


def edit_comment(
    hub: Hub, repo: Repository, issue: Issue, comment: Comment, editor: Account, body: str
) -> Comment:
    """Change a comment's text."""
    state = hub.state
    with state.change():
        before = comment.body
        changed = msgspec.structs.replace(comment, body=body, updated_at=state.now())
        state.comments.put(changed)
        extra = {"changes": {"body": {"from": before}}}
        _announce_comment(hub, repo, issue, changed, editor, "edited", extra)
        return changed


def delete_comment(
    hub: Hub, repo: Repository, issue: Issue, comment: Comment, actor: Account
) -> None:
    """Remove a comment."""
    with hub.state.change():
        hub.state.comments.remove(comment.id)
        _announce_comment(hub, repo, issue, comment, actor, "deleted", {})


def _announce_comment(
    hub: Hub,
    repo: Repository,
    issue: Issue,
    comment: Comment,
    actor: Account,
    action: str,
    extra: Json,
) -> None:
    fields = {
        **extra,
        "issue": shapes.issue(hub, repo, issue, hub.view),
        "comment": shapes.comment(hub, repo, comment, hub.view),
    }
    happening = Happening(
        event="issue_comment", action=action, repository_id=repo.id, number=issue.number
    )
    hub.announce("issue_comment", action, repo, actor, fields, happening)


def closing_references(hub: Hub, repo: Repository, body: str | None) -> list[Issue]:
    """Return the issues of this repository that a body promises to close."""
    found: dict[int, Issue] = {}
    for owner_and_name, number in _CLOSING.findall(_FENCE.sub("", body or "")):
        if owner_and_name and owner_and_name.lower() != hub.full_name(repo).lower():
            continue
        issue = hub.issue(repo, int(number))
        if issue is not None and not issue.is_pull:
            found[issue.id] = issue
    return list(found.values())
