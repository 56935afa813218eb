"""The shapes of issues, labels, comments and issue events."""

from typing import Any
from urllib.parse import quote

from rigtasks.local.github.hub import Hub, View, node_id, stamp
from rigtasks.local.github.model import Comment, Issue, IssueEvent, Label, Repository
from rigtasks.local.github.shapes import accounts

Json = dict[str, Any]


def label(hub: Hub, repo: Repository, row: Label, view: View) -> Json:
    """Render GitHub's `label`."""
    return {
        "id": row.id,
        "node_id": node_id("LA", row.id),
        "url": f"{view.repo_api(hub.full_name(repo))}/labels/{quote(row.name)}",
        "name": row.name,
        "color": row.color,
        "default": False,
        "description": row.description,
    }


def labels_of(hub: Hub, repo: Repository, issue: Issue, view: View) -> list[Json]:
    """Render the labels an issue carries, in the order they were added."""
    known = {row.name.lower(): row for row in hub.state.labels.of(repo.id)}
    return [label(hub, repo, known[name.lower()], view) for name in issue.labels]


def reactions(url: str) -> Json:
    """Render the reaction counts, which nobody gives here."""
    names = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(names, 0)}


def issue(hub: Hub, repo: Repository, row: Issue, view: View) -> Json:
    """Render GitHub's `issue`; pull requests carry `pull_request` as in its lists."""
    name = hub.full_name(repo)
    url = f"{view.repo_api(name)}/issues/{row.number}"
    kind = "pull" if row.is_pull else "issues"
    author = hub.state.accounts.find(row.author_id)
    assignees = [
        accounts.account(hub.state.accounts.get(assignee), view) for assignee in row.assignee_ids
    ]
    shape: Json = {
        "url": url,
        "repository_url": view.repo_api(name),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{view.web}/{name}/{kind}/{row.number}",
        "id": row.id,
        "node_id": node_id("PR" if row.is_pull else "I", row.id),
        "number": row.number,
        "title": row.title,
        "user": accounts.account_or_none(hub, row.author_id, view),
        "labels": labels_of(hub, repo, row, view),
        "state": row.state,
        "state_reason": row.state_reason,
        "locked": False,
        "active_lock_reason": None,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "comments": len(hub.state.comments.of(repo.id, row.number)),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "closed_at": stamp(row.closed_at),
        "closed_by": accounts.account_or_none(hub, row.closed_by_id, view),
        "author_association": accounts.association(repo, author),
        "type": None,
        "body": row.body,
        "reactions": reactions(url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": accounts.app_or_none(hub, row.app_id, view),
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
    }
    pull = hub.pull(repo, row.number) if row.is_pull else None
    if pull is not None:
        web = f"{view.web}/{name}/pull/{row.number}"
        shape["draft"] = pull.draft
        shape["pull_request"] = {
            "url": f"{view.repo_api(name)}/pulls/{row.number}",
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "merged_at": stamp(pull.merged_at),
        }
    return shape


def comment(hub: Hub, repo: Repository, row: Comment, view: View) -> Json:
    """Render GitHub's `issue-comment`."""
    name = hub.full_name(repo)
    url = f"{view.repo_api(name)}/issues/comments/{row.id}"
    found = hub.issue(repo, row.number)
    kind = "pull" if found is not None and found.is_pull else "issues"
    author = hub.state.accounts.find(row.author_id)
    return {
        "url": url,
        "html_url": f"{view.web}/{name}/{kind}/{row.number}#issuecomment-{row.id}",
        "issue_url": f"{view.repo_api(name)}/issues/{row.number}",
        "id": row.id,
        "node_id": node_id("IC", row.id),
        "user": accounts.account_or_none(hub, row.author_id, view),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "body": row.body,
        "author_association": accounts.association(repo, author),
        "reactions": reactions(url),
        "performed_via_github_app": accounts.app_or_none(hub, row.app_id, view),
    }


def issue_event(hub: Hub, repo: Repository, row: IssueEvent, view: View) -> Json:
    """Render one entry of an issue's event list."""
    api = view.repo_api(hub.full_name(repo))
    commit_url = f"{api}/commits/{row.commit_id}" if row.commit_id else None
    return {
        "id": row.id,
        "node_id": node_id("IE", row.id),
        "url": f"{api}/issues/events/{row.id}",
        "actor": accounts.account_or_none(hub, row.actor_id, view),
        "event": row.event,
        "commit_id": row.commit_id,
        "commit_url": commit_url,
        "created_at": stamp(row.created_at),
        **row.detail,
        "performed_via_github_app": accounts.app_or_none(hub, row.app_id, view),
    }
