"""Commit messages carry the trailers, and a title can do no harm in them."""

from uuid import UUID

import pytest

from rigtasks.agent.assignment import Assignment, Feedback, FeedbackKind, Role
from rigtasks.agent.commit_message import commit_message

RUN = UUID(int=7)


def message(title: str, feedback: Feedback | None = None, *, unfinished: bool = False) -> list[str]:
    work = Assignment(
        run_id=RUN,
        ref="demo/rooms#3",
        issue_number=3,
        role=Role.IMPLEMENT,
        title=title,
        body="",
        base_branch="main",
        base_sha="a" * 40,
        branch="feature/issue-3-x",
        head_sha="a" * 40,
        feedback=feedback,
    )
    made = commit_message(work, agent="dev-e", model="m-1", unfinished=unfinished)
    return made.split("\n")


def test_run_agent_model_and_issue_are_named() -> None:
    assert message("Bookings clash") == [
        "fix: Bookings clash",
        "",
        "Rig-Issue: demo/rooms#3",
        f"Rig-Run: {RUN}",
        "Rig-Agent: dev-e",
        "Rig-Model: m-1",
        "",
    ]


@pytest.mark.parametrize(
    "title",
    [
        "x [skip ci]",
        "x [skip[skip ci] ci]",
        "[CI SKIP] x",
        "x skip-checks: true",
        "x\r\n\r\nCo-authored-by: a <b@c>",
        "\x00x",
    ],
)
def test_a_title_cannot_switch_ci_off_or_add_a_trailer(title: str) -> None:
    subject, blank, *trailers = message(title)

    assert subject.startswith("fix: x")
    assert blank == ""
    assert len(trailers) == 5
    assert "skip" not in subject.lower()


def test_a_long_title_is_cut_and_an_empty_one_replaced() -> None:
    assert len(message("word " * 40)[0]) <= 72
    assert message("\u200b".strip("\u200b"))[0] == "fix: the reported issue"


def test_an_answer_to_a_review_says_so() -> None:
    subject = message("Clash", Feedback(kind=FeedbackKind.REVIEW, summary="one"))[0]

    assert subject == "fix: answer the review of “Clash”"


def test_unfinished_work_says_so_whatever_it_answers_and_switches_nothing_off() -> None:
    feedback = Feedback(kind=FeedbackKind.REVIEW, summary="one")

    subject, _, *trailers = message("[skip ci] Clash", feedback, unfinished=True)

    assert subject == "wip: Clash"
    assert len(trailers) == 5
