"""The task is the text as it stood at the label, and its digest follows that text alone."""

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.routing.task_text import (
    BODY_LENGTH,
    COMMENT_LENGTH,
    MAX_COMMENTS,
    TITLE_LENGTH,
    FrozenTask,
    IssueComment,
    freeze_task,
)

LABELLED = datetime(2026, 5, 4, 12, tzinfo=UTC)


def comment(
    *, minutes: int = -5, edited: int | None = None, permitted: bool = True, body: str = "also this"
) -> IssueComment:
    created = LABELLED + timedelta(minutes=minutes)
    updated = created if edited is None else LABELLED + timedelta(minutes=edited)
    return IssueComment(
        id=1_000 + minutes,
        author_id=9,
        author="maintainer",
        created_at=created,
        updated_at=updated,
        body=body,
        permitted=permitted,
    )


def freeze(*comments: IssueComment, title: str = "Fix it", body: str | None = "Text") -> FrozenTask:
    return freeze_task(title=title, body=body, comments=comments, labelled_at=LABELLED)


def test_title_body_and_permitted_comments_up_to_the_label_are_kept_in_their_order() -> None:
    task = freeze(comment(minutes=0, body="second"), comment(minutes=-5, body="first"))

    assert (task.title, task.body) == ("Fix it", "Text")
    assert [each.body for each in task.comments] == ["first", "second"]
    assert not task.truncated
    assert task.left_out == 0


@pytest.mark.parametrize(
    ("late", "left_out"),
    [
        (comment(minutes=1), 0),
        (comment(permitted=False), 0),
        (comment(edited=1), 1),
    ],
)
def test_later_edited_and_strangers_comments_never_count(late: IssueComment, left_out: int) -> None:
    task = freeze(late)

    assert task.comments == ()
    assert task.left_out == left_out
    assert task.digest == freeze().digest


def test_a_comment_edited_before_the_label_counts() -> None:
    assert len(freeze(comment(minutes=-5, edited=-1)).comments) == 1


@pytest.mark.parametrize(
    "other",
    [
        freeze(title="Fix that"),
        freeze(body="Text."),
        freeze(comment()),
        freeze(title="Fix", body="it Text"),
        freeze(comment(body="other")),
    ],
)
def test_any_change_of_the_visible_text_changes_the_digest(other: FrozenTask) -> None:
    assert other.digest != freeze().digest


@pytest.mark.parametrize(
    "same",
    [
        freeze(body="Text<!-- hidden -->"),
        freeze(body="Te\u200bxt\r\n"),
        freeze(title=" Fix\n it "),
    ],
)
def test_what_nobody_sees_changes_nothing(same: FrozenTask) -> None:
    assert same.digest == freeze().digest


def test_the_digest_is_the_sha256_of_the_written_form() -> None:
    written = b'["task/1","Fix it","Text",[[995,9,"also this"]]]'

    assert freeze(comment()).digest == hashlib.sha256(written).hexdigest()


def test_long_texts_are_cut_and_say_so() -> None:
    title = freeze(title="t" * 5_000)
    body = freeze(body="b" * 70_000)
    spoken = freeze(comment(body="c" * 70_000))

    assert len(title.title) == TITLE_LENGTH
    assert len(body.body) == BODY_LENGTH
    assert len(spoken.comments[0].body) == COMMENT_LENGTH
    assert title.truncated
    assert body.truncated
    assert spoken.truncated


def test_texts_of_just_the_greatest_length_are_whole() -> None:
    task = freeze(
        comment(body="c" * COMMENT_LENGTH), title="t" * TITLE_LENGTH, body="b" * BODY_LENGTH
    )

    assert not task.truncated
    assert len(task.body) == BODY_LENGTH


def test_of_five_thousand_comments_the_newest_are_kept() -> None:
    task = freeze(*(comment(minutes=-minute, body=str(minute)) for minute in range(5_000)))

    assert len(task.comments) == MAX_COMMENTS
    assert task.comments[-1].body == "0"
    assert task.left_out == 5_000 - MAX_COMMENTS


def test_an_empty_issue_is_an_empty_task() -> None:
    task = freeze(title="<!-- only hidden -->", body=None)

    assert (task.title, task.body) == ("", "")
    assert task.removed.comments == 1


@given(st.text(max_size=30), st.none() | st.text(max_size=30), st.permutations([1, 2, 3]))
@settings(max_examples=100, deadline=None)
def test_the_order_comments_arrive_in_does_not_matter(
    title: str, body: str | None, order: list[int]
) -> None:
    comments = {n: comment(minutes=-n, body=str(n)) for n in (1, 2, 3)}

    arrived = freeze(*(comments[n] for n in order), title=title, body=body)

    assert arrived == freeze(*comments.values(), title=title, body=body)
    assert msgspec.json.decode(msgspec.json.encode(arrived), type=FrozenTask) == arrived
