"""One explanation, the same sentence everywhere, and no way for strangers' text to act."""

from datetime import timedelta

import msgspec
import pytest
from gate_facts import HEAD, NOW, check, green_facts, reason, replace, with_pull
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rigtasks.gate import facts as f
from rigtasks.gate.escape import code, markdown, plain, safe_url
from rigtasks.gate.explain import (
    Activity,
    Explanation,
    IssueSummary,
    Limit,
    Limits,
    Reason,
    check_run_state,
    explain,
)
from rigtasks.gate.render import age, render_markdown, render_text
from rigtasks.gate.result import Gate
from rigtasks.gate.verdict import evaluate

LATER = NOW + timedelta(seconds=6)


def issue(**changes: object) -> IssueSummary:
    values: dict[str, object] = {
        "ref": "acme/api#7",
        "state": "in_review",
        "activity": Activity.IDLE,
        "since": NOW - timedelta(minutes=72),
        "head_sha": HEAD,
    }
    return IssueSummary(**values | changes)


def explained(facts: f.GateFacts, **changes: object) -> Explanation:
    return explain(issue(**changes), evaluate(facts, NOW), LATER)


def test_every_gate_is_reported_and_the_first_failure_makes_the_sentence() -> None:
    result = explained(with_pull(green_facts(reviews=()), labels=("do-not-merge",)))

    assert [gate.id for gate in result.gates] == [
        one.id for one in evaluate(green_facts(), NOW).results
    ]
    assert result.blockers == ("labels", "review")
    assert result.summary == (
        "Labels: label do-not-merge on the pull request. 1 more gate does not hold."
    )
    assert result.next_action is not None
    assert result.next_action.what == "removes the label do-not-merge"


def test_when_every_gate_holds_the_rig_is_next() -> None:
    result = explained(green_facts())

    assert result.blockers == ()
    assert result.summary == "Every gate holds; the rig merges it next."
    assert result.next_action is not None
    assert result.next_action.who == "the rig"


def test_a_hold_or_refusal_comes_before_the_gates() -> None:
    reason = Reason(sentence="Paused by anna.", who="anna", what="resumes", command="rig resume")

    result = explained(green_facts(), reason=reason)

    assert result.summary == "Paused by anna."
    assert result.next_action is not None
    assert result.next_action.command == "rig resume"
    assert result.gates


def test_a_verdict_about_an_older_head_is_not_shown() -> None:
    result = explained(green_facts(), head_sha="f" * 40)

    assert result.gates == ()
    assert "no pull request has been judged at this head yet" in result.summary


def test_without_a_verdict_the_state_is_the_answer() -> None:
    result = explain(issue(state="queued", head_sha=None), None, LATER)

    assert result.gates == ()
    assert result.blockers == ()
    assert result.summary.startswith("It is queued")


@pytest.mark.parametrize("state", ["done", "cancelled"])
def test_a_finished_issue_asks_nobody_for_anything(state: str) -> None:
    result = explain(issue(state=state), None, LATER)

    assert result.next_action is None
    assert result.summary == f"It is {state}."


def test_a_source_that_could_not_be_read_is_named() -> None:
    lost = f.UnknownSource(source=f.Source.REVIEWS, why="503")
    result = explained(green_facts(unknown_sources=(lost,)))

    assert result.degraded_sources == ("reviews: 503",)
    assert "Could not be read: reviews: 503" in render_text(result)
    assert "Could not be read" in render_markdown(result)


@pytest.mark.parametrize(
    ("facts", "status", "conclusion"),
    [
        (green_facts(), "completed", "success"),
        (with_pull(draft=True), "completed", "failure"),
        (green_facts(reviews=()), "in_progress", None),
        (green_facts(tamper=None), "in_progress", None),
    ],
)
def test_the_check_run_is_a_success_only_when_every_gate_holds(
    facts: f.GateFacts, status: str, conclusion: str | None
) -> None:
    state = check_run_state(explained(facts))

    assert (state.status, state.conclusion) == (status, conclusion)


def test_a_check_run_without_a_verdict_is_no_success() -> None:
    assert check_run_state(explain(issue(), None, LATER)).conclusion is None


