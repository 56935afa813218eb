"""What a GitHub in memory holds. Everything is changed through the modules beside this one."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rigtasks.github.identities import Account
from rigtasks.github.installations import HookDelivery
from rigtasks.testing.memory_github.commits import CommitGraph

#: What was asked at a path: in which form, as what type, and with which query.
Question = tuple[str, Any, tuple[tuple[str, str | int], ...]]
#: Answers by path, so that a change forgets those of its paths without a look at the others.
Answers = dict[str, dict[Question, Any]]


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    user: Account
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class Happening:
    """One event of an issue's history."""

    id: int
    event: str
    actor: Account
    created_at: datetime
    label: str | None = None
    rename: str | None = None


@dataclass(slots=True, kw_only=True)
class Issue:
    """An issue, or the half that a pull request shares with issues."""

    id: int
    number: int
    title: str
    body: str
    user: Account
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    closed_at: datetime | None = None
    labels: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    history: list[Happening] = field(default_factory=list)
    body_edited_at: datetime | None = None
    body_editor: Account | None = None
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class Review:
    """A review; its state is as REST writes it."""

    id: int
    user: Account
    state: str
    body: str
    commit_id: str
    submitted_at: datetime


@dataclass(slots=True, kw_only=True)
class Thread:
    """A conversation on a line, begun by a review."""

    id: str
    path: str
    line: int
    commit_id: str
    comment_id: int
    body: str
    opened_by: Account
    resolved_by: Account | None = None


@dataclass(slots=True, kw_only=True)
class Pull:
    """A pull request; title, body, labels and state are those of its issue half."""

    issue: Issue
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    reviews: list[Review] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    judged: tuple[str, str] | None = None

    @property
    def is_open(self) -> bool:
        """Say whether it is neither closed nor merged."""
        return self.issue.state == "open"


@dataclass(slots=True, kw_only=True)
class CheckRun:
    """What an App reports at a commit under a name."""

    id: int
    name: str
    head_sha: str
    app_id: int
    app_slug: str
    status: str
    conclusion: str | None
    started_at: datetime
    completed_at: datetime | None = None
    external_id: str | None = None
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class CheckSuite:
    """All that one App reports at a commit."""

    id: int
    head_sha: str
    app_id: int
    app_slug: str
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Status:
    """A commit status."""

    id: int
    sha: str
    context: str
    state: str
    created_at: datetime
    description: str | None = None


@dataclass(slots=True, frozen=True, kw_only=True)
class Protection:
    """The rules of a branch as far as the rig meets them."""

    checks: tuple[tuple[str, int | None], ...] = ()
    strict: bool = False
    merge_queue: bool = False


@dataclass(slots=True, kw_only=True)
class Repository:
    """One repository.

    Args:
        version: grows with every change.
        answers: what was read since the last change, by path and question.
        former: what was read before it, for answers that lag behind.
        fixed: what was read at a commit, which no change can touch.
    """

    id: int
    full_name: str
    default_branch: str
    private: bool = True
    archived: bool = False
    graph: CommitGraph = field(default_factory=CommitGraph)
    branches: dict[str, str] = field(default_factory=dict)
    roles: dict[int, str] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    checks: list[CheckRun] = field(default_factory=list)
    suites: list[CheckSuite] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    protections: dict[str, Protection] = field(default_factory=dict)
    merge_methods: frozenset[str] = frozenset({"squash", "merge", "rebase"})
    version: int = 0
    answers: Answers = field(default_factory=dict)
    former: Answers = field(default_factory=dict)
    fixed: Answers = field(default_factory=dict)

    def touch(self, *paths: str) -> None:
        """Forget remembered answers: something changed, and if named, only at these paths."""
        self.version += 1
        if not paths:
            self.former, self.answers = self.answers or self.former, {}
            return
        answers, former = self.answers, self.former
        for path in paths:
            if path in answers:
                former.setdefault(path, {}).update(answers.pop(path))

    def touch_issue(self, number: int, *paths: str) -> None:
        """Forget what is said of one issue or pull request itself, and at these paths."""
        own = (f"/issues/{number}", f"/pulls/{number}", "/issues", "/pulls")
        self.touch(*own, *paths)

    def touch_checks(self, sha: str) -> None:
        """Forget what is said of the checks at a commit."""
        at = f"/commits/{sha}"
        heads = [f"/pulls/{number}" for number, one in self.pulls.items() if one.head_sha == sha]
        self.touch(f"{at}/check-runs", f"{at}/check-suites", f"{at}/statuses", *heads)


@dataclass(slots=True, frozen=True, kw_only=True)
class Delivery:
    """One webhook, as often as it is sent under the same id."""

    id: str
    event: str
    action: str | None
    repository_id: int
    repository: str
    number: int | None
    payload: bytes
    redelivery: bool = False


@dataclass(slots=True, frozen=True, kw_only=True)
class Attempt:
    """One try to deliver a webhook: as the log shows it, and what is sent again on request."""

    shown: HookDelivery
    sent: Delivery
