"""The shapes of repositories, branches, commits, files and protection."""

import base64
from typing import Any
from urllib.parse import quote

from rigtasks.local.github.git import ChangedFile, Commit, Signature, TreeEntry
from rigtasks.local.github.hub import Hub, View, node_id, stamp
from rigtasks.local.github.model import Account, AccountType, Repository
from rigtasks.local.github.shapes import accounts

Json = dict[str, Any]

_ADDRESSES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def repository(hub: Hub, row: Repository, view: View) -> Json:
    """Render a repository as `GET /repos/{owner}/{repo}` and webhooks show it."""
    name = hub.full_name(row)
    web = f"{view.web}/{name}"
    api = view.repo_api(name)
    forks = sum(one.parent_id == row.id for one in hub.state.repositories.all())
    open_issues = sum(issue.state == "open" for issue in hub.state.issues.of(row.id))
    return {
        "id": row.id,
        "node_id": node_id("R", row.id),
        "name": row.name,
        "full_name": name,
        "private": row.private,
        "owner": accounts.account(hub.state.accounts.get(row.owner_id), view),
        "html_url": web,
        "description": row.description,
        "fork": row.parent_id is not None,
        "url": api,
        **{field: api + path for field, path in _ADDRESSES.items()},
        "git_url": f"{web}.git",
        "ssh_url": f"{web}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "forks_count": forks,
        "forks": forks,
        "watchers": 0,
        "open_issues": open_issues,
        "open_issues_count": open_issues,
        "network_count": forks,
        "subscribers_count": 0,
        "default_branch": row.default_branch,
        "is_template": False,
        "topics": [],
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "archived": row.archived,
        "disabled": False,
        "visibility": "private" if row.private else "public",
        "license": None,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "allow_squash_merge": row.allow_squash_merge,
        "allow_merge_commit": row.allow_merge_commit,
        "allow_rebase_merge": row.allow_rebase_merge,
        "allow_auto_merge": False,
        "allow_update_branch": row.allow_update_branch,
        "delete_branch_on_merge": row.delete_branch_on_merge,
        "squash_merge_commit_title": "PR_TITLE",
        "squash_merge_commit_message": "PR_BODY",
        "pushed_at": stamp(row.pushed_at or row.created_at),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "custom_properties": {},
    }


def full_repository(hub: Hub, row: Repository, view: View) -> Json:
    """Render GitHub's `full-repository`: with the organisation, and a fork with its origin."""
    shape = repository(hub, row, view)
    if hub.state.accounts.get(row.owner_id).type is AccountType.ORGANIZATION:
        shape["organization"] = shape["owner"]
    parent = None if row.parent_id is None else hub.state.repositories.find(row.parent_id)
    if parent is not None:
        first = parent
        while (above := hub.state.repositories.find(first.parent_id or 0)) is not None:
            first = above
        shape["parent"] = repository(hub, parent, view)
        shape["source"] = repository(hub, first, view)
    return shape


def account_of_email(hub: Hub, email: str) -> Account | None:
    """Return the account a commit's address belongs to, or None."""
    local, _, domain = email.lower().partition("@")
    for row in hub.state.accounts.all():
        if row.email is not None and row.email.lower() == email.lower():
            return row
        if domain == "users.noreply.github.com" and local in {
            row.login.lower(),
            f"{row.id}+{row.login}".lower(),
        }:
            return row
    return None


def _person(person: Signature) -> Json:
    return {"name": person.name, "email": person.email, "date": person.date}


def _committed_by(hub: Hub, person: Signature, view: View) -> Json | None:
    found = account_of_email(hub, person.email)
    return None if found is None else accounts.account(found, view)


