"""Branch names are a function of the issue and safe wherever a name is used."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.workspace.branches import branch_name, issue_of_branch


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Prices are rounded down", "prices-are-rounded-down"),
        ("  Fix: `slugify('A  B')` ", "fix-slugify-a-b"),
        ("Überschrift - größer", "uberschrift-grosser"),
        ("日本語", "change"),
        ("", "change"),
        ("--upload-pack=x", "upload-pack-x"),
        ("../../main", "main"),
        ("a.lock", "a-lock"),
        ("w" * 90, "w" * 40),
        (
            "one two three four five six seven eight nine ten",
            "one-two-three-four-five-six-seven-eight",
        ),
    ],
)
def test_a_title_becomes_a_slug(title: str, slug: str) -> None:
    assert branch_name(12, title) == f"feature/issue-12-{slug}"


@settings(max_examples=200, deadline=None)
@given(number=st.integers(min_value=1, max_value=10**9), title=st.text(max_size=300))
def test_every_name_is_short_plain_and_leads_back_to_its_issue(number: int, title: str) -> None:
    name = branch_name(number, title)

    assert name == branch_name(number, title)
    assert issue_of_branch(name) == number
    assert re.fullmatch(r"[a-z0-9/-]{1,70}", name)
    assert "--" not in name
    assert not name.endswith(("-", ".lock"))


@pytest.mark.parametrize("number", [0, -1])
def test_there_is_no_branch_without_an_issue(number: int) -> None:
    with pytest.raises(ValueError, match="issue number"):
        branch_name(number, "x")


@pytest.mark.parametrize(
    "name",
    ["main", "feature/issue-0-x", "feature/issue-5-X", "Feature/issue-5-x", "feature/issue-5-x\n"],
)
def test_other_names_belong_to_no_issue(name: str) -> None:
    assert issue_of_branch(name) is None
