"""Raw text becomes one printable line; test output becomes its figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigtasks.local.demo.line import Tone, counted, line, one_line, result_of_tests

PYTEST = """
..F.                                                                     [100%]
=================================== FAILURES ===================================
E   AssertionError: 08:00-09:00 and 09:00-10:00
=========================== short test summary info ============================
FAILED tests/test_calendar.py::test_it - AssertionError: 1 failed assertion
1 failed, 10 passed in 0.12s
"""
INFO = "\N{INFORMATION SOURCE}"
NODE = f"✖ a title (1.2ms)\n{INFO} tests 5\n{INFO} pass 4\n{INFO} fail 1\n{INFO} duration_ms 60\n"
TAP = "not ok 1 - a title\n# tests 5\n# pass 4\n# fail 1\n# skipped 0\n"


@given(st.text())
def test_any_text_becomes_one_printable_line_of_bounded_length(text: str) -> None:
    shown = one_line(text, 20)

    assert shown.isprintable()
    assert len(shown) <= 20


def test_a_terminal_sequence_in_an_issue_title_loses_its_power() -> None:
    told = line(Tone.STEP, "labelled", "\x1b[2Jgone\r\nnext", "")

    assert told.detail == "[2Jgone next"


@pytest.mark.parametrize(
    ("output", "result"),
    [
        (PYTEST, "1 failed, 10 passed in 0.12s"),
        (NODE, "1 failed, 4 passed"),
        (TAP, "1 failed, 4 passed"),
        ("make: *** [test] Error 2\n\n", "make: *** [test] Error 2"),
        ("", ""),
    ],
)
def test_the_result_of_a_test_run_is_found_in_its_output(output: str, result: str) -> None:
    assert result_of_tests(output) == result


def test_nouns_agree_with_their_number() -> None:
    assert [counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
