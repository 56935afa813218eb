"""Review threads: anchored to a line of the diff, answered, edited, resolved."""

import msgspec

from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.git import ChangedFile
from rigtasks.local.github.hub import Happening, Hub, node_id
from rigtasks.local.github.model import (
    Account,
    PullRequest,
    Repository,
    ReviewComment,
    Thread,
)
from rigtasks.local.github.shapes import pulls as shapes

_HUNK_LINES = 4


class DraftComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on a line that comes with a review."""

    path: str
    body: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    position: int | None = None
    start_side: str | None = None
    subject_type: str = "line"


def anchor(hub: Hub, repo: Repository, pull: PullRequest, sha: str, draft: DraftComment) -> Thread:
    """Build the thread of a comment, checked against the diff at that commit.

    Raises:
        HttpError: 422 when the path or line is not part of the diff.
    """
    at = msgspec.structs.replace(pull, head_sha=sha)
    base = hub.diff_base(repo, at)
    files = {file.filename: file for file in hub.changed_files(repo, base, sha)}
    file = files.get(draft.path)
    if file is None:
        raise _unprocessable("Path could not be resolved")
    line, hunk = draft.line, file.patch or ""
    position: int | None = None
    if draft.subject_type != "file":
        if line is None and draft.position is not None:
            line = _line_at(file, draft.position)
        found = None if line is None else _hunk_up_to(file, line, draft.side)
        if found is None:
            raise _unprocessable("Line could not be resolved")
        hunk, position = found
    return Thread(
        id=hub.state.new_id(),
        repository_id=repo.id,
        number=pull.number,
        path=draft.path,
        commit_id=sha,
        original_commit_id=sha,
        diff_hunk=hunk,
        line=line,
        original_line=line,
        start_line=draft.start_line,
        position=position,
        side=draft.side,
        outdated=sha != pull.head_sha,
    )


def _unprocessable(reason: str) -> HttpError:
    return HttpError(422, "Unprocessable Entity", errors=[reason])


def _numbered(patch: str) -> list[tuple[str, int, int]]:
    numbered = []
    old = new = 0
    for text in patch.split("\n"):
        if text.startswith("@@"):
            _, old_range, new_range, *_ = text.split(" ")
            old = int(old_range.lstrip("-").split(",")[0])
            new = int(new_range.lstrip("+").split(",")[0])
            numbered.append((text, -1, -1))
        elif text.startswith("+"):
            numbered.append((text, -1, new))
            new += 1
        elif text.startswith("-"):
            numbered.append((text, old, -1))
            old += 1
        else:
            numbered.append((text, old, new))
            old, new = old + 1, new + 1
    return numbered


def _hunk_up_to(file: ChangedFile, line: int, side: str) -> tuple[str, int] | None:
    header: list[str] = []
    body: list[str] = []
    for position, (text, old, new) in enumerate(_numbered(file.patch or "")):
        if text.startswith("@@"):
            header, body = [text], []
            continue
        body.append(text)
        if line == (old if side == "LEFT" else new):
            return "\n".join(header + body[-_HUNK_LINES:]), position
    return None


def _line_at(file: ChangedFile, position: int) -> int | None:
    numbered = _numbered(file.patch or "")
    if not 0 < position < len(numbered):
        return None
    _, old, new = numbered[position]
    return new if new >= 0 else old


def add_comment(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    thread: Thread,
    author: Account,
    body: str,
    *,
    review_id: int,
    in_reply_to_id: int | None = None,
) -> ReviewComment:
    """Add a comment to a thread as part of a review; `announce_comment` tells of it."""
    state = hub.state
    with state.change():
        now = state.now()
        return state.review_comments.put(
            ReviewComment(
                id=state.new_id(),
                repository_id=repo.id,
                number=pull.number,
                thread_id=thread.id,
                author_id=author.id,
                body=body,
                review_id=review_id,
                in_reply_to_id=in_reply_to_id,
                created_at=now,
                updated_at=now,
            )
        )


def visible(hub: Hub, repo: Repository, number: int, viewer: Account | None) -> list[ReviewComment]:
    """Return the comments somebody may see: all but those of other people's pending reviews."""
    return [
        row
        for row in hub.state.review_comments.of(repo.id, number)
        if not is_pending(hub, row) or (viewer is not None and viewer.id == row.author_id)
    ]


def is_pending(hub: Hub, row: ReviewComment) -> bool:
    """Tell whether a comment belongs to a review that is not submitted."""
    review = None if row.review_id is None else hub.state.reviews.find(row.review_id)
    return review is not None and review.state == "PENDING"


def edit_comment(
    hub: Hub, repo: Repository, pull: PullRequest, row: ReviewComment, actor: Account, body: str
) -> ReviewComment:
    """Change a comment's text."""
    with hub.state.change():
        changed = msgspec.structs.replace(row, body=body, updated_at=hub.state.now())
        hub.state.review_comments.put(changed)
        if not is_pending(hub, row):
            changes = {"changes": {"body": {"from": row.body}}}
            announce_comment(hub, repo, pull, changed, actor, "edited", changes)
        return changed


def delete_comment(
    hub: Hub, repo: Repository, pull: PullRequest, row: ReviewComment, actor: Account
) -> None:
    """Remove a comment, and its thread with the last one."""
    with hub.state.change():
        if not is_pending(hub, row):
            announce_comment(hub, repo, pull, row, actor, "deleted", {})
        hub.state.review_comments.remove(row.id)
        left = hub.state.review_comments.of(repo.id, pull.number)
        if not any(other.thread_id == row.thread_id for other in left):
            hub.state.threads.remove(row.thread_id)


def announce_comment(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    comment: ReviewComment,
    actor: Account,
    action: str,
    extra: shapes.Json,
) -> None:
    """Announce a comment that was created, edited or deleted."""
    fields = {
        **extra,
        "comment": shapes.review_comment(hub, repo, comment, hub.view),
        "pull_request": shapes.pull(hub, repo, pull, hub.view),
    }
    happening = Happening(
        event="pull_request_review_comment",
        action=action,
        repository_id=repo.id,
        number=pull.number,
    )
    hub.announce("pull_request_review_comment", action, repo, actor, fields, happening)


def set_resolved(
    hub: Hub, repo: Repository, thread: Thread, actor: Account, *, resolved: bool
) -> Thread:
    """Resolve a thread, or open it again."""
    state = hub.state
    pull = hub.pull(repo, thread.number)
    if pull is None:
        raise HttpError(404, "Not Found")
    with state.change():
        if (thread.resolved_by_id is not None) == resolved:
            return thread
        changed = state.threads.put(
            msgspec.structs.replace(thread, resolved_by_id=actor.id if resolved else None)
        )
        comments = [
            shapes.review_comment(hub, repo, row, hub.view)
            for row in state.review_comments.of(repo.id, pull.number)
            if row.thread_id == thread.id and not is_pending(hub, row)
        ]
        action = "resolved" if resolved else "unresolved"
        fields: shapes.Json = {
            "pull_request": shapes.pull(hub, repo, pull, hub.view),
            "thread": {"node_id": node_id("PRRT", thread.id), "comments": comments},
        }
        happening = Happening(
            event="pull_request_review_thread",
            action=action,
            repository_id=repo.id,
            number=pull.number,
        )
        hub.announce("pull_request_review_thread", action, repo, actor, fields, happening)
        return changed
