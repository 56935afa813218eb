"""Only GitHub's review object counts: state, reviewer's account, commit."""

from datetime import timedelta

import pytest
from gate_facts import (
    AUTHOR,
    HEAD,
    NOW,
    OLD_HEAD,
    PERSON,
    READ_AT,
    REVIEWER,
    STRANGER,
    green_facts,
    replace,
    review,
)

from rigtasks.gate import facts as f
from rigtasks.gate.result import Gate, GateResult, GateStatus
from rigtasks.gate.verdict import evaluate

LATER = READ_AT - timedelta(minutes=1)


def judged(*reviews: f.Review, **changes: object) -> GateResult:
    return evaluate(green_facts(reviews=reviews, **changes), NOW).result(Gate.REVIEW)


def test_an_approval_of_this_head_by_an_allowed_reviewer_holds_with_evidence() -> None:
    result = judged(review())

    assert result.status is GateStatus.PASS
    assert any(HEAD in line and str(REVIEWER) in line for line in result.evidence)


@pytest.mark.parametrize("state", [one for one in f.ReviewState if one.value != "APPROVED"])
@pytest.mark.incident("B34")
def test_no_other_state_is_an_approval(state: f.ReviewState) -> None:
    assert judged(review(state=state)).status is not GateStatus.PASS


def test_an_approval_of_an_older_head_is_named_and_does_not_count() -> None:
    result = judged(review(commit_id=OLD_HEAD))

    assert result.status is GateStatus.PENDING
    assert f"approved {OLD_HEAD}, not this head" in result.summary


def test_an_approval_by_somebody_who_is_not_allowed_does_not_count() -> None:
    result = judged(review(reviewer_id=STRANGER, reviewer="eve"))

    assert result.status is GateStatus.PENDING
    assert "eve is not an allowed reviewer" in result.summary


@pytest.mark.incident("B36")
def test_reviewers_are_known_by_account_and_survive_a_new_login() -> None:
    assert judged(review(reviewer="renamed-bot")).status is GateStatus.PASS
    impostor = review(reviewer="review-e[bot]", reviewer_id=STRANGER)
    assert judged(impostor).status is not GateStatus.PASS


@pytest.mark.parametrize("role", ["author", "committer", "pusher"])
def test_nobody_approves_a_range_they_had_a_hand_in(role: str) -> None:
    commits = f.CommitRange(
        head_sha=HEAD,
        identities=(
            f.Committer(role="author", account_id=AUTHOR, name="dev-e[bot]"),
            f.Committer(role=role, account_id=REVIEWER, name="review-e[bot]"),
        ),
    )

    result = judged(review(), commits=commits)

    assert result.status is GateStatus.PENDING
    assert "had a hand in this change" in result.summary


def test_an_author_agent_never_approves_even_outside_its_own_range() -> None:
    accounts = replace(green_facts().accounts, author_ids=frozenset({AUTHOR, REVIEWER}))

    assert judged(review(), accounts=accounts).status is GateStatus.PENDING


def test_a_commit_without_an_account_leaves_the_comparison_open() -> None:
    commits = f.CommitRange(
        head_sha=HEAD,
        identities=(f.Committer(role="author", account_id=None, name="Ghost"),),
    )

    result = judged(review(), commits=commits)

    assert result.status is GateStatus.UNKNOWN
    assert "Ghost has no GitHub account" in result.summary


def test_a_range_without_identities_or_of_another_head_is_unknown() -> None:
    empty = f.CommitRange(head_sha=HEAD, identities=())
    stale = replace(green_facts().commits, head_sha=OLD_HEAD)

    assert judged(review(), commits=empty).status is GateStatus.UNKNOWN
    assert judged(review(), commits=stale).status is GateStatus.UNKNOWN


def test_the_newest_verdict_of_a_reviewer_replaces_the_older_one() -> None:
    demand = review(id=1, state=f.ReviewState.CHANGES_REQUESTED, commit_id=OLD_HEAD)
    approval = review(id=2, submitted_at=LATER)

    assert judged(approval, demand).status is GateStatus.PASS
    second_thoughts = replace(demand, id=3, submitted_at=LATER + timedelta(seconds=5))
    assert judged(approval, second_thoughts).status is GateStatus.FAIL


def test_two_reviews_of_one_second_are_ordered_by_id() -> None:
    approval, demand = review(id=5), review(id=6, state=f.ReviewState.CHANGES_REQUESTED)

    assert judged(demand, approval).status is GateStatus.FAIL


@pytest.mark.incident("B34")
def test_a_later_comment_neither_grants_nor_takes_back_anything() -> None:
    words = review(id=9, state=f.ReviewState.COMMENTED, submitted_at=LATER)
    demand = review(id=1, state=f.ReviewState.CHANGES_REQUESTED)

    assert judged(review(), words).status is GateStatus.PASS
    assert judged(demand, words).status is GateStatus.FAIL


@pytest.mark.parametrize("can_write", [True, None])
def test_a_persons_demand_for_changes_stands_beside_the_approval(*, can_write: bool | None) -> None:
    demand = review(
        id=2,
        reviewer_id=PERSON,
        reviewer="anna",
        state=f.ReviewState.CHANGES_REQUESTED,
        commit_id=OLD_HEAD,
        can_write=can_write,
    )

    result = judged(review(), demand)

    assert result.status is GateStatus.FAIL
    assert "anna asked for changes" in result.summary


def test_a_stranger_without_write_access_cannot_hold_up_a_merge() -> None:
    demand = review(
        id=2,
        reviewer_id=STRANGER,
        reviewer="eve",
        state=f.ReviewState.CHANGES_REQUESTED,
        can_write=False,
    )

    assert judged(review(), demand).status is GateStatus.PASS


def test_the_demand_of_an_allowed_reviewer_stands_without_write_access() -> None:
    demand = review(state=f.ReviewState.CHANGES_REQUESTED, can_write=False)

    assert judged(demand).status is GateStatus.FAIL


def test_a_demand_dismissed_by_the_author_agent_still_stands() -> None:
    dismissed = review(id=2, reviewer_id=PERSON, reviewer="anna", state=f.ReviewState.DISMISSED)

    assert judged(review(), replace(dismissed, dismissed_by_id=AUTHOR)).status is GateStatus.FAIL
    assert judged(review(), replace(dismissed, dismissed_by_id=PERSON)).status is GateStatus.PASS


def test_the_newer_review_counts_although_its_id_is_lower() -> None:
    demand = review(id=90, state=f.ReviewState.CHANGES_REQUESTED)
    approval = review(id=80, submitted_at=LATER)

    assert judged(approval, demand).status is GateStatus.PASS


def test_an_approval_that_names_who_dismissed_an_older_one_is_no_demand() -> None:
    assert judged(review(dismissed_by_id=AUTHOR)).status is GateStatus.PASS