def test_the_object_is_plain_json_for_the_api() -> None:
    result = explained(with_pull(draft=True))

    stored = msgspec.json.encode(result)

    assert msgspec.json.decode(stored, type=Explanation) == result
    assert msgspec.json.decode(stored)["schema_version"] == 1


def test_the_text_reads_like_an_answer() -> None:
    limits = Limits(cost=Limit(used=840_000, cap=5_000_000))
    text = render_text(explained(with_pull(draft=True), limits=limits))

    assert text.splitlines()[0] == "acme/api#7  in_review · idle · 1h 12m · $0.84 of $5.00"
    assert "  Pull request: it is a draft." in text
    assert "Gates at aaaaaaa (checked 8s ago)" in text
    assert "  ✓ Closes        closes acme/api#7" in text
    assert "  ✗ Pull request  it is a draft" in text
    assert "  • the author marks it ready for review" in text


def test_an_unknown_cost_is_not_shown_as_nothing() -> None:
    text = render_text(explained(green_facts(), limits=Limits(cost=Limit(cap=5_000_000))))

    assert "unknown cost of $5.00" in text
    assert "$0.00" not in text


def test_every_surface_says_the_same_sentence() -> None:
    result = explained(with_pull(draft=True))

    assert result.summary in render_text(result)
    assert result.summary in render_markdown(result)
    assert check_run_state(result).title == result.summary


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "0s"), (59, "59s"), (60, "1m"), (3600, "1h 0m"), (90_000, "1d 1h")],
)
def test_ages(seconds: int, shown: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == shown


HOSTILE = [
    "@acme/everyone",
    "![x](https://evil.example/?d=1)",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden -->",
    "[click](javascript:alert(1))",
    "https://evil.example",
    "www.evil.example",
    "other/repo#1",
    "GH-12",
    "a | b\n| c |",
    "**bold** `code` ~~gone~~ $x$",
    "\\`escaped\\`",
    "&lt;b&gt;",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe\u2066",
]


def html(text: str) -> str:
    return MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_a_check_name_stays_text(text: str) -> None:
    facts = green_facts(required_checks=(), checks=(check(text, conclusion="failure"),))

    page = html(render_markdown(explained(facts)))

    for forbidden in ("<img", '<a href="http', '<a href="java', "<strong>bold", "<!--", "@acme"):
        assert forbidden not in page
    assert "other/repo#1" not in page
    assert page.count("<tr>") == 1 + len(Gate)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_whatever_the_text_it_renders_as_text_only(text: str) -> None:
    page = html(f"x {markdown(text)}")

    assert page.startswith("<p>x")
    assert page.endswith("</p>\n")
    assert "<" not in page[len("<p>") : -len("</p>\n")]


def test_text_for_a_terminal_has_no_control_or_direction_characters() -> None:
    shown = plain("a\x1b[31m\u202eb\u200bc\n\td")

    assert shown == "a[31mbc d"


def test_long_text_is_cut_with_a_sign() -> None:
    assert plain("x" * 400, limit=10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "https://x.test/a)b", "https://x.test/ b", "//x.test", "", None],
)
def test_only_plain_web_addresses_become_links(url: str | None) -> None:
    assert safe_url(url) is None


def test_a_command_cannot_leave_its_code_span() -> None:
    assert code("a `b` | c") == "`a 'b' ¦ c`"
    assert safe_url("https://github.test/a/b/pull/8#x") == "https://github.test/a/b/pull/8#x"
    assert replace(issue(), ref="x").ref == "x"


def test_before_anything_was_judged_the_rig_goes_on_by_itself() -> None:
    action = explain(issue(state="queued", head_sha=None), None, LATER).next_action

    assert action is not None
    assert (action.who, action.what) == ("the rig", "goes on from queued")


@pytest.mark.parametrize("state", ["done", "in_review"])
def test_a_sentence_of_its_own_stands_in_for_the_state(state: str) -> None:
    told = explain(issue(state=state, sentence="Merged as m1."), None, LATER)

    assert told.summary == "Merged as m1."


def test_the_next_action_is_the_first_blockers_with_its_command() -> None:
    result = explained(green_facts(human_gates=(reason(),)))

    assert result.next_action is not None
    assert result.next_action.command is not None
    assert result.next_action.command.startswith("rig issue approve-gate acme/api#7 --sha")
    assert result.next_action.url == green_facts().pull_request.url
