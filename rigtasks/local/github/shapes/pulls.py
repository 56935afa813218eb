"""The shapes of pull requests, reviews and review comments."""

from typing import Any

from rigtasks.local.github.hub import Hub, View, node_id, stamp
from rigtasks.local.github.model import PullRequest, Repository, Review, ReviewComment
from rigtasks.local.github.shapes import accounts, repositories, teams
from rigtasks.local.github.shapes.issues import issue, reactions

Json = dict[str, Any]
Mergeability = tuple[bool | None, str]

UNKNOWN: Mergeability = (None, "unknown")
_SHARED_WITH_ISSUE = (
    "title",
    "user",
    "body",
    "labels",
    "state",
    "locked",
    "active_lock_reason",
    "assignee",
    "assignees",
    "milestone",
    "created_at",
    "updated_at",
    "closed_at",
    "author_association",
    "number",
)


def _base(hub: Hub, repo: Repository, row: PullRequest, view: View) -> Json:
    return _side(hub, repo, repo.owner_id, row.base_ref, row.base_sha, view)


def _head(hub: Hub, repo: Repository, row: PullRequest, view: View) -> Json:
    if row.fork_id is None:
        return _side(hub, repo, repo.owner_id, row.head_ref, row.head_sha, view)
    fork = hub.state.repositories.find(row.fork_id)
    owner_id = row.fork_owner_id if fork is None else fork.owner_id
    return _side(hub, fork, owner_id or 0, row.head_ref, row.head_sha, view)


def _side(hub: Hub, repo: Repository | None, owner_id: int, ref: str, sha: str, view: View) -> Json:
    owner = hub.state.accounts.get(owner_id)
    return {
        "label": f"{owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": accounts.account(owner, view),
        "repo": None if repo is None else repositories.repository(hub, repo, view),
    }


def pull(hub: Hub, repo: Repository, row: PullRequest, view: View) -> Json:
    """Render a pull request as GitHub's lists show it.

    Raises:
        KeyError: the pull request has no issue half.
    """
    half = hub.issue(repo, row.number)
    if half is None:
        raise KeyError(row.number)
    name = hub.full_name(repo)
    api = f"{view.repo_api(name)}/pulls/{row.number}"
    issue_api = f"{view.repo_api(name)}/issues/{row.number}"
    statuses = f"{view.repo_api(name)}/statuses/{row.head_sha}"
    web = f"{view.web}/{name}/pull/{row.number}"
    shared = issue(hub, repo, half, view)
    return {
        "url": api,
        "id": row.id,
        "node_id": node_id("PR", row.id),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue_api,
        "commits_url": f"{api}/commits",
        "review_comments_url": f"{api}/comments",
        "review_comment_url": f"{view.repo_api(name)}/pulls/comments{{/number}}",
        "comments_url": f"{issue_api}/comments",
        "statuses_url": statuses,
        **{field: shared[field] for field in _SHARED_WITH_ISSUE},
        "merged_at": stamp(row.merged_at),
        "merge_commit_sha": row.merge_commit_sha,
        "requested_reviewers": [
            accounts.account(hub.state.accounts.get(one), view)
            for one in row.requested_reviewer_ids
        ],
        "requested_teams": [
            teams.team(hub, hub.state.teams.get(one), view) for one in row.requested_team_ids
        ],
        "head": _head(hub, repo, row, view),
        "base": _base(hub, repo, row, view),
        "_links": {
            "self": {"href": api},
            "html": {"href": web},
            "issue": {"href": issue_api},
            "comments": {"href": f"{issue_api}/comments"},
            "review_comments": {"href": f"{api}/comments"},
            "review_comment": {"href": f"{view.repo_api(name)}/pulls/comments{{/number}}"},
            "commits": {"href": f"{api}/commits"},
            "statuses": {"href": statuses},
        },
        "auto_merge": None,
        "draft": row.draft,
    }


