"""The whole page and the whole text of an explanation, as people see them."""

from datetime import timedelta
from pathlib import Path

import pytest
from gate_facts import HEAD, NOW, check, green_facts, reason

from rigtasks.gate import facts as f
from rigtasks.gate.escape import code, markdown, plain, safe_url
from rigtasks.gate.explain import (
    Activity,
    Explanation,
    IssueSummary,
    Limit,
    Limits,
    Reason,
    explain,
)
from rigtasks.gate.render import render_markdown, render_text
from rigtasks.gate.verdict import evaluate

RECORDED = Path(__file__).parent / "rendered"
LATER = NOW + timedelta(seconds=6)


def explained(facts: f.GateFacts | None, **changes: object) -> Explanation:
    values: dict[str, object] = {
        "ref": "acme/api#7",
        "state": "in_review",
        "activity": Activity.IDLE,
        "since": NOW - timedelta(minutes=72),
        "head_sha": HEAD,
        "limits": Limits(cost=Limit(used=400_000, cap=2_000_000)),
    }
    verdict = None if facts is None else evaluate(facts, NOW)
    return explain(IssueSummary(**values | changes), verdict, LATER)  # type: ignore[arg-type]


RED = check(conclusion="failure", url="https://ci.test/9")
LOST = f.UnknownSource(source=f.Source.THREADS, why="503")
CASES = {
    "waiting": explained(
        green_facts(checks=(RED,), reviews=(), human_gates=(reason(),), unknown_sources=(LOST,))
    ),
    "ready": explained(green_facts()),
    "held": explained(
        green_facts(),
        reason=Reason(
            sentence="Paused by anna.",
            who="anna",
            what="resumes it",
            command="rig resume",
            url="https://github.test/acme/api/issues/7",
        ),
    ),
    "done": explained(None, state="done", limits=Limits()),
    "long": explained(None, sentence="a very long sentence " * 60),
}


@pytest.mark.parametrize("name", CASES)
def test_the_page_of_an_explanation_is_the_one_on_record(name: str) -> None:
    assert render_markdown(CASES[name]) == (RECORDED / f"{name}.md").read_text()


@pytest.mark.parametrize("name", CASES)
def test_the_text_of_an_explanation_is_the_one_on_record(name: str) -> None:
    assert render_text(CASES[name]) == (RECORDED / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    ("used", "cap", "shown"),
    [
        (None, None, "idle · 1h 12m\n"),
        (1_500_000, None, "idle · 1h 12m · $1.50\n"),
        (None, 2_000_000, "idle · 1h 12m · unknown cost of $2.00\n"),
        (50_000_000_000, 40_000_000_000, "idle · 1h 12m · $50000.00 of $40000.00\n"),
        (0, 2_000_000, "idle · 1h 12m · $0.00 of $2.00\n"),
    ],
)
def test_money_is_shown_as_far_as_it_is_known(
    used: int | None, cap: int | None, shown: str
) -> None:
    result = explained(None, limits=Limits(cost=Limit(used=used, cap=cap)))

    assert render_text(result).splitlines(keepends=True)[0].endswith(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b > c & d", "a &lt; b &gt; c &amp; d"),
        ("@anna #7", "@\u200banna #\u200b7"),
        ("*x* _y_ `z` ~s~ $m$ a|b", r"\*x\* \_y\_ \`z\` \~s\~ \$m\$ a\|b"),
        ("^ [l](u) {} + ! = \\", r"\^ \[l\]\(u\) \{\} \+ \! \= \\"),
        ("http://x www.x mailto:x gh-7", "http://\u200bx www.\u200bx mailto:\u200bx gh-\u200b7"),
        ("a\tb\nc\u202ed\x00e", "a b cde"),
    ],
)  # fmt: skip
def test_markdown_shows_what_was_written(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_text_is_cut_at_its_limit_with_a_sign() -> None:
    assert plain("abcde", limit=5) == "abcde"
    assert plain("abcdef", limit=5) == "abcd…"
    assert len(plain("x" * 400)) == len(markdown("x" * 400)) == 300
    assert code("`a|b`") == "`'a¦b'`"
    assert code("") == ""
    assert len(code("x" * 400)) == 302
    assert safe_url("https://a.test/x(y") is None
    assert safe_url(None) is None
    assert safe_url("https://a.test/" + "x" * 494) is None
    assert safe_url("https://a.test/" + "x" * 493) is not None
