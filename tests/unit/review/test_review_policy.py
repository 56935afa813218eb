"""What becomes of a review: posted for the right commit by the right account, or not at all."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rigtasks.review.body import comment_body, defused, fenced, review_body
from rigtasks.review.findings import Finding, Review, ReviewVerdict, Severity
from rigtasks.review.policy import (
    MAX_COMMENTS,
    Escalate,
    PostReview,
    Redispatch,
    ReviewEvent,
    ReviewOutcome,
    ReviewRound,
    decide_review,
)

HEAD = "a" * 40
AUTHOR, REVIEWER = 11, 12


def finding(**changes: object) -> Finding:
    values: dict[str, object] = {
        "severity": Severity.MAJOR,
        "message": "Off by one.",
        "path": "app.py",
        "line": 10,
    }
    return Finding(**values | changes)


def review(verdict: ReviewVerdict, *findings: Finding) -> Review:
    return Review(verdict=verdict, summary="Nearly.", findings=findings)


APPROVAL = review(ReviewVerdict.APPROVE)
DEMAND = review(ReviewVerdict.REQUEST_CHANGES, finding())
ABSTENTION = review(ReviewVerdict.ABSTAIN)


def decided(handed_in: Review | None, **changes: object) -> ReviewOutcome:
    values: dict[str, object] = {
        "reviewed_sha": HEAD,
        "head_sha": HEAD,
        "reviewer_id": REVIEWER,
        "involved_ids": frozenset({AUTHOR}),
    }
    return decide_review(handed_in, ReviewRound(**values | changes))


@pytest.mark.parametrize(
    ("handed_in", "event"),
    [(APPROVAL, ReviewEvent.APPROVE), (DEMAND, ReviewEvent.REQUEST_CHANGES)],
)
def test_a_verdict_is_posted_for_the_commit_that_was_seen(
    handed_in: Review, event: ReviewEvent
) -> None:
    outcome = decided(handed_in)

    assert isinstance(outcome, PostReview)
    assert (outcome.commit_id, outcome.event) == (HEAD, event)
    assert not outcome.loops_exceeded


def test_findings_become_comments_on_their_lines_and_the_rest_goes_into_the_body() -> None:
    elsewhere = finding(path=None, line=None, message="other.py:3: stale.")

    outcome = decided(review(ReviewVerdict.REQUEST_CHANGES, finding(), elsewhere))

    assert isinstance(outcome, PostReview)
    assert [(one.path, one.line, one.side) for one in outcome.comments] == [("app.py", 10, "RIGHT")]
    assert "stale" in outcome.body
    assert "Off by one" not in outcome.body


def test_no_finding_is_lost_when_there_are_very_many() -> None:
    many = tuple(finding(message=f"finding-{index};") for index in range(MAX_COMMENTS + 5))

    outcome = decided(review(ReviewVerdict.REQUEST_CHANGES, *many))

    assert isinstance(outcome, PostReview)
    shown = outcome.body + "".join(one.body for one in outcome.comments)
    assert len(outcome.comments) == MAX_COMMENTS
    assert all(f"finding-{index};" in shown for index in range(len(many)))


@pytest.mark.parametrize("handed_in", [APPROVAL, DEMAND, ABSTENTION, None])
def test_nobody_reviews_a_change_they_had_a_hand_in(handed_in: Review | None) -> None:
    outcome = decided(handed_in, involved_ids=frozenset({AUTHOR, REVIEWER}))

    assert isinstance(outcome, Escalate)


@pytest.mark.parametrize("handed_in", [APPROVAL, DEMAND])
def test_nothing_is_posted_while_the_authors_are_unknown_or_the_branch_moved(
    handed_in: Review,
) -> None:
    assert isinstance(decided(handed_in, involved_ids=None), Redispatch)
    assert isinstance(decided(handed_in, head_sha="b" * 40), Redispatch)


@pytest.mark.parametrize("handed_in", [ABSTENTION, None])
def test_an_abstention_is_given_out_again_and_then_goes_to_a_person(
    handed_in: Review | None,
) -> None:
    kinds = [type(decided(handed_in, abstentions=before)) for before in range(4)]

    assert kinds == [Redispatch, Redispatch, Escalate, Escalate]


def test_the_demand_beyond_the_cap_is_posted_and_marked_for_a_person() -> None:
    outcomes = [decided(DEMAND, loops=before) for before in range(5)]

    assert all(isinstance(one, PostReview) for one in outcomes)
    marks = [isinstance(one, PostReview) and one.loops_exceeded for one in outcomes]
    assert marks == [False, False, False, True, True]


def test_an_approval_ends_the_loops_however_many_there_were() -> None:
    outcome = decided(APPROVAL, loops=9)

    assert isinstance(outcome, PostReview)
    assert not outcome.loops_exceeded


HOSTILE = (
    "@acme/everyone ![x](https://evil.example/?d=1) <img src=x> <!-- x --> other/repo#1 "
    "[a](https://evil.example) [b]: https://evil.example GH-7 www.x.example"
)


def test_what_a_reviewer_writes_cannot_mention_embed_or_link() -> None:
    for text in (
        review_body(HOSTILE, (finding(path=None, line=None, message=HOSTILE, rule=HOSTILE),)),
        comment_body(finding(message=HOSTILE)),
    ):
        page = MarkdownIt("commonmark", {"html": True}).render(text)
        for active in ("@acme", "<img", "<!--", "<a ", "repo#1", "://evil", "GH-7"):
            assert active not in page


def test_a_suggestion_stays_as_it_is_and_in_its_block() -> None:
    text = "```\n@acme <b> `x`\n````"

    tokens = MarkdownIt().parse(fenced(text))

    assert [one.type for one in tokens] == ["fence"]
    assert tokens[0].content == text + "\n"
    assert fenced("a < b") in comment_body(finding(suggestion="a < b"))


def test_ordinary_markdown_reads_as_it_was_written() -> None:
    text = "Use `a < b`, see **line 3**:\n\n- one\n- two # comment"

    assert defused(text) == text


def test_a_body_never_exceeds_what_github_takes() -> None:
    rest = tuple(finding(path=None, line=None, message="@x" * 2_000) for _ in range(50))

    assert len(review_body("s", rest)) <= 65_536


@given(st.text(max_size=80))
def test_any_text_is_defused_without_losing_a_visible_character(text: str) -> None:
    assert defused(text).replace("\u200b", "") == text.replace("\u200b", "")
    assert msgspec.json.encode(comment_body(finding(message=text or "x")))
