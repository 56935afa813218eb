"""The rows of the sandbox GitHub: what a forge remembers, as frozen values.

Every row has one integer id, unique over all tables. Times are UTC with whole seconds, as the
REST API shows them. Attribute names are GitHub's own where it has one.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

ROLES = ("none", "read", "triage", "write", "maintain", "admin")
"""Repository roles from least to most, as `role_name` of the collaborator calls."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One stored row."""

    id: int


class AccountType(StrEnum):
    """The kinds of account that can act."""

    USER = "User"
    BOT = "Bot"
    ORGANIZATION = "Organization"


class Account(Row, frozen=True, kw_only=True):
    """A person, an App's bot, or an organisation."""

    login: str
    type: AccountType
    created_at: datetime
    name: str | None = None
    email: str | None = None


class App(Row, frozen=True, kw_only=True):
    """A GitHub App; its private key lives in the data folder, never in a row."""

    slug: str
    name: str
    client_id: str
    owner_id: int
    bot_id: int
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: datetime
    public_key: str = ""
    hooked: bool = False


class Installation(Row, frozen=True, kw_only=True):
    """An App installed on an account, for all of its repositories."""

    app_id: int
    account_id: int
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: datetime


class Token(Row, frozen=True, kw_only=True):
    """A bearer token, kept as the SHA-256 of its text.

    `installation_id` is set for App tokens, `account_id` for personal ones. `repository_ids` of
    None means every repository the holder can see.
    """

    digest: str
    created_at: datetime
    installation_id: int | None = None
    account_id: int | None = None
    permissions: dict[str, str] = {}
    repository_ids: tuple[int, ...] | None = None
    expires_at: datetime | None = None


class Repository(Row, frozen=True, kw_only=True):
    """A repository; its objects are in a bare git repository named by the id.

    `roles` and `granted_by_teams` say what accounts may do, by account id; `parent_id` is what it
    was forked from; `pusher_ids` says who moved each branch last; `transferred_issues` has the new
    API path of issues that moved away, by number.
    """

    owner_id: int
    name: str
    created_at: datetime
    updated_at: datetime
    private: bool = True
    description: str | None = None
    default_branch: str = "main"
    archived: bool = False
    roles: dict[int, str] = {}
    former_names: tuple[str, ...] = ()
    deleted_issues: tuple[int, ...] = ()
    delete_branch_on_merge: bool = False
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    allow_update_branch: bool = False
    granted_by_teams: dict[int, str] = {}
    parent_id: int | None = None
    transferred_issues: dict[int, str] = {}
    pushed_at: datetime | None = None
    pusher_ids: dict[str, int] = {}


class Label(Row, frozen=True, kw_only=True):
    """A label defined in a repository."""

    repository_id: int
    name: str
    color: str = "ededed"
    description: str | None = None


class Issue(Row, frozen=True, kw_only=True):
    """An issue, or the issue half of a pull request (`is_pull`)."""

    repository_id: int
    number: int
    title: str
    author_id: int
    created_at: datetime
    updated_at: datetime
    body: str | None = None
    state: str = "open"
    state_reason: str | None = None
    labels: tuple[str, ...] = ()
    assignee_ids: tuple[int, ...] = ()
    closed_at: datetime | None = None
    closed_by_id: int | None = None
    app_id: int | None = None
    is_pull: bool = False


class PullRequest(Row, frozen=True, kw_only=True):
    """The branch half of a pull request; title, body and state are in its `Issue`.

    `fork_id` is the repository of the head branch where that is a fork, which may be gone;
    `pusher_id` is who moved the head last.
    """

    repository_id: int
    number: int
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    fork_id: int | None = None
    fork_owner_id: int | None = None
    maintainer_can_modify: bool = False
    pusher_id: int | None = None
    requested_reviewer_ids: tuple[int, ...] = ()
    requested_team_ids: tuple[int, ...] = ()
    merged_at: datetime | None = None
    merged_by_id: int | None = None
    merge_commit_sha: str | None = None


class Comment(Row, frozen=True, kw_only=True):
    """A comment in the conversation of an issue or pull request."""

    repository_id: int
    number: int
    author_id: int
    body: str
    created_at: datetime
    updated_at: datetime
    app_id: int | None = None


class IssueEvent(Row, frozen=True, kw_only=True):
    """One entry of an issue's event list; `detail` has the fields of that kind of event."""

    repository_id: int
    number: int
    event: str
    actor_id: int
    created_at: datetime
    commit_id: str | None = None
    app_id: int | None = None
    detail: dict[str, Any] = {}


class ContentEdit(Row, frozen=True, kw_only=True):
    """One edit of a body, as GraphQL's `userContentEdits` lists it."""

    repository_id: int
    number: int
    editor_id: int
    edited_at: datetime
    diff: str


class Review(Row, frozen=True, kw_only=True):
    """A review, bound to the commit it looked at; `submitted_at` None while it is pending."""

    repository_id: int
    number: int
    author_id: int
    state: str
    body: str
    commit_id: str
    submitted_at: datetime | None = None


class Thread(Row, frozen=True, kw_only=True):
    """A review thread anchored to a line of the diff."""

    repository_id: int
    number: int
    path: str
    commit_id: str
    original_commit_id: str
    diff_hunk: str
    line: int | None
    original_line: int | None
    start_line: int | None = None
    position: int | None = None
    side: str = "RIGHT"
    outdated: bool = False
    resolved_by_id: int | None = None


class ReviewComment(Row, frozen=True, kw_only=True):
    """One comment of a review thread."""

    repository_id: int
    number: int
    thread_id: int
    author_id: int
    body: str
    created_at: datetime
    updated_at: datetime
    review_id: int | None = None
    in_reply_to_id: int | None = None


class CheckSuite(Row, frozen=True, kw_only=True):
    """The check runs of one App at one commit."""

    repository_id: int
    app_id: int
    head_sha: str
    head_branch: str | None
    created_at: datetime
    updated_at: datetime


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """A remark of a check run on lines of a file, as the call that makes one takes it."""

    path: str
    start_line: int
    end_line: int
    annotation_level: Literal["notice", "warning", "failure"]
    message: str
    start_column: int | None = None
    end_column: int | None = None
    title: str | None = None
    raw_details: str | None = None


class CheckRun(Row, frozen=True, kw_only=True):
    """One check run."""

    repository_id: int
    suite_id: int
    app_id: int
    name: str
    head_sha: str
    status: str = "queued"
    conclusion: str | None = None
    external_id: str = ""
    details_url: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: tuple[Annotation, ...] = ()


class Status(Row, frozen=True, kw_only=True):
    """One commit status; the newest of a context counts."""

    repository_id: int
    sha: str
    state: str
    context: str
    creator_id: int
    created_at: datetime
    description: str | None = None
    target_url: str | None = None


class Delivery(Row, frozen=True, kw_only=True):
    """One attempt to deliver a webhook; redeliveries share the `guid`."""

    guid: str
    event: str
    action: str | None
    delivered_at: datetime
    redelivery: bool
    installation_id: int | None
    repository_id: int | None
    url: str
    request_headers: dict[str, str]
    payload: str
    duration: float = 0.0
    status: str = "pending"
    status_code: int = 0
    response_headers: dict[str, str] = {}
    response_body: str = ""
