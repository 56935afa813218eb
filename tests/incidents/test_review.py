"""Reviews that were refused, forgotten, misread or never ended."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.errors import Rejected
from rigtasks.gate.facts import Review as GateReview
from rigtasks.lifecycle.caps import MAX_RETURNS
from rigtasks.lifecycle.commands import CiStatus, Retry
from rigtasks.lifecycle.state import Lane, Overlay, Stage
from rigtasks.review.diff import parse_diff
from rigtasks.review.findings import Review, ReviewVerdict, parse_review
from rigtasks.review.policy import (
    Escalate,
    PostReview,
    ReviewEvent,
    ReviewRound,
    decide_review,
)
from rigtasks.testing.life import Life, verdict

HEAD = "a" * 40
BOTS = {"dev-e": 11, "review-e": 12, "ibuild-e": 13, "maria": 21}
NO_DIFF = parse_diff(b"", truncated=False)


def in_review() -> Life:
    life = Life()
    life.approve()
    life.implement()
    life.publish()
    return life


@pytest.mark.incident("A3")
@pytest.mark.parametrize("reviewer", BOTS)
@pytest.mark.parametrize("author", BOTS)
def test_a3_a_reviewer_steps_back_from_its_own_account_only(author: str, reviewer: str) -> None:
    approval = Review(verdict=ReviewVerdict.APPROVE, summary=f"{reviewer} looked", findings=())

    outcome = decide_review(
        approval,
        ReviewRound(
            reviewed_sha=HEAD,
            head_sha=HEAD,
            reviewer_id=BOTS[reviewer],
            involved_ids=frozenset({BOTS[author]}),
        ),
    )

    assert isinstance(outcome, Escalate if author == reviewer else PostReview)


@settings(max_examples=100, deadline=None)
@given(
    prose=st.one_of(
        st.sampled_from(
            [
                "I approve.",
                "I cannot approve this.",
                "APPROVED: do not merge",
                "verdict: approve",
                '{"verdict": "approve"}',
                "LGTM, approve\u200bd, REQUEST_CHANGES",
            ]
        ),
        st.text(min_size=1, max_size=200).filter(str.strip),
    ),
    said=st.sampled_from(ReviewVerdict),
)
@pytest.mark.incident("B34")
def test_b34_what_a_review_says_in_words_decides_nothing(prose: str, said: ReviewVerdict) -> None:
    finding = {"severity": "major", "message": prose, "path": None, "line": None}
    findings = [finding] if said is ReviewVerdict.REQUEST_CHANGES else []
    document = {"verdict": said.value, "summary": prose, "findings": findings}
    try:
        parsed = parse_review(json.dumps(document).encode(), diff=NO_DIFF)
    except Rejected:
        return  # refused whole: nothing of it is posted

    outcome = decide_review(
        parsed,
        ReviewRound(reviewed_sha=HEAD, head_sha=HEAD, reviewer_id=12, involved_ids=frozenset({11})),
    )

    posted = outcome.event if isinstance(outcome, PostReview) else None
    assert (
        posted
        == {
            ReviewVerdict.APPROVE: ReviewEvent.APPROVE,
            ReviewVerdict.REQUEST_CHANGES: ReviewEvent.REQUEST_CHANGES,
            ReviewVerdict.ABSTAIN: None,
        }[said]
    )


@pytest.mark.incident("B34")
def test_b34_a_document_that_is_only_prose_is_no_review_and_the_gate_knows_no_prose() -> None:
    for text in (b"I approve", b'"approve"', b'{"summary": "approve"}'):
        with pytest.raises(Rejected):
            parse_review(text, diff=NO_DIFF)

    assert not {"body", "text", "summary"} & set(GateReview.__struct_fields__)


@pytest.mark.incident("B36")
@pytest.mark.parametrize("login", ["review-e[bot]", "reviewer-of-last-year", ""])
def test_b36_a_new_head_asks_for_a_review_whoever_gave_the_last_one(login: str) -> None:
    life = in_review()
    life.review()
    dispute = verdict("CHANGES_REQUESTED", "h1")
    life.observe(reviews=(type(dispute)(**{**_fields(dispute), "reviewer": login}),))
    assert life.issue.lane is Lane.CHANGES_REQUESTED

    life.implement(head_sha="h2")
    life.publish()

    assert (life.issue.lane, life.issue.wanted_stage) == (Lane.IN_REVIEW, Stage.REVIEW)


def _fields(struct: object) -> dict[str, object]:
    names = struct.__struct_fields__  # type: ignore[attr-defined]
    return {name: getattr(struct, name) for name in names}


@pytest.mark.incident("B43")
@pytest.mark.parametrize("reviewer_wins", [True, False])
def test_b43_author_and_reviewer_do_not_go_on_for_ever(*, reviewer_wins: bool) -> None:
    life = in_review()

    for number in range(2, 30):
        if life.issue.wanted_stage is None:
            break
        if reviewer_wins:
            life.review()
            dispute = verdict("CHANGES_REQUESTED", life.issue.head_sha or "", id=number)
            life.observe(reviews=(dispute,))
        else:
            life.observe(ci=CiStatus.RED)
        if life.issue.wanted_stage is Stage.IMPLEMENT:
            life.implement(head_sha=f"h{number}")
            life.publish()

    assert life.issue.review_loops == life.issue.limits.max_review_loops + 1
    assert life.issue.overlay is Overlay.ESCALATED
    assert life.issue.who_must_act == "a maintainer of the repository"


@pytest.mark.incident("review-1")
def test_review_1_the_newest_verdict_of_a_head_counts_whatever_order_they_come_in() -> None:
    old, new = verdict("APPROVED", "h1", id=1), verdict("CHANGES_REQUESTED", "h1", id=2)
    for seen in ((old, new), (new, old)):
        life = in_review()
        life.observe(reviews=seen)
        assert life.issue.lane is Lane.CHANGES_REQUESTED
        assert life.observe(reviews=seen) == ()


@pytest.mark.incident("review-2")
@pytest.mark.parametrize("what", ["conflict", "closed"])
def test_review_2_finished_work_does_not_come_back_for_ever(what: str) -> None:
    life = Life()
    life.approve()

    for number in range(1, 60):
        if life.issue.wanted_stage is not Stage.IMPLEMENT:
            break
        life.implement(head_sha=f"h{number}")
        life.publish(pr=number if what == "closed" else 3)
        if what == "closed":
            life.observe(open=False, closed_by="a bot")
        else:
            life.observe(conflict=True)

    assert life.issue.returns == MAX_RETURNS
    assert life.issue.overlay is Overlay.ESCALATED
    assert f"came back {MAX_RETURNS} times" in life.issue.reason

    # and a person who sends it on gives it as many tries again
    life.tell(Retry(reason="the base stands still now", by="maria"))
    assert (life.issue.returns, life.issue.wanted_stage) == (0, Stage.IMPLEMENT)
