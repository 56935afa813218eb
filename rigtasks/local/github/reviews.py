"""What happens to reviews: begun, submitted, dismissed, with the threads they open."""

import msgspec

from rigtasks.local.github import review_requests, review_threads
from rigtasks.local.github.answers import HttpError, validation_failed
from rigtasks.local.github.hub import Happening, Hub
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
from rigtasks.local.github.review_threads import DraftComment
from rigtasks.local.github.shapes import pulls as shapes

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
_PENDING = "PENDING"
_ONE_PENDING = "User can only have one pending review per pull request"


class NewReview(msgspec.Struct, frozen=True, kw_only=True):
    """A review to make; `event` None leaves it pending, `commit_id` None means the present head."""

    event: str | None
    body: str = ""
    commit_id: str | None = None
    comments: tuple[DraftComment, ...] = ()


def create(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    half: Issue,
    author: Account,
    new: NewReview,
) -> Review:
    """Make a review with the threads it opens, and submit it unless it shall stay pending.

    Raises:
        HttpError: 422 for an unknown event or commit, one's own pull request, no text where text
            is asked for, a second pending review, or a line that is not part of the diff.
    """
    if new.event is not None:
        _check_event(half, author, new.event, has_text=bool(new.body.strip() or new.comments))
    if pending_of(hub, repo, pull, author) is not None:
        raise HttpError(422, "Unprocessable Entity", errors=[_ONE_PENDING])
    git = hub.git(repo)
    sha = new.commit_id or pull.head_sha
    if git.resolve(sha) != sha or not git.is_ancestor(sha, pull.head_sha):
        raise HttpError(
            422, "Unprocessable Entity", errors=["Review commit_id is not part of the pull request"]
        )
    with hub.state.change():
        anchored = [
            (draft, review_threads.anchor(hub, repo, pull, sha, draft)) for draft in new.comments
        ]
        review = _put(hub, repo, pull, author, body=new.body, sha=sha)
        for draft, thread in anchored:
            hub.state.threads.put(thread)
            review_threads.add_comment(
                hub, repo, pull, thread, author, draft.body, review_id=review.id
            )
        if new.event is None:
            return review
        return submit(hub, repo, pull, half, author, review, new.event)


def pending_of(hub: Hub, repo: Repository, pull: PullRequest, author: Account) -> Review | None:
    """Return somebody's review of a pull request that is not submitted, or None."""
    for review in hub.state.reviews.of(repo.id, pull.number):
        if review.state == _PENDING and review.author_id == author.id:
            return review
    return None


def _put(
    hub: Hub, repo: Repository, pull: PullRequest, author: Account, *, body: str, sha: str
) -> Review:
    return hub.state.reviews.put(
        Review(
            id=hub.state.new_id(),
            repository_id=repo.id,
            number=pull.number,
            author_id=author.id,
            state=_PENDING,
            body=body,
            commit_id=sha,
        )
    )


def _check_event(half: Issue, author: Account, event: str, *, has_text: bool) -> None:
    if event not in _STATES:
        raise HttpError(422, "Variable $event of type PullRequestReviewEvent was invalid")
    if event in {"APPROVE", "REQUEST_CHANGES"} and author.id == half.author_id:
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise HttpError(
            422,
            "Unprocessable Entity",
            errors=[f"Review Can not {verb} your own pull request"],
        )
    if event != "APPROVE" and not has_text:
        raise HttpError(422, "Unprocessable Entity", errors=["Review body can't be blank"])


def submit(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    half: Issue,
    author: Account,
    review: Review,
    event: str,
) -> Review:
    """Submit a pending review: its comments and its verdict become known.

    Raises:
        HttpError: 422 when it is not pending, for an unknown event, one's own pull request, or no
            text where text is asked for.
    """
    if review.state != _PENDING:
        raise validation_failed("Can not submit a review that is not pending")
    comments = _comments(hub, review)
    _check_event(half, author, event, has_text=bool(review.body.strip() or comments))
    state = hub.state
    with state.change():
        submitted = state.reviews.put(
            msgspec.structs.replace(review, state=_STATES[event], submitted_at=state.now())
        )
        pull = review_requests.answered(hub, pull, author)
        for comment in comments:
            review_threads.announce_comment(hub, repo, pull, comment, author, "created", {})
        touch(hub, half)
        announce_review(hub, repo, pull, review.id, author, "submitted")
        return submitted


def _comments(hub: Hub, review: Review) -> list[ReviewComment]:
    rows = hub.state.review_comments.of(review.repository_id, review.number)
    return [row for row in rows if row.review_id == review.id]


def say(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    half: Issue,
    author: Account,
    thread: Thread,
    body: str,
    *,
    in_reply_to_id: int | None = None,
) -> ReviewComment:
    """Comment in a thread outside a review, which the forge wraps in a review of its own.

    Raises:
        HttpError: 422 when the author has a pending review.
    """
    if pending_of(hub, repo, pull, author) is not None:
        raise HttpError(422, "Unprocessable Entity", errors=[_ONE_PENDING])
    with hub.state.change():
        hub.state.threads.put(thread)
        review = _put(hub, repo, pull, author, body="", sha=pull.head_sha)
        comment = review_threads.add_comment(
            hub,
            repo,
            pull,
            thread,
            author,
            body,
            review_id=review.id,
            in_reply_to_id=in_reply_to_id,
        )
        submit(hub, repo, pull, half, author, review, "COMMENT")
        return comment


def edit(
    hub: Hub, repo: Repository, pull: PullRequest, review: Review, actor: Account, body: str
) -> Review:
    """Change the text of a review."""
    with hub.state.change():
        changed = hub.state.reviews.put(msgspec.structs.replace(review, body=body))
        if review.state != _PENDING:
            changes = {"changes": {"body": {"from": review.body}}}
            announce_review(hub, repo, pull, review.id, actor, "edited", changes)
        return changed


def discard(hub: Hub, repo: Repository, pull: PullRequest, review: Review, actor: Account) -> None:
    """Delete a pending review with its comments.

    Raises:
        HttpError: 422 when it is submitted.
    """
    if review.state != _PENDING:
        raise validation_failed("Can not delete a non-pending pull request review")
    with hub.state.change():
        for comment in _comments(hub, review):
            review_threads.delete_comment(hub, repo, pull, comment, actor)
        hub.state.reviews.remove(review.id)


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
        announce_review(hub, repo, pull, review.id, actor, "dismissed")
        return dismissed


def announce_review(
    hub: Hub,
    repo: Repository,
    pull: PullRequest,
    review_id: int,
    actor: Account,
    action: str,
    extra: shapes.Json | None = None,
) -> None:
    """Announce a submitted, edited or dismissed review."""
    review = hub.state.reviews.get(review_id)
    fields = {
        **(extra or {}),
        "review": shapes.review(hub, repo, review, hub.view, webhook=True),
        "pull_request": shapes.pull(hub, repo, pull, hub.view),
    }
    happening = Happening(
        event="pull_request_review",
        action=action,
        repository_id=repo.id,
        number=pull.number,
        sha=review.commit_id,
    )
    hub.announce("pull_request_review", action, repo, actor, fields, happening)
