"""What a repository's file chooses is what its run gets: tools, provider; or it waits, in words."""

from dataclasses import dataclass

import pytest
from shop import CONFIG, Issue, Town

USES_A_TOOL = CONFIG.replace(
    "python -m unittest -q", "test $(shout) = LOUD && python -m unittest -q"
)


@dataclass(frozen=True, kw_only=True)
class Choosing:
    """Issues of repositories that choose something."""

    tool: Issue
    provider: Issue
    not_offered: Issue


@pytest.fixture(scope="module")
def choosing(town: Town) -> Choosing:
    configs = {
        "tool": f"{USES_A_TOOL}tools:\n  - shout\n",
        "provider": f"{CONFIG}provider: command\nmerge:\n  mode: never\n",
        "not_offered": f"{CONFIG}provider: codex\nmodel: gpt-5.2-codex\n",
    }
    issues = {name: town.shop(config=config).issue() for name, config in configs.items()}
    for issue in issues.values():
        issue.label()
    return Choosing(**issues)


def test_a_tool_of_the_operators_list_is_there_for_the_run_that_merges(choosing: Choosing) -> None:
    passed = choosing.tool.wait("TESTS_PASSED")["data"]
    completed = choosing.tool.wait("CLI_COMPLETED")["data"]

    assert passed["command"].startswith("test $(shout) = LOUD")
    assert completed["steps"][0]["detail"] == "tools: shout"
    choosing.tool.wait("MERGED")


def test_the_provider_that_a_repository_names_works_for_it(choosing: Choosing) -> None:
    started = choosing.provider.wait("CLI_STARTED")["data"]
    choosing.provider.wait("TESTS_PASSED")

    assert (started["provider"], started["model"]) == ("command", "unknown")
    other = choosing.tool.wait("CLI_STARTED")["data"]
    assert other["provider"] == "scripted"


def test_a_reviewer_is_never_the_repositorys_choice(choosing: Choosing) -> None:
    assigned = choosing.provider.wait("REVIEW_ASSIGNED")["data"]
    review = choosing.provider.wait("CLI_STARTED", count=2)["data"]

    assert review["run_id"] == assigned["run_id"]
    assert review["provider"] == "scripted"
    choosing.provider.close()
    choosing.provider.wait("ISSUE_CANCELLED")


def test_a_provider_that_is_not_offered_is_waited_for_in_words(choosing: Choosing) -> None:
    issue = choosing.not_offered
    words = "asks for the provider `codex`, which this rig does not offer (offered: `scripted`"

    told = issue.wait_outcome("held: ")
    issue.wait_comment(words)

    assert words in told
    assert "An operator of the rig adds it to RIG_OFFERED_MODELS" in told
    assert issue.types() == ["ISSUE_APPROVED", "ISSUE_HELD"]
    assert issue.runs() == []
    issue.close()
    issue.wait("ISSUE_CANCELLED")
