"""Only the commits that the tests ran on are pushed."""

import conductor_scene
import pytest
from conductor_scene import FIXED, Scene, commit

from rigtasks.workspace.checkout import remote_heads
from rigtasks.workspace.git import Git

BACK_DOOR = "def price(x):\n    return 'back door'\n"


def test_a_branch_that_moved_after_the_tests_is_not_pushed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a run whose bundle holds another commit than the one it reports as tested
    def tested_then_moved(git: Git, files: dict[str, str]) -> str:
        tested = commit(git, files)
        commit(git, {"price.py": BACK_DOOR})
        return tested

    scene.label()
    monkeypatch.setattr(conductor_scene, "commit", tested_then_moved)
    scene.implement({"price.py": FIXED})

    # when it is to be published
    outcome = scene.publish()

    # then it is refused, and GitHub has neither a branch nor a pull request of it
    assert outcome.startswith("refused: the tests ran on ")
    assert remote_heads(scene.remote(), "feature/*") == {}
    assert not {"PUSH_INTENT", "PR_CREATED"} & set(scene.types())