def commit(hub: Hub, repo: Repository, row: Commit, view: View) -> Json:
    """Render GitHub's `commit`, without statistics and files."""
    name = hub.full_name(repo)
    api = view.repo_api(name)
    return {
        "sha": row.sha,
        "node_id": f"C_{row.sha}",
        "commit": {
            "author": _person(row.author),
            "committer": _person(row.committer),
            "message": row.message,
            "tree": {"sha": row.tree, "url": f"{api}/git/trees/{row.tree}"},
            "url": f"{api}/git/commits/{row.sha}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "url": f"{api}/commits/{row.sha}",
        "html_url": f"{view.web}/{name}/commit/{row.sha}",
        "comments_url": f"{api}/commits/{row.sha}/comments",
        "author": _committed_by(hub, row.author, view),
        "committer": _committed_by(hub, row.committer, view),
        "parents": [
            {
                "sha": parent,
                "url": f"{api}/commits/{parent}",
                "html_url": f"{view.web}/{name}/commit/{parent}",
            }
            for parent in row.parents
        ],
    }


def pushed_commit(hub: Hub, repo: Repository, row: Commit, files: list[ChangedFile]) -> Json:
    """Render one commit of a `push` webhook."""

    def paths(*statuses: str) -> list[str]:
        return [file.filename for file in files if file.status in statuses]

    def person(signature: Signature) -> Json:
        found = account_of_email(hub, signature.email)
        named = {"username": found.login} if found else {}
        return {
            "name": signature.name,
            "email": signature.email,
            "date": signature.date,
            **named,
        }

    return {
        "id": row.sha,
        "tree_id": row.tree,
        "distinct": True,
        "message": row.message,
        "timestamp": row.committer.date,
        "url": f"{hub.web}/{hub.full_name(repo)}/commit/{row.sha}",
        "author": person(row.author),
        "committer": person(row.committer),
        "added": paths("added"),
        "removed": paths("removed"),
        "modified": paths("modified", "renamed", "changed"),
    }


def simple_commit(row: Commit) -> Json:
    """Render GitHub's `simple-commit`, as check suites carry it."""
    return {
        "id": row.sha,
        "tree_id": row.tree,
        "message": row.message,
        "timestamp": row.committer.date,
        "author": {"name": row.author.name, "email": row.author.email},
        "committer": {"name": row.committer.name, "email": row.committer.email},
    }


def changed_file(hub: Hub, repo: Repository, row: ChangedFile, head: str, view: View) -> Json:
    """Render GitHub's `diff-entry`."""
    name = hub.full_name(repo)
    path = quote(row.filename)
    shape: Json = {
        "sha": row.sha,
        "filename": row.filename,
        "status": row.status,
        "additions": row.additions,
        "deletions": row.deletions,
        "changes": row.additions + row.deletions,
        "blob_url": f"{view.web}/{name}/blob/{head}/{path}",
        "raw_url": f"{view.web}/{name}/raw/{head}/{path}",
        "contents_url": f"{view.repo_api(name)}/contents/{path}?ref={head}",
    }
    if row.patch is not None:
        shape["patch"] = row.patch
    if row.previous_filename is not None:
        shape["previous_filename"] = row.previous_filename
    return shape


def content(
    hub: Hub, repo: Repository, entry: TreeEntry, ref: str, view: View, blob: bytes | None
) -> Json:
    """Render GitHub's `content-file`, or an entry of a folder where `blob` is None."""
    name = hub.full_name(repo)
    path = quote(entry.path)
    kind = {"blob": "file", "tree": "dir", "commit": "submodule"}[entry.type]
    address = f"{view.repo_api(name)}/contents/{path}?ref={quote(ref)}"
    git_address = f"{view.repo_api(name)}/git/{entry.type}s/{entry.sha}"
    web = f"{view.web}/{name}/{'tree' if kind == 'dir' else 'blob'}/{quote(ref)}/{path}"
    shape: Json = {
        "type": "symlink" if entry.mode == "120000" else kind,
        "size": entry.size or 0,
        "name": entry.path.rsplit("/", 1)[-1],
        "path": entry.path,
        "sha": entry.sha,
        "url": address,
        "git_url": git_address,
        "html_url": web,
        "download_url": f"{view.web}/{name}/raw/{quote(ref)}/{path}" if kind == "file" else None,
        "_links": {"self": address, "git": git_address, "html": web},
    }
    if blob is not None:
        shape["encoding"] = "base64"
        shape["content"] = base64.encodebytes(blob).decode("ascii")
    return shape


def tree(hub: Hub, repo: Repository, sha: str, entries: list[TreeEntry], view: View) -> Json:
    """Render GitHub's `git-tree`."""
    api = f"{view.repo_api(hub.full_name(repo))}/git"
    rendered = []
    for entry in entries:
        shape: Json = {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.sha}
        if entry.size is not None:
            shape["size"] = entry.size
        if entry.type != "commit":
            shape["url"] = f"{api}/{entry.type}s/{entry.sha}"
        rendered.append(shape)
    return {"sha": sha, "url": f"{api}/trees/{sha}", "tree": rendered, "truncated": False}
