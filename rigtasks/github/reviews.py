"""Reviews and their threads: read all of them, post one once, resolve what is settled."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from rigtasks.github.api import Api
from rigtasks.github.doubt import write_or_find
from rigtasks.github.errors import NotFound, Refusal, ResponseTooLarge
from rigtasks.github.identities import Account
from rigtasks.github.issues import marker

_MOST_THREADS: Final = 2_000


class ReviewState(StrEnum):
    """The state of a review as REST writes it; webhooks use lower case."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"
    PENDING = "PENDING"


class ReviewEvent(StrEnum):
    """What posting a review says."""

    APPROVE = "APPROVE"
    REQUEST_CHANGES = "REQUEST_CHANGES"
    COMMENT = "COMMENT"


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A review; `commit_id` is what it was given for, `submitted_at` None while pending."""

    id: int
    user: Account | None
    state: ReviewState
    body: str = ""
    commit_id: str | None
    html_url: str = ""
    submitted_at: datetime | None = None


class ReviewComment(msgspec.Struct, frozen=True, kw_only=True):
    """A remark on a line of the new side of the diff."""

    path: str
    line: int
    body: str


class ReviewDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The review to post.

    Args:
        key: names it; a review with the same hidden key is not posted twice.
        commit_id: the head it is for.
    """

    key: str
    commit_id: str
    event: ReviewEvent
    body: str
    comments: tuple[ReviewComment, ...] = ()


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation on a line.

    Args:
        id: GraphQL's id, which resolving needs.
        resolved_by: login of who resolved it; GraphQL names bots without `[bot]`.
        opened_by: login of its first comment's author, None for a deleted account.
    """

    id: str
    is_resolved: bool
    is_outdated: bool
    path: str
    line: int | None
    resolved_by: str | None
    resolved_by_id: int | None
    opened_by: str | None
    opened_by_id: int | None
    body: str
    comment_id: int | None


def read_reviews(api: Api, number: int) -> tuple[Review, ...]:
    """Read all reviews, oldest first."""
    pages = api.pages(f"/pulls/{number}/reviews", tuple[Review, ...])
    return tuple(review for page in pages for review in page)


def post_review_once(api: Api, number: int, draft: ReviewDraft) -> Review:
    """Post a review for a commit unless this identity already has one with the same key.

    Raises:
        Unprocessable: a comment's line is not part of the diff, or the identity wrote the pull
            request itself.
        EffectUnknown: call again, which looks first.
    """
    found = _own_review(api, number, draft)
    if found is not None:
        return found
    content: dict[str, Any] = {
        "commit_id": draft.commit_id,
        "event": draft.event.value,
        "body": f"{draft.body.rstrip()}\n\n{marker(draft.key)}",
        "comments": [
            {"path": each.path, "line": each.line, "side": "RIGHT", "body": each.body}
            for each in draft.comments
        ],
    }
    return write_or_find(
        api,
        lambda: api.write("POST", f"/pulls/{number}/reviews", content, Review),
        lambda: _own_review(api, number, draft),
    )


def _own_review(api: Api, number: int, draft: ReviewDraft) -> Review | None:
    own, hidden = api.account().id, marker(draft.key)
    for review in read_reviews(api, number):
        mine = review.user is not None and review.user.id == own
        if mine and review.commit_id == draft.commit_id and hidden in review.body:
            return review
    return None


def read_threads(api: Api, number: int) -> tuple[Thread, ...]:
    """Read all review threads.

    Raises:
        ResponseTooLarge: there are more than any pull request of the rig can have.
    """
    owner, _, name = api.repository.full_name.partition("/")
    threads: list[Thread] = []
    after: str | None = None
    while True:
        data = api.query(_THREADS, _ThreadsData, owner=owner, name=name, number=number, after=after)
        page = _connection(api, number, data)
        threads += [_thread(node) for node in page.nodes if node is not None]
        if not page.page_info.has_next_page:
            return tuple(threads)
        if len(threads) > _MOST_THREADS:
            raise ResponseTooLarge(f"Pull request {number} has too many review threads.")
        after = page.page_info.end_cursor


def resolve_thread(api: Api, thread_id: str) -> None:
    """Resolve a thread; resolving a resolved one changes nothing."""
    api.mutate(_RESOLVE, _ResolveData, thread=thread_id)


_THREADS: Final = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        nodes {
          id
          isResolved
          isOutdated
          path
          line
          resolvedBy { login databaseId }
          comments(first: 1) {
            nodes {
              databaseId
              body
              author {
                login
                ... on User { databaseId }
                ... on Bot { databaseId }
              }
            }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""

_RESOLVE: Final = """
mutation Resolve($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}
"""


class _Actor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    login: str
    database_id: int | None = None


class _ThreadComment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    database_id: int | None = None
    body: str = ""
    author: _Actor | None = None


class _ThreadComments(msgspec.Struct, frozen=True, kw_only=True):
    nodes: tuple[_ThreadComment | None, ...]


class _ThreadNode(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    is_resolved: bool
    is_outdated: bool
    path: str
    line: int | None = None
    resolved_by: _Actor | None = None
    comments: _ThreadComments


class _PageInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _ThreadPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    nodes: tuple[_ThreadNode | None, ...]
    page_info: _PageInfo


class _ThreadsPull(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    review_threads: _ThreadPage


class _ThreadsRepository(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    pull_request: _ThreadsPull | None


class _ThreadsData(msgspec.Struct, frozen=True, kw_only=True):
    repository: _ThreadsRepository | None


class _ResolvedThread(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    is_resolved: bool


class _Resolved(msgspec.Struct, frozen=True, kw_only=True):
    thread: _ResolvedThread | None


class _ResolveData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    resolve_review_thread: _Resolved | None


def _connection(api: Api, number: int, data: _ThreadsData) -> _ThreadPage:
    pull = data.repository.pull_request if data.repository else None
    if pull is None:
        path = f"{api.repository.full_name}#{number}"
        raise NotFound(
            Refusal(method="POST", path=path, status=200, message="no such pull request")
        )
    return pull.review_threads


def _thread(node: _ThreadNode) -> Thread:
    first = next((comment for comment in node.comments.nodes if comment is not None), None)
    opener = first.author if first else None
    resolver = node.resolved_by
    return Thread(
        id=node.id,
        is_resolved=node.is_resolved,
        is_outdated=node.is_outdated,
        path=node.path,
        line=node.line,
        resolved_by=resolver.login if resolver else None,
        resolved_by_id=resolver.database_id if resolver else None,
        opened_by=opener.login if opener else None,
        opened_by_id=opener.database_id if opener else None,
        body=first.body if first else "",
        comment_id=first.database_id if first else None,
    )
