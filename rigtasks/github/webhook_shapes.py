"""The parts of GitHub's webhook payloads that are read, everything else being skipped.

Fields a real delivery may leave out, or send as null, have a default; the rest is required.
"""

from typing import Annotated

import msgspec

Id = Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
Number = Annotated[int, msgspec.Meta(gt=0, le=2**31 - 1)]
FullName = Annotated[str, msgspec.Meta(max_length=200)]
Action = Annotated[str, msgspec.Meta(max_length=100)]
Sha = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class RawRepository(msgspec.Struct):
    """`repository`; `default_branch` is missing inside installation payloads."""

    id: Id
    full_name: FullName
    default_branch: str | None = None


class RawUser(msgspec.Struct):
    """`sender` and other accounts."""

    id: Id
    login: str
    type: str = "User"


class RawInstallation(msgspec.Struct):
    """`installation`, present on App deliveries only."""

    id: Id


class RawLabel(msgspec.Struct):
    """A label."""

    name: str


class Envelope(msgspec.Struct):
    """What deliveries of every event share."""

    action: Action | None = None
    repository: RawRepository | None = None
    sender: RawUser | None = None
    installation: RawInstallation | None = None


class RawPullRequestLinks(msgspec.Struct):
    """`issue.pull_request`, of which only the presence counts."""


class RawIssue(msgspec.Struct):
    """`issue`; the key `pull_request` is there when the issue is a pull request."""

    number: Number
    title: str
    state: str = "open"
    body: str | None = None
    labels: list[RawLabel] = msgspec.field(default_factory=list)
    updated_at: str | None = None
    pull_request: RawPullRequestLinks | None = None


class RawComment(msgspec.Struct):
    """`comment`."""

    id: Id
    updated_at: str | None = None


class IssuesDelivery(Envelope, kw_only=True):
    """`issues`."""

    issue: RawIssue
    label: RawLabel | None = None


class IssueCommentDelivery(Envelope, kw_only=True):
    """`issue_comment`."""

    issue: RawIssue
    comment: RawComment


class RawBranch(msgspec.Struct):
    """`head` or `base` of a pull request; `repo` is null once a fork is deleted."""

    sha: Sha
    ref: str
    repo: RawRepository | None = None


class RawPullRequest(msgspec.Struct):
    """`pull_request`; reviews carry a shortened one without `merged`."""

    number: Number
    head: RawBranch
    base: RawBranch
    state: str = "open"
    merged: bool | None = None
    merged_at: str | None = None
    updated_at: str | None = None


class PullRequestDelivery(Envelope, kw_only=True):
    """`pull_request`."""

    pull_request: RawPullRequest
    label: RawLabel | None = None


class RawReview(msgspec.Struct):
    """`review`; its state is lower case here and upper case in REST."""

    id: Id
    state: str
    commit_id: str | None = None
    submitted_at: str | None = None
    updated_at: str | None = None


class ReviewDelivery(Envelope, kw_only=True):
    """`pull_request_review`."""

    pull_request: RawPullRequest
    review: RawReview


class RawThread(msgspec.Struct):
    """`thread`."""

    node_id: str


class ThreadDelivery(Envelope, kw_only=True):
    """`pull_request_review_thread`."""

    pull_request: RawPullRequest
    thread: RawThread


class RawMinimalRepository(msgspec.Struct):
    """A repository reference that has an id only."""

    id: Id


class RawLinkedBranch(msgspec.Struct):
    """A branch inside a linked pull request."""

    repo: RawMinimalRepository | None = None


class RawLinkedPullRequest(msgspec.Struct):
    """An entry of `pull_requests`, which may belong to another repository of the network."""

    number: Number
    base: RawLinkedBranch | None = None


class RawCheck(msgspec.Struct):
    """`check_run` or `check_suite`."""

    id: Id
    head_sha: Sha
    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    updated_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    pull_requests: list[RawLinkedPullRequest] | None = None


class CheckRunDelivery(Envelope, kw_only=True):
    """`check_run`."""

    check_run: RawCheck


class CheckSuiteDelivery(Envelope, kw_only=True):
    """`check_suite`."""

    check_suite: RawCheck


class StatusDelivery(Envelope, kw_only=True):
    """`status`; it names a commit and never a pull request."""

    id: Id
    sha: Sha
    state: str


class RawMergeGroup(msgspec.Struct):
    """`merge_group`; the pull request's number is only in `head_ref`."""

    head_sha: Sha
    head_ref: str


class MergeGroupDelivery(Envelope, kw_only=True):
    """`merge_group`."""

    merge_group: RawMergeGroup


class PushDelivery(Envelope, kw_only=True):
    """`push`."""

    ref: str
    before: Sha
    after: Sha
    deleted: bool = False


class RawFormerName(msgspec.Struct, kw_only=True, rename={"former": "from"}):
    """`changes.repository.name`."""

    former: FullName


class RawRenamed(msgspec.Struct):
    """`changes.repository`."""

    name: RawFormerName | None = None


class RawAccountName(msgspec.Struct):
    """The account in `changes.owner.from`."""

    login: str


class RawFormerAccount(msgspec.Struct):
    """`changes.owner.from`: one of the two."""

    user: RawAccountName | None = None
    organization: RawAccountName | None = None


class RawFormerOwner(msgspec.Struct, kw_only=True, rename={"former": "from"}):
    """`changes.owner`."""

    former: RawFormerAccount


class RawRepositoryChanges(msgspec.Struct):
    """`changes` of a repository that was renamed or transferred; other changes are skipped."""

    repository: RawRenamed | None = None
    owner: RawFormerOwner | None = None


class RepositoryDelivery(Envelope, kw_only=True):
    """`repository`."""

    changes: RawRepositoryChanges | None = None


class InstallationDelivery(Envelope, kw_only=True):
    """`installation` and `installation_repositories`."""

    repositories: list[RawRepository] | None = None
    repositories_added: list[RawRepository] | None = None
    repositories_removed: list[RawRepository] | None = None


class PingDelivery(Envelope, kw_only=True):
    """`ping`; organisation and App hooks send it without a repository."""

    hook_id: int | None = None
