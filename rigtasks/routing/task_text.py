"""Freeze the task: the text as it stood at the label, cleaned, bounded and with a digest."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from rigtasks.routing.sanitise import Removed, sanitise

TITLE_LENGTH = 256
BODY_LENGTH = 65_536
COMMENT_LENGTH = 10_000
MAX_COMMENTS = 50
_DIGEST_FORM = "task/1"


class IssueComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment as GitHub gives it; `permitted` says that its author may write to the repository.

    Times are UTC. `updated_at` equals `created_at` where the comment was never edited.
    """

    id: int
    author_id: int
    author: str
    created_at: datetime
    updated_at: datetime
    body: str
    permitted: bool


class TaskComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment that belongs to the frozen task."""

    id: int
    author_id: int
    author: str
    created_at: datetime
    body: str


class FrozenTask(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is asked to do, and nothing that came later.

    `digest` is the lower-case SHA-256 of the text; it goes with the claim and the certificate.
    `left_out` counts permitted comments that were edited after the label or exceed the limit.
    """

    title: str
    body: str
    comments: tuple[TaskComment, ...] = ()
    digest: str
    truncated: bool = False
    left_out: int = 0
    removed: Removed = Removed()


def freeze_task(
    *, title: str, body: str | None, comments: Iterable[IssueComment], labelled_at: datetime
) -> FrozenTask:
    """Build the task from the issue as read for the label event.

    Args:
        title: the issue's title at the label.
        body: its body at the label; GitHub gives None for an empty one.
        comments: the issue's comments in any order.
        labelled_at: when the label was applied, UTC.
    """
    clean_title, clean_body = sanitise(title), sanitise(body or "")
    permitted = sorted(
        (each for each in comments if each.permitted and each.created_at <= labelled_at),
        key=lambda each: (each.created_at, each.id),
    )
    unedited = [each for each in permitted if each.updated_at <= labelled_at]
    newest = unedited[-MAX_COMMENTS:]
    cleaned = [(each, sanitise(each.body)) for each in newest]
    frozen = tuple(_comment(each, clean.text) for each, clean in cleaned)
    removed = sum(
        (clean.removed for _, clean in cleaned), start=clean_title.removed + clean_body.removed
    )
    single_line = " ".join(clean_title.text.split())
    task_title, task_body = single_line[:TITLE_LENGTH], clean_body.text[:BODY_LENGTH]
    return FrozenTask(
        title=task_title,
        body=task_body,
        comments=frozen,
        digest=_digest(task_title, task_body, frozen),
        truncated=len(single_line) > TITLE_LENGTH
        or len(clean_body.text) > BODY_LENGTH
        or any(len(clean.text) > COMMENT_LENGTH for _, clean in cleaned),
        left_out=len(permitted) - len(newest),
        removed=removed,
    )


def _comment(comment: IssueComment, text: str) -> TaskComment:
    return TaskComment(
        id=comment.id,
        author_id=comment.author_id,
        author=comment.author,
        created_at=comment.created_at,
        body=text[:COMMENT_LENGTH],
    )


def _digest(title: str, body: str, comments: tuple[TaskComment, ...]) -> str:
    spoken = [[each.id, each.author_id, each.body] for each in comments]
    canonical = msgspec.json.encode([_DIGEST_FORM, title, body, spoken])
    return hashlib.sha256(canonical).hexdigest()