def full_pull(
    hub: Hub, repo: Repository, row: PullRequest, view: View, mergeability: Mergeability = UNKNOWN
) -> Json:
    """Render a pull request as `GET /pulls/{n}` and webhooks show it."""
    base = hub.diff_base(repo, row)
    files = hub.changed_files(repo, base, row.head_sha)
    mergeable, mergeable_state = mergeability
    return {
        **pull(hub, repo, row, view),
        "merged": row.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": mergeable_state,
        "merged_by": accounts.account_or_none(hub, row.merged_by_id, view),
        "comments": len(hub.state.comments.of(repo.id, row.number)),
        "review_comments": len(hub.state.review_comments.of(repo.id, row.number)),
        "maintainer_can_modify": row.maintainer_can_modify,
        "commits": hub.commit_count(repo, base, row.head_sha),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def pull_reference(hub: Hub, repo: Repository, row: PullRequest, view: View) -> Json:
    """Render GitHub's `pull-request-minimal`, as check runs carry it."""
    api = view.repo_api(hub.full_name(repo))
    short = {"id": repo.id, "url": api, "name": repo.name}
    return {
        "url": f"{api}/pulls/{row.number}",
        "id": row.id,
        "number": row.number,
        "head": {"ref": row.head_ref, "sha": row.head_sha, "repo": short},
        "base": {"ref": row.base_ref, "sha": row.base_sha, "repo": short},
    }


def review(hub: Hub, repo: Repository, row: Review, view: View, *, webhook: bool = False) -> Json:
    """Render GitHub's `pull-request-review`; its state is lower case in webhooks only."""
    name = hub.full_name(repo)
    pull_api = f"{view.repo_api(name)}/pulls/{row.number}"
    web = f"{view.web}/{name}/pull/{row.number}#pullrequestreview-{row.id}"
    author = hub.state.accounts.find(row.author_id)
    submitted = {} if row.submitted_at is None else {"submitted_at": stamp(row.submitted_at)}
    return {
        "id": row.id,
        "node_id": node_id("PRR", row.id),
        "user": accounts.account_or_none(hub, row.author_id, view),
        "body": (row.body or None) if webhook else row.body,
        "state": row.state.lower() if webhook else row.state,
        "html_url": web,
        "pull_request_url": pull_api,
        "author_association": accounts.association(repo, author),
        "_links": {"html": {"href": web}, "pull_request": {"href": pull_api}},
        **submitted,
        "commit_id": row.commit_id,
    }


def review_comment(hub: Hub, repo: Repository, row: ReviewComment, view: View) -> Json:
    """Render GitHub's `pull-request-review-comment`."""
    name = hub.full_name(repo)
    pull_api = f"{view.repo_api(name)}/pulls/{row.number}"
    url = f"{view.repo_api(name)}/pulls/comments/{row.id}"
    web = f"{view.web}/{name}/pull/{row.number}#discussion_r{row.id}"
    thread = hub.state.threads.get(row.thread_id)
    author = hub.state.accounts.find(row.author_id)
    reply = {"in_reply_to_id": row.in_reply_to_id} if row.in_reply_to_id is not None else {}
    return {
        "url": url,
        "pull_request_review_id": row.review_id,
        "id": row.id,
        "node_id": node_id("PRRC", row.id),
        "diff_hunk": thread.diff_hunk,
        "path": thread.path,
        "position": None if thread.outdated else thread.position,
        "original_position": thread.position,
        "commit_id": thread.commit_id,
        "original_commit_id": thread.original_commit_id,
        "user": accounts.account_or_none(hub, row.author_id, view),
        "body": row.body,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "html_url": web,
        "pull_request_url": pull_api,
        "author_association": accounts.association(repo, author),
        "_links": {
            "self": {"href": url},
            "html": {"href": web},
            "pull_request": {"href": pull_api},
        },
        "reactions": reactions(url),
        "start_line": thread.start_line,
        "original_start_line": thread.start_line,
        "start_side": thread.side if thread.start_line is not None else None,
        "line": None if thread.outdated else thread.line,
        "original_line": thread.original_line,
        "side": thread.side,
        "subject_type": "file" if thread.original_line is None else "line",
        **reply,
    }
