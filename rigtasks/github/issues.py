"""Issues: what they say, who approved them, and the few things the rig changes about them."""

import re
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from rigtasks.github.api import Api
from rigtasks.github.doubt import LOOK_AGAIN_PAUSES, write_or_find
from rigtasks.github.errors import NotFound
from rigtasks.github.identities import Account
from rigtasks.github.repositories import read_repository
from rigtasks.routing.labels import READY

#: The states of an issue that is not where it was: it is no more, or lives in another repository.
DELETED: Final = "deleted"
TRANSFERRED: Final = "transferred"

_MARKER_END = " -->"
_MARKER_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/-]{0,199}")


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A label."""

    name: str


class PullRequestLinks(msgspec.Struct, frozen=True, kw_only=True):
    """Present on an issue that is a pull request."""

    merged_at: datetime | None = None


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue; `user` is None for a deleted account."""

    id: int
    number: int
    title: str
    body: str | None
    state: str
    html_url: str
    user: Account | None
    labels: tuple[Label, ...]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    pull_request: PullRequestLinks | None = None

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of its labels."""
        return tuple(label.name for label in self.labels)


class Absent(msgspec.Struct, frozen=True, kw_only=True):
    """What an issue came to that is not where it was: `DELETED` or `TRANSFERRED`."""

    state: str

    @property
    def label_names(self) -> tuple[str, ...]:
        """None: labels that it has elsewhere do not count here."""
        return ()


class Unseen(msgspec.Struct, frozen=True, kw_only=True):
    """What GitHub shows of an issue it answers 404 for, beside other issues of its repository."""


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on an issue or in the conversation of a pull request."""

    id: int
    body: str
    user: Account | None
    html_url: str
    created_at: datetime
    updated_at: datetime


class LabelInForce(msgspec.Struct, frozen=True, kw_only=True):
    """The event that put a label on that is still there.

    Args:
        actor: who applied it, None for a deleted account.
    """

    event_id: int
    label: str
    actor: Account | None
    created_at: datetime


class TextEdit(msgspec.Struct, frozen=True, kw_only=True):
    """The newest change of a title or body.

    Args:
        what: `title` or `body`.
        editor: the login of who changed it, None where GitHub does not tell.
    """

    what: str
    edited_at: datetime
    editor: str | None


class Rename(msgspec.Struct, frozen=True, kw_only=True):
    """The new title."""

    to: str


class IssueEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an issue or pull request."""

    id: int
    event: str
    actor: Account | None
    created_at: datetime
    label: Label | None = None
    rename: Rename | None = None


class IssueHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The events of an issue that matter here, oldest first."""

    events: tuple[IssueEvent, ...]

    def label_in_force(self, label: str) -> LabelInForce | None:
        """Return the event that applied a label, None when it was taken off or never there."""
        current: LabelInForce | None = None
        for event in self.events:
            if event.label is None or event.label.name != label:
                continue
            applied = event.event == "labeled"
            current = (
                LabelInForce(
                    event_id=event.id, label=label, actor=event.actor, created_at=event.created_at
                )
                if applied
                else None
            )
        return current

    def last_rename(self) -> TextEdit | None:
        """Return the newest change of the title."""
        for event in reversed(self.events):
            if event.event == "renamed":
                editor = event.actor.login if event.actor else None
                return TextEdit(what="title", edited_at=event.created_at, editor=editor)
        return None


def read_issue(api: Api, number: int) -> Issue:
    """Read an issue."""
    return api.get(f"/issues/{number}", Issue)


def look_for_issue(api: Api, number: int) -> Issue | Absent:
    """Read an issue, or what became of it.

    The address of one that was transferred leads to where it went; nothing it says there counts.

    Raises:
        NotFound: there is none the identity may know of, which says nothing about a deletion, or
            the repository has its issues switched off.
    """
    try:
        issue = read_issue(api, number)
    except NotFound as error:
        if error.is_gone:
            read_labelled_issues(api, READY)  # 410 as well where issues are switched off
            return Absent(state=DELETED)
        raise
    return issue if _is_here(api, issue, number) else Absent(state=TRANSFERRED)


def look_for_known_issue(api: Api, number: int, *, label: str) -> Issue | Absent | Unseen:
    """Read an issue that was read here before, or what became of it.

    GitHub says 410 of one that was deleted, and leads to one that was transferred. It says 404
    where it lags, of what the identity may not see for now, and of one that went where it may not
    look: a single look does not tell these apart.

    Args:
        api: the identity that looks.
        number: of the issue.
        label: one that the issue had; it may still be listed with it.

    Raises:
        NotFound: the repository or its issues are not shown either.
    """
    for pause in (*LOOK_AGAIN_PAUSES, None):
        try:
            return look_for_issue(api, number)
        except NotFound:
            if pause is not None:
                api.pause(pause)
    listed = read_labelled_issues(api, label)
    return next((one for one in listed if one.number == number), Unseen())


def _is_here(api: Api, issue: Issue, number: int) -> bool:
    """Say whether an issue is still the one with this number of this repository."""
    if issue.number != number:
        return False
    owner, name = urlsplit(issue.html_url).path.split("/")[-4:-2]
    shown = f"{owner}/{name}".lower()
    return shown == api.repository.full_name.lower() or (
        shown == read_repository(api).full_name.lower()
    )


def read_labelled_issues(api: Api, label: str) -> tuple[Issue, ...]:
    """List the open issues with a label; pull requests with it are left out."""
    pages = api.pages("/issues", tuple[Issue, ...], state="open", labels=label)
    return tuple(issue for page in pages for issue in page if issue.pull_request is None)


