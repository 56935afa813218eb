"""Stacks are recognised from file names, queues come from one mapping."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.routing.stack import Detection, Evidence, Queue, Stack, detect_stack, queue_for


@pytest.mark.parametrize(
    ("paths", "stack"),
    [
        (["package.json", "src/index.js"], Stack.NODE),
        (["web/package.json"], Stack.NODE),
        (["App.sln"], Stack.DOTNET),
        (["src/App.csproj"], Stack.DOTNET),
        (["App.CSPROJ"], Stack.DOTNET),
        (["pyproject.toml", "requirements.txt"], Stack.PYTHON),
        (["api/setup.py"], Stack.PYTHON),
        (["App.xcodeproj/project.pbxproj"], Stack.IOS),
        (["ios/App.xcworkspace/contents.xcworkspacedata"], Stack.IOS),
        (["Package.swift"], Stack.IOS),
    ],
)
def test_one_stack_is_found_at_the_root_or_one_level_down(paths: list[str], stack: Stack) -> None:
    detection = detect_stack(paths)

    assert detection.stack is stack
    assert detection.stacks == (stack,)


@pytest.mark.parametrize(
    "paths",
    [
        [],
        ["README.md"],
        ["a/b/package.json"],
        ["node_modules/package.json"],
        ["vendor/pyproject.toml"],
        [".github/package.json"],
        ["package.json/readme"],
        ["Package.JSON"],
        ["package.json.bak"],
        ["csproj"],
        [""],
    ],
)
def test_other_files_speak_for_no_stack(paths: list[str]) -> None:
    detection = detect_stack(paths)

    assert detection == Detection()
    assert detection.stack is None
    assert detection.describe() == "no known stack"


def test_several_stacks_are_named_with_a_file_each_and_none_is_chosen() -> None:
    detection = detect_stack(["web/package.json", "pyproject.toml", "setup.py", "docs/x.md"])

    assert detection.stack is None
    assert detection.stacks == (Stack.NODE, Stack.PYTHON)
    assert detection.describe() == "node (web/package.json), python (pyproject.toml)"


@pytest.mark.parametrize("workdir", ["api", "api/", "./api"])
def test_only_the_working_folder_is_looked_at(workdir: str) -> None:
    paths = ["package.json", "api/pyproject.toml", "apiary/App.sln", "api/sub/setup.py"]

    detection = detect_stack(paths, workdir=workdir)

    assert detection.evidence == (
        Evidence(stack=Stack.PYTHON, path="api/pyproject.toml"),
        Evidence(stack=Stack.PYTHON, path="api/sub/setup.py"),
    )


def test_a_bundle_of_many_files_is_one_piece_of_evidence() -> None:
    detection = detect_stack([f"App.xcodeproj/{name}" for name in "abc"])

    assert detection.evidence == (Evidence(stack=Stack.IOS, path="App.xcodeproj"),)


NAMES = ["package.json", "App.sln", "setup.py", "Podfile", "README.md", "src", "web"]
PATHS = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join), max_size=8)


@given(PATHS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_neither_order_nor_repetition_of_files_matters(paths: list[str], dice: Random) -> None:
    shuffled = [*paths, *paths]
    dice.shuffle(shuffled)

    assert detect_stack(shuffled) == detect_stack(paths)


@pytest.mark.parametrize(
    ("stack", "queue"),
    [
        (Stack.NODE, "dev-e-node"),
        (Stack.DOTNET, "dev-e-dotnet"),
        (Stack.PYTHON, "dev-e-python"),
        (Stack.IOS, "ios"),
    ],
)
def test_each_stack_has_its_queue_and_a_mac_takes_any(stack: Stack, queue: str) -> None:
    assert queue_for(stack) == queue
    assert queue_for(stack, requires_macos=True) is Queue.IOS


def test_the_queues_are_the_public_ones_and_no_stack_reaches_the_others() -> None:
    assert {str(queue) for queue in Queue} == {
        "dev-e-node",
        "dev-e-dotnet",
        "dev-e-python",
        "review-e",
        "ios",
        "planner",
        "conductor",
    }
    reached = {queue_for(stack, requires_macos=mac) for stack in Stack for mac in (True, False)}
    assert not reached & {Queue.REVIEW_E, Queue.PLANNER, Queue.CONDUCTOR}
