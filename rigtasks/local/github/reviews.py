"""What happens to reviews: submitted, dismissed, their threads answered and resolved."""

from typing import Any

import msgspec

from rigtasks.local.github import pulls
from rigtasks.local.github.answers import HttpError, validation_failed
from rigtasks.local.github.git import ChangedFile
from rigtasks.local.github.hub import Happening, Hub, node_id
from rigtasks.local.github.issues import record, touch
from rigtasks.local.github.model import (
    Account,
    Issue,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    Thread,
)
from rigtasks.local.github.shapes import pulls as shapes

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
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


class NewReview(msgspec.Struct, frozen=True, kw_only=True):
    """A review to submit; `commit_id` None means the present head."""

    event: str
    body: str = ""
    commit_id: str | None = None
    comments: tuple[DraftComment, ...] = ()


def submit(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    half: Issue,
    author: Account,
    new: NewReview,
) -> Review:
    """Submit a review with the threads it opens.

    Raises:
        HttpError: 422 for an unknown event or commit, one's own pull request, no text where text
            is asked for, or a line that is not part of the diff.
    """
    event, body = new.event, new.body
    if event not in _STATES:
        raise HttpError(422, "Variable $event of type PullRequestReviewEvent was invalid")
    if event in {"APPROVE", "REQUEST_CHANGES"} and author.id == half.author_id:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise HttpError(
            422,
            "Unprocessable Entity",
            errors=[f"Review Can not {verb} your own pull request"],
        )
    if event != "APPROVE" and not body.strip() and not new.comments:
        raise HttpError(422, "Unprocessable Entity", errors=["Review body can't be blank"])
    git = hub.git(repo)
    sha = new.commit_id or pull.head_sha
    if git.resolve(sha) != sha or not git.is_ancestor(sha, pull.head_sha):
        raise HttpError(
            422, "Unprocessable Entity", errors=["Review commit_id is not part of the pull request"]
        )
    state = hub.state
    with state.change():
        anchored = [(draft, anchor(hub, repo, pull, sha, draft)) for draft in new.comments]
        now = state.now()
        review = state.reviews.put(
            Review(
                id=state.new_id(),
                repository_id=repo.id,
                number=pull.number,
                author_id=author.id,
                state=_STATES[event],
                body=body,
                commit_id=sha,
                submitted_at=now,
            )
        )
        for draft, thread in anchored:
            state.threads.put(thread)
            add_comment(hub, repo, pull, thread, author, draft.body, review_id=review.id)
        touch(hub, half)
        pulls.announce_review(hub, repo, pull, review.id, author, "submitted")
        return review


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
    review_id: int | None,
    in_reply_to_id: int | None = None,
) -> ReviewComment:
    """Add a comment to a thread."""
    state = hub.state
    with state.change():
        now = state.now()
        comment = state.review_comments.put(
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
        fields = {
            "comment": shapes.review_comment(hub, repo, comment, hub.view),
            "pull_request": shapes.pull(hub, repo, pull, hub.view),
        }
        happening = Happening(
            event="pull_request_review_comment",
            action="created",
            repository_id=repo.id,
            number=pull.number,
        )
        hub.announce("pull_request_review_comment", "created", repo, author, fields, happening)
        return comment


def dismiss(
    hub: Hub, repo: Repository, pull: PullRequest, review: Review, actor: Account, message: str
) -> Review:
    """Dismiss an approval or a request for changes.

    Raises:
        HttpError: 422 for a review that only commented or is dismissed already.
    """
    if review.state not in {"APPROVED", "CHANGES_REQUESTED"}:
        raise validation_failed("Can not dismiss a commented pull request review")
    state = hub.state
    with state.change():
        dismissed = state.reviews.put(msgspec.structs.replace(review, state="DISMISSED"))
        detail = {
            "dismissed_review": {
                "state": review.state.lower(),
                "review_id": review.id,
                "dismissal_message": message,
            }
        }
        record(hub, repo, pull.number, actor, "review_dismissed", detail=detail)
        pulls.announce_review(hub, repo, pull, review.id, actor, "dismissed")
        return dismissed


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
            if row.thread_id == thread.id
        ]
        action = "resolved" if resolved else "unresolved"
        fields: dict[str, Any] = {
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