def read_history(api: Api, number: int) -> IssueHistory:
    """Read the labels and renames of an issue; comments and mentions are not part of it."""
    pages = api.pages(f"/issues/{number}/events", tuple[IssueEvent, ...])
    wanted = {"labeled", "unlabeled", "renamed"}
    events = [event for page in pages for event in page if event.event in wanted]
    return IssueHistory(events=tuple(sorted(events, key=lambda each: (each.created_at, each.id))))


def read_last_text_edit(api: Api, number: int, history: IssueHistory) -> TextEdit | None:
    """Return the newest change of title or body, None when the text is as it was written.

    Titles are in the history; edits of the body are known to GraphQL only.
    """
    owner, _, name = api.repository.full_name.partition("/")
    data = api.query(_EDITS, _EditsData, owner=owner, name=name, number=number)
    edits = [edit for edit in (history.last_rename(), _body_edit(data)) if edit is not None]
    return max(edits, key=lambda edit: edit.edited_at, default=None)


def read_comments(api: Api, number: int) -> tuple[Comment, ...]:
    """Read the comments of an issue or pull request, oldest first."""
    pages = api.pages(f"/issues/{number}/comments", tuple[Comment, ...])
    return tuple(comment for page in pages for comment in page)


def open_issue_once(
    api: Api, *, key: str, since: datetime, title: str, body: str, label: str
) -> Issue:
    """Make sure that our issue with this key exists, labelled from the start.

    Args:
        api: the identity that files it.
        key: names the issue; it is hidden in its text.
        since: when it cannot have been filed before, in UTC.
        title: of the issue.
        body: the text, without the marker.
        label: the label it carries.

    Raises:
        EffectUnknown: call again, which looks first.
    """
    hidden = marker(key)
    content = {"title": title, "body": f"{body.rstrip()}\n\n{hidden}", "labels": [label]}

    def filed() -> Issue | None:
        own = api.account().id
        query = {"state": "all", "since": f"{since:%Y-%m-%dT%H:%M:%SZ}"}
        pages = api.pages("/issues", tuple[Issue, ...], **query)
        return next(
            (
                one
                for page in pages
                for one in page
                if one.user is not None and one.user.id == own and hidden in (one.body or "")
            ),
            None,
        )

    return filed() or write_or_find(
        api, lambda: api.write("POST", "/issues", content, Issue), filed
    )


def marker(key: str) -> str:
    """Return the hidden words by which something the rig wrote is found again.

    Raises:
        ValueError: the key could end the comment it is hidden in.
    """
    if _MARKER_KEY.fullmatch(key) is None or "--" in key:
        raise ValueError(f"{key!r} is no key for a marker.")
    return f"<!-- rig:{key}{_MARKER_END}"


def comment_once(api: Api, number: int, *, key: str, body: str) -> Comment:
    """Make sure the issue has our comment with this key and exactly this text.

    An earlier one is edited in place, so that repeating the call changes nothing. Where GitHub's
    list once lay behind and a second one was written, the oldest is kept and the others go. A
    comment of somebody else with the same marker is left alone.

    Args:
        api: the identity that comments.
        number: of the issue or pull request.
        key: names the comment; it is hidden in the text.
        body: the text, without the marker.

    Raises:
        EffectUnknown: call again, which looks first.
    """
    text = f"{body.rstrip()}\n\n{marker(key)}"
    hidden = marker(key)
    own = _own_comments(api, number, hidden)
    if not own:
        return write_or_find(
            api,
            lambda: api.write("POST", f"/issues/{number}/comments", {"body": text}, Comment),
            lambda: next(iter(_own_comments(api, number, hidden)), None),
        )
    kept, *superfluous = own
    for comment in superfluous:
        api.delete(f"/issues/comments/{comment.id}")
    if kept.body.replace("\r\n", "\n") == text:
        return kept
    return api.write("PATCH", f"/issues/comments/{kept.id}", {"body": text}, Comment)


def comment_anew(api: Api, number: int, *, series: str, ordinal: str, body: str) -> Comment:
    """Make sure the issue has this comment of a series and none of the others.

    Unlike one that is edited it is news to those who watch the issue; repeating the call is not.

    Args:
        api: the identity that comments.
        number: of the issue or pull request.
        series: names the comments that make way for each other.
        ordinal: names this one among them.
        body: the text, without the marker.

    Raises:
        EffectUnknown: call again, which looks first.
    """
    comment = comment_once(api, number, key=f"{series}:{ordinal}", body=body)
    others = _own_comments(api, number, marker(f"{series}:")[: -len(_MARKER_END)])
    for one in others:
        if one.id != comment.id:
            api.delete(f"/issues/comments/{one.id}")
    return comment


def _own_comments(api: Api, number: int, hidden: str) -> list[Comment]:
    own = api.account().id
    mine = (
        comment
        for comment in read_comments(api, number)
        if comment.user is not None and comment.user.id == own and hidden in comment.body
    )
    return sorted(mine, key=lambda comment: comment.id)


_EDITS: Final = """
query Edits($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    issue(number: $number) { lastEditedAt editor { login } }
  }
}
"""


class _Editor(msgspec.Struct, frozen=True, kw_only=True):
    login: str


class _EditedIssue(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    last_edited_at: datetime | None = None
    editor: _Editor | None = None


class _EditedRepository(msgspec.Struct, frozen=True, kw_only=True):
    issue: _EditedIssue | None


class _EditsData(msgspec.Struct, frozen=True, kw_only=True):
    repository: _EditedRepository | None


def _body_edit(data: _EditsData) -> TextEdit | None:
    issue = data.repository.issue if data.repository else None
    if issue is None or issue.last_edited_at is None:
        return None
    editor = issue.editor.login if issue.editor else None
    return TextEdit(what="body", edited_at=issue.last_edited_at, editor=editor)
