"""Dependencies are read from what a person sees in the text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.routing.dependencies import MAX_DEPENDENCIES, Dependency, parse_dependencies


def read(text: str) -> list[str]:
    found = parse_dependencies(text, own_repository="Acme/Api", own_number=7)
    return [str(dependency) for dependency in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("depends on #4", ["#4"]),
        ("Depends on: #4", ["#4"]),
        ("This is BLOCKED BY #12.", ["#12"]),
        ("dependsOn: #3", ["#3"]),
        ("depends-on: #3", ["#3"]),
        ("blocked by #3, #2 and other/repo#5", ["#2", "#3", "other/repo#5"]),
        ("blocked by #1 & #2, and #3", ["#1", "#2", "#3"]),
        ("blocked by acme/api#2 and ACME/API#2", ["#2"]),
        ("depends on #4\nblocked by #4", ["#4"]),
        ("- blocked by #1\n- blocked by #2", ["#1", "#2"]),
    ],
)
def test_named_issues_are_found(text: str, found: list[str]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "see #4",
        "closes #4",
        "depends on #7",
        "blocked by acme/api#7",
        "not blocked by #4",
        "no longer blocked by #4",
        "depends on 4",
        "depends on #0",
        "depends on #99999999999",
        "depends on #12abc",
        "depends on `#4`",
        "`depends on #4`",
        "> blocked by #4",
        "```\nblocked by #4\n```",
        "~~~~ text\nblocked by #4\n~~~~",
        "```\nblocked by #4",
        "unblocked by #4",
        "depends on\n\n#4",
    ],
)
def test_other_text_names_no_dependency(text: str) -> None:
    assert read(text) == []


def test_text_after_a_closed_fence_counts_again() -> None:
    assert read("```\nblocked by #1\n```\nblocked by #2") == ["#2"]


def test_code_on_one_line_opens_no_fence() -> None:
    assert read("```x```\nblocked by #2") == ["#2"]


def test_five_hundred_references_are_bounded() -> None:
    found = read("blocked by " + ", ".join(f"#{number}" for number in range(100, 600)))

    assert len(found) == MAX_DEPENDENCIES
    assert found[0] == "#100"


@pytest.mark.parametrize(
    "piece", ["```", "```\n", "`a ", "depends on ", "a/", "#1, ", "blocked by #1 and ", "> "]
)
def test_a_long_hostile_text_is_read_in_good_time(piece: str) -> None:
    text = (piece * 65_536)[:65_536]
    started = time.process_time()

    read("depends on #1, " + text)

    assert time.process_time() - started < 2


@given(st.text("#0123456789 ,/abd\n`>-:eniklocpsy", max_size=60), st.integers(1, 99))
@settings(max_examples=200, deadline=None)
def test_an_issue_never_waits_for_itself(text: str, own: int) -> None:
    found = parse_dependencies(
        f"{text}\nblocked by #{own}, #100", own_repository="a/b", own_number=own
    )

    assert Dependency(number=own) not in found
    assert list(found) == sorted(set(found))
