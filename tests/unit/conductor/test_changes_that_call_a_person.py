"""What the repository's own `escalate` entries find in a change, beside the built-in rules."""

import pytest
from review_diffs import deleted, diff_of, edited, new_file, renamed

from rigtasks.conductor.change import bounds_of, human_gates_of
from rigtasks.review.diff import Diff
from rigtasks.review.diff_policy import inspect
from rigtasks.routing.agent_config import AgentConfig


def rules(diff: Diff, *entries: str) -> list[tuple[str, str]]:
    config = AgentConfig(escalate=entries)
    report = inspect(diff, (), bounds_of(config))
    return [(one.rule, one.path) for one in human_gates_of(report, diff, config)]


@pytest.mark.parametrize(
    "part",
    [
        edited("src/x.py", added="cursor.execute('DROP TABLE t')\n"),
        edited("src/x.py", removed="-- drop table later\n", added="x\n"),
        new_file("src/x.py", "a\ndrop\ntable\n"),
        deleted("src/x.py", "drop table\n"),
    ],
)
def test_a_changed_line_that_speaks_of_an_entry_is_found(part: str) -> None:
    assert rules(diff_of(part), "money", "drop table") == [("escalate: drop table", "src/x.py")]


@pytest.mark.parametrize(
    ("entry", "part", "path"),
    [
        ("src/vat/**", edited("src/vat/rates.py", added="x\n"), "src/vat/rates.py"),
        ("*.tf", new_file("infra/main.tf"), "infra/main.tf"),
        ("vat", edited("src/VAT/rates.py", added="x\n"), "src/VAT/rates.py"),
        ("ledger api", edited("src/Ledger_api.py", added="x\n"), "src/Ledger_api.py"),
        ("src/vat/**", renamed("src/vat/rates.py", "src/rates.py"), "src/rates.py"),
    ],
)
def test_a_path_under_an_entry_is_found_by_both_names(entry: str, part: str, path: str) -> None:
    assert rules(diff_of(part), entry) == [(f"escalate: {entry}", path)]


def test_lines_around_a_change_and_entries_that_route_are_not_looked_at() -> None:
    context = (
        "diff --git a/x.py b/x.py\nindex 1..2 100644\n--- a/x.py\n+++ b/x.py\n"
        "@@ -1,2 +1,2 @@\n drop table\n-a\n+b\n"
    )

    assert rules(diff_of(context), "drop table", "Xcode (requires-macos)") == []


def test_an_entry_takes_nothing_from_the_rules_that_are_built_in() -> None:
    diff = diff_of(edited("src/auth/login.py", added="drop table\n"))

    assert rules(diff, "drop table") == [
        ("auth", "src/auth/login.py"),
        ("escalate: drop table", "src/auth/login.py"),
    ]
