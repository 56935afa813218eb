"""Closing keywords as GitHub reads them, and nothing closed that should stay open."""

import time

import pytest
from gate_facts import NOW, green_facts, with_pull
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.gate import facts as f
from rigtasks.gate.closes import closed_issues
from rigtasks.gate.result import Gate, GateStatus
from rigtasks.gate.verdict import evaluate


def refs(body: str, **options: str) -> list[str]:
    return [str(ref) for ref in closed_issues(body, repository="acme/api", **options)]


KEYWORDS = ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"]


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_keyword_of_github_closes_in_any_case_with_or_without_colon(keyword: str) -> None:
    for form in (keyword, keyword.upper(), keyword.title(), f"{keyword}:"):
        assert refs(f"{form} #7") == ["acme/api#7"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Closes other/repo#1", ["other/repo#1"]),
        ("Fixes https://github.com/acme/api/issues/9", ["acme/api#9"]),
        ("closes #1, closes #2 and fixes #1", ["acme/api#1", "acme/api#2"]),
        ("Closes #1, #2", ["acme/api#1"]),
        ("- [x] Fixes #3\n> resolves #4", ["acme/api#3", "acme/api#4"]),
        ("Closes\t#5", ["acme/api#5"]),
        ("A paragraph\n    closes #6 in its second line", ["acme/api#6"]),
        ("``` a`b\nCloses #7", ["acme/api#7"]),
        ("```\ncode\n```\nCloses #8", ["acme/api#8"]),
        ("Closes #9 and `code` and fixes #10", ["acme/api#9", "acme/api#10"]),
    ],
)
def test_references_that_count(body: str, expected: list[str]) -> None:
    assert refs(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "#7",
        "Closes#7",
        "closing #7",
        "encloses #7",
        "hot-fix #7",
        "Closes #07",
        "Closes #0",
        "Closes #7th",
        "Closes issue #7",
        "Closes\n#7",
        "`Closes #7`",
        "``a ` Closes #7``",
        "```\nCloses #7\n```",
        "```\nCloses #7",
        "~~~ text\nCloses #7\n```\n~~~",
        "~~~ a`b\nCloses #7\n~~~",
        "````\ncode\n```\nCloses #7\n````",
        "```\ncode\n``` not the end\nCloses #7",
        "``one `` and `Closes #7`",
        "    Closes #7",
        "<!-- Closes #7 -->",
        "<!-- Closes #7",
        "<code>Closes #7</code>",
        "<pre>\nCloses #7\n</pre>",
        "Closes https://github.com/acme/api/pull/7",
        "Closes #99999999999999",
    ],
)
def test_references_that_do_not_count(body: str) -> None:
    assert refs(body) == []


def test_a_url_of_another_host_does_not_count_where_the_host_is_known() -> None:
    body = "Closes https://github.test/acme/api/issues/7"

    assert refs(body, web_host="github.test") == ["acme/api#7"]
    assert refs("Closes #7", web_host="github.test") == ["acme/api#7"]
    assert refs(body, web_host="github.example") == []


@pytest.mark.parametrize(
    "unit", ["<!--", "```\n", "`` ` ", "<code", "closes ", "closes a/", "<pre>", "closes #1 "]
)
def test_hostile_text_costs_no_more_than_a_moment(unit: str) -> None:
    started = time.process_time()

    refs(unit * 30_000)

    assert time.process_time() - started < 2


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="`~<!->/ \n#7closefixd:acme*_\t", max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(ref.number > 0 for ref in closed_issues(text, repository="acme/api"))


def judged(body: str, **changes: object) -> GateStatus:
    return evaluate(with_pull(green_facts(**changes), body=body), NOW).result(Gate.CLOSES).status


@pytest.mark.parametrize("body", ["Closes acme/api#7", "Closes ACME/Api#7", "fixes: #7"])
def test_the_gate_holds_when_the_text_closes_this_issue_of_this_repository(body: str) -> None:
    assert judged(body) is GateStatus.PASS


@pytest.mark.parametrize(
    "body", ["Closes #8", "Closes other/repo#7", "Refs #7", "Closes #7, closes #8"]
)
def test_the_gate_refuses_another_issue_a_mere_mention_and_one_too_many(body: str) -> None:
    assert judged(body) is GateStatus.FAIL


def test_what_github_would_close_beyond_the_text_is_refused_as_well() -> None:
    own = f.IssueRef(repository="Acme/API", number=7)
    other = f.IssueRef(repository="acme/api", number=8)

    assert judged("Closes #7", closing_references=(own,)) is GateStatus.PASS
    assert judged("Closes #7", closing_references=(own, other)) is GateStatus.FAIL


def test_a_pin_pull_request_closes_the_chore_issue_of_the_image_repository_only() -> None:
    chore = f.IssueRef(repository="acme/agent-images", number=40)

    assert judged("Closes acme/agent-images#40", pin_issue=chore) is GateStatus.PASS
    assert judged("Closes #40", pin_issue=chore) is GateStatus.FAIL
    assert judged("Closes #7", pin_issue=chore) is GateStatus.FAIL
