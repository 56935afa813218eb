"""What the story looks like: plain where nobody sees colours, honest about what it cost."""

import io
from pathlib import Path

import pytest
from msgspec.structs import replace

from rigtasks.local.demo.line import Tone, line
from rigtasks.local.demo.printing import Printer, cost
from rigtasks.local.demo.progress import IssueReport

MERGED = IssueReport(
    ref="demo/shop#1",
    state="done",
    pr=2,
    pr_url="http://127.0.0.1:8090/demo/shop/pull/2",
    merge_sha="0123456789abcdef",
    verified=True,
    seconds=12.34,
    runs=3,
    events=("ISSUE_APPROVED", "ISSUE_DONE"),
    test_loops=1,
    review_loops=0,
    tokens=12345,
    cost_micro_usd=0,
    cost_unknown_runs=0,
    models=("scripted-rules",),
    isolation=("bubblewrap",),
    reason="",
    who_must_act=None,
)
FAILED = replace(
    MERGED,
    ref="demo/slugs#1",
    state="failed",
    pr=None,
    pr_url=None,
    merge_sha=None,
    verified=False,
    reason="3 attempts failed",
    who_must_act="a maintainer of the repository",
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(*reports: IssueReport) -> str:
    stream = io.StringIO()
    Printer(stream).summary(reports, 20.0)
    return stream.getvalue()


def print_step(stream: io.StringIO) -> str:
    printer = Printer(stream)
    printer.issues(["demo/shop#1", "demo/longer#1"], "agent-ready")
    printer.line(3.21, "demo/shop#1", line(Tone.GOOD, "tests passed", "[bold]pytest[/bold]"))
    return stream.getvalue()


def test_a_step_is_plain_text_away_from_terminals() -> None:
    text = print_step(io.StringIO())

    assert "2 issues filed in the sandbox GitHub. A person labels them agent-ready;" in text
    assert text.endswith(
        "\n   3.2s  demo/shop#1    + tests passed                  [bold]pytest[/bold]\n"
    )


def test_a_narrow_terminal_gets_no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    narrow = print_step(Terminal())
    monkeypatch.setenv("COLUMNS", "140")
    wide = print_step(Terminal())

    assert "tests passed  " not in narrow
    assert "tests passed  " in wide


def test_a_terminal_gets_colours_unless_it_asks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = print_step(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    without = print_step(Terminal())

    assert "\x1b[32m  + tests passed" in coloured
    assert "\x1b[3" not in without


def test_symbols_fall_back_where_the_stream_cannot_write_them() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    printer = Printer(stream)

    printer.line(0.0, "demo/shop#1", line(Tone.BACK, "tests failed", "café"))
    stream.flush()

    assert raw.getvalue().split() == b"0.0s demo/shop#1 < tests failed caf?".split()


def test_the_summary_names_links_commits_and_what_it_cost() -> None:
    text = printed(MERGED)

    for part in ("demo/shop#1", "merged", "#2", "0123456", "12.3 s", "12,345", "$0.00"):
        assert part in text
    assert "http://127.0.0.1:8090/demo/shop/pull/2" in text
    assert "no model was called" in text
    assert "bubblewrap" in text
    assert "not merged" not in text


def test_a_model_that_was_called_is_not_hidden() -> None:
    text = printed(replace(MERGED, models=("scripted-rules", "some-model")))

    assert "scripted-rules, some-model" in text
    assert "no model was called" not in text


def test_an_issue_that_was_not_merged_says_why_and_who_can_help() -> None:
    text = printed(MERGED, FAILED)

    assert "not merged: 3 attempts failed; a maintainer of the repository must act" in text
    assert text.count("verified: on main in git") == 1


def test_a_merge_nobody_confirmed_is_not_called_merged() -> None:
    text = printed(replace(MERGED, verified=False))

    assert " merged " not in text.replace("not merged", "")


def test_unknown_cost_is_not_zero() -> None:
    assert cost(MERGED) == "$0.00"
    assert cost(replace(MERGED, cost_unknown_runs=2)) == "$0.00 + 2 unpriced runs"


def test_a_story_without_end_tells_where_everything_stands() -> None:
    stream = io.StringIO()

    Printer(stream).unfinished([("demo/shop#1", "in_review: no reviewer")], 90.0, Path("logs"))

    text = stream.getvalue()
    assert "within 90 s" in text
    assert "in_review: no reviewer" in text
    assert "logs" in text
