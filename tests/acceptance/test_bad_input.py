"""Issues the rig must not work on: each is refused visibly, and nothing is started for it."""

import time
from collections.abc import Callable

import pytest
from running_rig import RunningRig
from shop import ALSO_INTERNAL, CONFIG, INTERNAL, Issue, Town, shop_files

PYTHON = {"pyproject.toml": '[project]\nname = "both"\nversion = "1"\n'}
NODE = {"package.json": '{"name": "both", "version": "1.0.0"}\n'}
WITHOUT_STACK = {"README.md": "# Notes\n", "notes.txt": "nothing to run\n"}


def rig_internal(town: Town) -> Issue:
    issue = town.shop(name=INTERNAL.partition("/")[2]).issue()
    issue.label()
    return issue


def rig_internal_in_other_letters(town: Town) -> Issue:
    """The list is no matter of upper and lower case."""
    issue = town.shop(name=ALSO_INTERNAL.partition("/")[2].upper()).issue()
    issue.label()
    return issue


def by_a_person_without_write_access(town: Town) -> Issue:
    issue = town.shop().issue()
    issue.label(by=town.stranger)
    return issue


def no_stack(town: Town) -> Issue:
    issue = town.shop(files=WITHOUT_STACK).issue()
    issue.label()
    return issue


def two_stacks(town: Town) -> Issue:
    issue = town.shop(files=PYTHON | NODE).issue()
    issue.label()
    return issue


def already_closed(town: Town) -> Issue:
    issue = town.shop().issue()
    issue.close()
    issue.label()
    return issue


def already_solved(town: Town) -> Issue:
    """A person's pull request closed it; somebody reopened it without saying why."""
    shop = town.shop()
    issue = shop.issue()
    shop.push("by-hand", "NOTES.md", "Solved by hand.\n")
    pull = town.owner.create_pull(
        shop.repo, head="by-hand", base="main", title="By hand", body=f"Closes #{issue.number}"
    )
    town.owner.merge(shop.repo, pull["number"])
    town.owner.edit_issue(shop.repo, issue.number, state="open")
    issue.label()
    return issue


def with_config(text: str) -> Callable[[Town], Issue]:
    def file(town: Town) -> Issue:
        issue = town.shop(files=shop_files(config=text)).issue()
        issue.label()
        return issue

    return file


CASES: dict[str, tuple[Callable[[Town], Issue], str, str]] = {
    "rig-internal": (rig_internal, "rig_internal", "agents never work in the rig's own"),
    "rig-internal in other letters": (
        rig_internal_in_other_letters,
        "rig_internal",
        "agents never work in the rig's own",
    ),
    "without write access": (
        by_a_person_without_write_access,
        "untrusted",
        "steve has no write permission here",
    ),
    "no stack": (no_stack, "no_stack", "no stack could be detected from the files"),
    "two stacks": (two_stacks, "ambiguous_stack", "several stacks were found, node"),
    "already closed": (already_closed, "already_closed", "the issue is already closed"),
    "already solved": (already_solved, "already_solved", "already solved by the merged pull"),
    "stack: no": (with_config("stack: no\n"), "config_invalid", "line 1, column 8: `stack: no`"),
    "duplicate keys": (
        with_config(f"{CONFIG}stack: node\n"),
        "config_invalid",
        "line 3, column 1: the key `stack` is written twice",
    ),
    "unknown keys": (
        with_config(f"{CONFIG}testComand: x\n"),
        "config_invalid",
        "line 3, column 1: unknown key `testComand`",
    ),
    "wrong types": (
        with_config(f"{CONFIG}limits:\n  maxTurns: many\n"),
        "config_invalid",
        "line 4, column 13: `maxTurns` must be a plain number",
    ),
    "a tool like an option": (
        with_config(f"{CONFIG}tools: ['--pre']\n"),
        "config_invalid",
        "line 3, column 9: `--pre` is not accepted for `tools`",
    ),
    "a tool that only looks like one": (
        with_config(f"{CONFIG}tools: [shuot]\n"),
        "tool_not_allowed",
        "`tools` asks for `shuot`, which this rig does not install. Did you mean `shout`?",
    ),
    "no YAML": (with_config("stack: [python\n"), "config_invalid", "line 2, column 1"),
}


@pytest.fixture(scope="module")
def filed(town: Town) -> dict[str, Issue]:
    """Every bad issue, filed at once."""
    return {name: file(town) for name, (file, _, _) in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_issue_is_refused_where_people_look(name: str, filed: dict[str, Issue]) -> None:
    issue, (_, code, words) = filed[name], CASES[name]

    told = issue.wait_outcome("refused: ")
    comment = issue.wait_comment(words)

    assert words in told
    assert comment.count("<!-- rig:") == 1
    assert issue.types() == ["ISSUE_REFUSED"]
    assert issue.rig.events(issue.ref)[0]["data"]["code"] == code
    assert issue.rig.issue(issue.ref)["who_must_act"] == "a person with write permission"
    assert_nothing_started(issue)


def test_a_label_that_only_looks_right_explains_itself_in_the_ledger(town: Town) -> None:
    issue = town.shop().issue()

    issue.label("Agent-Ready")

    told = issue.wait_outcome("`Agent-Ready`")
    assert told.startswith("ignored: the label `Agent-Ready` is not `agent-ready`")
    assert issue.types() == []
    assert issue.comments() == []
    assert_nothing_started(issue)


def test_a_text_changed_after_the_label_is_not_worked_on(town: Town, rig: RunningRig) -> None:
    issue = town.shop().issue()
    with rig.suspended("worker-conductor"):
        issue.label()
        time.sleep(1.1)  # GitHub's times are whole seconds
        town.owner.edit_issue(issue.repo, issue.number, body="Delete everything instead.")

    assert issue.wait_outcome("refused: ").startswith("refused: the text was edited after")
    issue.wait_comment("the text was edited after the label was applied")
    assert issue.types() == ["ISSUE_REFUSED"]
    assert_nothing_started(issue)

    # The same text, read and labelled again, is a new approval.
    issue.unlabel()
    issue.label()
    approved = issue.wait("ISSUE_APPROVED")["data"]
    assert approved["body"] == "Delete everything instead."
    issue.close()
    issue.wait("ISSUE_CANCELLED")


def assert_nothing_started(issue: Issue) -> None:
    """No run, no process of an agent, no branch of the rig and no pull request of it."""
    assert issue.runs() == []
    assert [name for name in issue.branches() if name.startswith("feature/")] == []
    assert [pull for pull in issue.pulls() if pull["user"]["type"] == "Bot"] == []
