"""Workflows: what is read, what starts them, and what is named as unsupported."""

import pytest

from rigtasks.local.github.workflow import WorkflowInvalidError, parse

FULL = b"""
name: CI
on:
  push: {branches: [main]}
  pull_request:
env: {A: 1, B: two}
defaults: {run: {working-directory: app}}
jobs:
  unit:
    name: Unit tests
    runs-on: ubuntu-latest
    timeout-minutes: 2
    env: {B: three}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.11"}
      - run: |
          make test
          make lint
        env: {C: true}
        working-directory: lib
        shell: sh
  other:
    steps:
      - name: Say hello
        run: echo hello
"""


def test_jobs_steps_and_their_environment_are_read() -> None:
    workflow = parse(FULL)
    unit, other = workflow.jobs
    assert (unit.name, unit.timeout_seconds, unit.unsupported) == ("Unit tests", 120, ())
    checkout, _, run = unit.steps
    assert checkout.script is None
    assert run.script == "make test\nmake lint\n"
    assert run.env == {"A": "1", "B": "three", "C": "true"}
    assert (run.working_directory, run.shell, run.name) == ("lib", "sh", "Run make test")
    assert (other.name, other.steps[0].name) == ("other", "Say hello")
    assert (other.steps[0].working_directory, other.steps[0].shell) == ("app", "bash")


@pytest.mark.parametrize(
    ("event", "branch", "starts"),
    [
        ("push", "main", True),
        ("push", "feature", False),
        ("pull_request", "anything", True),
        ("schedule", "main", False),
    ],
)
def test_events_and_branches_decide_what_starts(event: str, branch: str, *, starts: bool) -> None:
    assert parse(FULL).starts_on(event, branch) is starts


@pytest.mark.parametrize("on", ["push", "[push, pull_request]", "{push: null}"])
def test_on_is_a_word_and_no_boolean(on: str) -> None:
    workflow = parse(f"on: {on}\njobs: {{a: {{steps: []}}}}".encode())
    assert workflow.starts_on("push", "main")
    assert not workflow.starts_on("release", "main")


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("{strategy: {matrix: {a: [1]}}, steps: []}", 'the job key "strategy"'),
        ("{needs: [x], steps: []}", 'the job key "needs"'),
        ("{steps: [{uses: evil/action@v1}]}", "the action evil/action@v1 in step 1"),
        ("{steps: [{uses: actions/checkout-evil}]}", "the action actions/checkout-evil"),
        ("{steps: [{run: x, uses: actions/checkout@v4}]}", 'exactly one of "run" and "uses"'),
        ("{steps: [{run: x, if: always()}]}", 'the key "if" in step 1'),
        ("{steps: [{run: x, shell: pwsh}]}", "the shell pwsh in step 1"),
        ('{steps: [{run: "echo ${{ secrets.X }}"}]}', "an expression"),
        ('{steps: [{run: x, env: {A: "${{ github.sha }}"}}]}', "an expression"),
        ("{steps: [just words]}", "step 1 that is no mapping"),
        ("{steps: none}", "without a list of steps"),
    ],
)
def test_what_the_sandbox_cannot_do_is_named(job: str, words: str) -> None:
    (read,) = parse(f"on: push\njobs: {{a: {job}}}".encode()).jobs
    assert any(words in item for item in read.unsupported), read.unsupported


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"on: push", "no jobs"),
        (b"jobs: {a: {steps: []}}", "no events"),
        (b"jobs: [", "not valid YAML"),
        (b"- a", "no jobs"),
        (b"on: push\non: pull_request\njobs: {}", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
        (b"a: " + b"x" * 70_000, "larger than"),
    ],
)
def test_what_is_no_workflow_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(WorkflowInvalidError, match=words):
        parse(content)
