"""How the page writes what strangers and clocks give it."""

from datetime import UTC, datetime, timedelta

import pytest

from rigtasks.errors import Rejected
from rigtasks.lifecycle.state import Lane, Overlay
from webhook_receiver.dashboard import words
from webhook_receiver.reading.money import money
from webhook_receiver.reading.paging import after_time, cursor_of, key_of

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "letter", ["\u202e", "\u200b", "\u2066", "\ufeff", "\x1b", "\x00", "\u2028"]
)
def test_what_hides_or_turns_text_around_is_made_visible(letter: str) -> None:
    assert words.shown(f"pay{letter}ment") == "pay\ufffdment"


def test_other_scripts_are_left_alone() -> None:
    text = "Prix, 価格, מחיר, 🙂\nnext line"
    assert words.shown(text) == text


def test_a_long_text_is_cut() -> None:
    assert words.shown("x" * 10_000) == "x" * 400 + "…"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil", "/x", "", "http:x",
     "https://[", " javascript:alert(1)", None],
)  # fmt: skip
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert words.web_link(url) is None
    assert words.web_link("https://github.com/octo/x/pull/1") is not None


def test_every_state_has_a_mark_of_its_own_and_an_unknown_one_is_shown_as_it_is() -> None:
    assert all(words.mark(state).word for state in (*Lane, *Overlay))
    assert words.mark(Lane.FAILED).tone == "broken"
    assert words.mark("half_way").word == "half way"


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (0.4, "0 s", "0 s"),
        (59.9, "59 s", "59 s"),
        (125, "2 min 05 s", "2 min"),
        (3_660, "1 h 01 min", "1 h"),
        (90_000, "1 d 1 h", "1 d"),
    ],
)
def test_lengths_of_time(seconds: float, long: str, short: str) -> None:
    assert words.span(seconds) == long
    assert words.age(NOW - timedelta(seconds=seconds), NOW) == short


def test_a_clock_that_runs_ahead_gives_no_negative_age() -> None:
    assert words.age(NOW + timedelta(seconds=5), NOW) == "0 s"


def test_an_amount_says_whether_it_is_whole() -> None:
    assert (money(1_234_500, unpriced=False).amount, money(1, unpriced=False).basis) == (
        "1.2345",
        "priced",
    )
    assert money(1, unpriced=True).basis == "partly_unpriced"


def test_a_cursor_gives_its_key_back() -> None:
    assert after_time(cursor_of((NOW, "issue:7:5:1"))) == (NOW, "issue:7:5:1")
    assert key_of(cursor_of(17), int) == 17


@pytest.mark.parametrize(
    "forged",
    ["", "x", "é", "!!!!", cursor_of(17), cursor_of("name"), "W10", "bnVsbA", "W" * 399,
     cursor_of((NOW.replace(tzinfo=None), "a")), cursor_of((NOW, "a\x00"))],
)  # fmt: skip
def test_a_forged_cursor_is_refused(forged: str) -> None:
    with pytest.raises(Rejected) as refused:
        after_time(forged)
    assert refused.value.code == "parameter-invalid"
