"""The whole page and the whole text of an explanation, as people see them."""

from datetime import timedelta
from pathlib import Path

import pytest
from gate_facts import HEAD, NOW, check, green_facts, reason

from rigtasks.gate import facts as f
from rigtasks.gate.explain import Activity, Explanation, IssueSummary, Limit, Limits, explain
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
        (0, 2_000_000, "idle · 1h 12m · $0.00 of $2.00\n"),
    ],
)
def test_money_is_shown_as_far_as_it_is_known(
    used: int | None, cap: int | None, shown: str
) -> None:
    result = explained(None, limits=Limits(cost=Limit(used=used, cap=cap)))

    assert render_text(result).splitlines(keepends=True)[0].endswith(shown)
