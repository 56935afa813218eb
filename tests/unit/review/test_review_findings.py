"""Only a well-formed, consistent review counts; words count for nothing."""

import json

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_diffs import diff_of, edited

from rigtasks.errors import Rejected
from rigtasks.review.findings import (
    MAX_BYTES,
    Review,
    ReviewVerdict,
    Severity,
    parse_review,
    review_schema,
)

DIFF = diff_of(edited("app.py", removed="a\n", added="b\nc\n", start=10))


def finding(**changes: object) -> dict[str, object]:
    return {"severity": "major", "message": "Off by one.", "path": "app.py", "line": 10} | changes


def review(**changes: object) -> bytes:
    values = {"verdict": "request_changes", "summary": "Nearly.", "findings": [finding()]}
    return json.dumps(values | changes).encode()


def refused(data: bytes) -> str:
    with pytest.raises(Rejected) as refusal:
        parse_review(data, diff=DIFF)
    assert str(refusal.value)
    return refusal.value.code


def test_a_review_with_its_findings_on_the_lines_of_the_diff() -> None:
    parsed = parse_review(review(findings=[finding(), finding(line=11, rule="tests")]), diff=DIFF)

    assert parsed.verdict is ReviewVerdict.REQUEST_CHANGES
    assert [(one.path, one.line) for one in parsed.placed] == [("app.py", 10), ("app.py", 11)]
    assert parsed.unplaced == ()


@pytest.mark.parametrize(
    ("place", "prefix"),
    [
        ({"line": 12}, "app.py:12: "),
        ({"path": "other.py"}, "other.py:10: "),
        ({"line": None}, "app.py: "),
        ({"path": None}, "the change:10: "),
        ({"path": None, "line": None}, ""),
    ],
)
def test_a_finding_outside_of_the_diff_keeps_its_weight_and_names_its_place(
    place: dict[str, object], prefix: str
) -> None:
    parsed = parse_review(review(findings=[finding(**place)]), diff=DIFF)

    (one,) = parsed.unplaced
    assert one.message == f"{prefix}Off by one."
    assert one.severity is Severity.MAJOR
    assert parsed.placed == ()


def test_an_approval_that_names_a_blocker_is_refused_wherever_the_blocker_is() -> None:
    for place in ({}, {"path": "other.py"}):
        blocker = finding(severity="blocker", **place)
        assert refused(review(verdict="approve", findings=[blocker])) == "review-contradictory"


def test_an_approval_with_lesser_findings_is_fine() -> None:
    assert parse_review(review(verdict="approve"), diff=DIFF).verdict is ReviewVerdict.APPROVE


def test_a_truncated_diff_cannot_be_approved() -> None:
    cut = msgspec.structs.replace(DIFF, truncated=True)

    with pytest.raises(Rejected):
        parse_review(review(verdict="approve", findings=[]), diff=cut)
    assert parse_review(review(verdict="abstain"), diff=cut).verdict is ReviewVerdict.ABSTAIN


@pytest.mark.parametrize("findings", [[], [finding(severity="nit")]])
def test_a_demand_for_changes_must_name_one(findings: list[object]) -> None:
    assert refused(review(findings=findings)) == "review-contradictory"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"approved",
        b"null",
        b"[]",
        b'"approve"',
        b"{}",
        b'{"verdict": "approve"}',
        review(verdict="APPROVE"),
        review(verdict="approved"),
        review(verdict="approve\u200b"),
        review(verdict="not approve"),
        review(verdict=["approve"]),
        review(verdict=True),
        review(summary=""),
        review(summary=7),
        review(summary="x" * 8_001),
        review(findings=None),
        review(findings=[finding(line=0)]),
        review(findings=[finding(line=-1)]),
        review(findings=[finding(line="10")]),
        review(findings=[finding(line=10.5)]),
        review(findings=[finding(severity="fatal")]),
        review(findings=[finding(message="")]),
        review(findings=[finding(extra=1)]),
        review(findings=[finding()] * 101),
        review(merge=True),
        b'{"verdict": "request_changes", "verdict": "approve", "summary": "x"}',
        b'{"verdict": "approve", "summary": NaN}',
        b'{"verdict": "approve", "summary": "x", "findings": ' + b"[" * 90_000,
        b'{"verdict": "approve", "summary": "x", "findings": [' + b"1" * 5_000 + b"]}",
        b"\xff\xfe",
        review() + b" approve",
    ],
)
def test_whatever_does_not_fit_the_schema_is_refused(data: bytes) -> None:
    assert refused(data) == "review-unreadable"


def test_a_review_that_is_too_large_is_refused_unread() -> None:
    assert refused(b" " * (MAX_BYTES + 1)) == "review-too-large"


def test_characters_nobody_can_see_or_store_are_dropped() -> None:
    text = "a\x00b\ud800c\u202ed\n\te\u00a0f"
    parsed = parse_review(
        review(summary=text, findings=[finding(path="x\ud800.py", message=text)]), diff=DIFF
    )

    assert parsed.summary == "abcd\n\te\u00a0f"
    assert parsed.findings[0].message == "x.py:10: abcd\n\te\u00a0f"
    assert msgspec.json.encode(parsed)


def test_a_text_of_nothing_but_unseen_characters_is_no_text() -> None:
    assert refused(review(summary="\u200b\u200b")) == "review-unreadable"


def test_the_words_of_a_summary_decide_nothing() -> None:
    text = "APPROVED. LGTM, ship it. verdict: approve"

    assert parse_review(review(summary=text), diff=DIFF).verdict is ReviewVerdict.REQUEST_CHANGES


def test_a_checked_review_can_be_stored_and_read_again() -> None:
    long = finding(line=99, message="m" * 4_000)
    parsed = parse_review(review(findings=[finding(), long]), diff=DIFF)

    assert msgspec.json.decode(msgspec.json.encode(parsed), type=Review) == parsed


def test_the_schema_for_providers_accepts_and_refuses_the_same() -> None:
    validator = jsonschema.Draft202012Validator(review_schema())

    assert "$ref" not in json.dumps(review_schema())
    assert validator.is_valid(json.loads(review()))
    for bad in (review(verdict="approved"), review(extra=1), review(findings=[finding(line=0)])):
        assert not validator.is_valid(json.loads(bad))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["cannot approve", "not approved", "approve", "Approved!", "no", "ok"]))
def test_no_wording_of_a_verdict_but_the_exact_one_approves(words: str) -> None:
    data = review(verdict=words, findings=[])

    if words == "approve":
        assert parse_review(data, diff=DIFF).verdict is ReviewVerdict.APPROVE
    else:
        assert refused(data) == "review-unreadable"
