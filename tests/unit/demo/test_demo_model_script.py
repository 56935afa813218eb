"""The scripted model answers like a developer and a reviewer of the samples."""

import pytest

from rigtasks.agent.assignment import (
    Assignment,
    Commands,
    Feedback,
    FeedbackKind,
    Remark,
    Role,
)
from rigtasks.agent.characters import load_character
from rigtasks.agent.prompts import build_prompt
from rigtasks.local.demo.model_script import answer
from rigtasks.local.demo.samples import Sample, read_samples
from rigtasks.testing.models import Ask, Request, Run, Say
from rigtasks.testing.models.script import Step

SAMPLES = {sample.name: sample for sample in read_samples()}
DIFF = "--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-a\n+b\n"


def asked(sample: Sample, *results: str, diff: str = "", feedback: Feedback | None = None) -> Step:
    role = Role.REVIEW if diff else Role.IMPLEMENT
    assignment = Assignment(
        run_id="00000000-0000-0000-0000-000000000001",  # type: ignore[arg-type]
        ref=f"demo/{sample.name}#1",
        issue_number=1,
        role=role,
        title=sample.title,
        body=sample.body,
        base_branch="main",
        base_sha="b",
        branch="feature/issue-1",
        head_sha="b",
        commands=Commands(test="the tests"),
        feedback=feedback,
        diff=diff,
    )
    character = load_character("review-e" if diff else "dev-e")
    prompt = f"# AGENTS.md\nAn entry in CHANGELOG.md.\n\n{build_prompt(assignment, character)}"
    return answer(Request(prompt=prompt, results=results, tools=frozenset(), headers={}))


@pytest.mark.parametrize("name", SAMPLES)
def test_an_issue_is_solved_step_by_step_with_the_tests_run(name: str) -> None:
    steps = [asked(SAMPLES[name], *["done"] * count) for count in range(5)]

    assert [type(step) for step in steps] == [Run, Run, Run, Say, Say]
    assert steps[2] == Run(command="the tests")
    assert isinstance(steps[1], Run)
    assert "CHANGELOG" not in steps[1].command


def test_the_samples_get_different_changes() -> None:
    changes = {asked(sample, "seen") for sample in SAMPLES.values()}

    assert len(changes) == len(SAMPLES) == 2


def test_the_reviewer_asks_for_the_entry_and_the_developer_adds_it() -> None:
    sample = SAMPLES["node-slugs"]
    first = asked(sample, diff=DIFF.format("src/slugs.js"))
    assert isinstance(first, Ask)
    assert first.answer["verdict"] == "request_changes"
    (finding,) = first.answer["findings"]  # type: ignore[misc]

    remark = Remark(message=finding["message"], path=finding["path"], line=finding["line"])
    back = Feedback(kind=FeedbackKind.REVIEW, summary="changes", remarks=(remark,))
    again = asked(sample, "seen", feedback=back)

    assert isinstance(again, Run)
    assert "CHANGELOG.md" in again.command
    assert "src/slugs.js" not in again.command


@pytest.mark.parametrize(
    ("name", "files"),
    [("node-slugs", ("src/slugs.js", "CHANGELOG.md")), ("python-rooms", ("rooms/calendar.py",))],
)
def test_a_whole_change_is_approved(name: str, files: tuple[str, ...]) -> None:
    verdict = asked(SAMPLES[name], diff="".join(DIFF.format(file) for file in files))

    assert isinstance(verdict, Ask)
    assert verdict.answer["verdict"] == "approve"
    assert verdict.answer["findings"] == []
