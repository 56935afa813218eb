"""Whose merge it was, and that none is lost or told of the wrong hands."""

import pytest
from conductor_scene import FIXED, Lane, MakeScene, Scene
from msgspec.structs import replace

from rigtasks.conductor.context import CONDUCTOR
from rigtasks.conductor.gate_facts import GateReading, read_gate
from rigtasks.errors import Retryable
from rigtasks.lifecycle.commands import Cancel


def test_the_rigs_own_merge_ends_the_issue_with_its_certificate(scene: Scene) -> None:
    scene.ready_to_merge()

    assert scene.attend().startswith("merged: ")

    assert scene.state.lane is Lane.DONE
    assert scene.types()[-2:] == ["MERGED", "ISSUE_DONE"]


@pytest.mark.incident("A1")
def test_a_merge_by_hand_with_the_rigs_own_account_is_told_as_somebody_elses(
    make_scene: MakeScene,
) -> None:
    # given a rig that acts with a person's token, and a pull request nobody has reviewed
    scene = make_scene(tokens=True)
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()

    # when that person merges it by hand
    scene.operator.merge(scene.repo, scene.pull())
    scene.attend()

    # then the issue ends, and nobody claims that the gates held
    assert scene.state.lane is Lane.DONE
    assert scene.types()[-2:] == ["MERGE_OUTSIDE_RIG", "ISSUE_DONE"]
    assert "MERGED" not in scene.types()


def test_a_merge_in_the_middle_of_a_look_does_not_cancel_the_issue(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a pull request that a person merges after it was read and before its issue is
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    read_before = read_gate(scene.conductor, scene.state)
    scene.maria.merge(scene.repo, scene.pull())
    read_after = read_gate(scene.conductor, scene.state)
    torn = GateReading(
        gate=replace(read_before.gate, issue=read_after.gate.issue), seen=read_before.seen
    )

    # when the issue is seen closed and the pull request open
    with monkeypatch.context() as patched:
        patched.setattr("rigtasks.conductor.attend.read_gate", lambda *_: torn)
        with pytest.raises(Retryable, match="merged while it was looked at"):
            scene.attend()
    assert "ISSUE_CANCELLED" not in scene.types()

    # then the next look sees whose merge it was
    scene.attend()
    assert scene.types()[-2:] == ["MERGE_OUTSIDE_RIG", "ISSUE_DONE"]


def test_with_tokens_the_review_agents_approval_is_a_review_and_no_persons_clearance(
    make_scene: MakeScene,
) -> None:
    # given a repository that asks for a person's approval of every change
    config = "stack: python\ntestCommand: python -m unittest -q\nreview: human\n"
    scene = make_scene(tokens=True, files={".rig-agent.yaml": config})
    scene.config = config
    scene.ready_to_merge()

    # when only the review agent's account, of the type User and with write access, has approved
    outcome = scene.attend()

    # then the review counts and the person is still missing
    assert scene.state.lane is Lane.READY_TO_MERGE
    assert "a person has to look" in outcome
    assert "HUMAN_GATE_CLEARED" not in scene.types()

    # until a person looks
    scene.maria.review(scene.repo, scene.pull(), "APPROVE")
    assert scene.attend().startswith("merged: ")
    assert "HUMAN_GATE_CLEARED" in scene.types()


def test_a_merge_that_github_made_is_recorded_although_the_issue_was_withdrawn(
    scene: Scene,
) -> None:
    # given a merge after which the conductor died, and an operator who withdrew the issue
    scene.ready_to_merge()
    scene.crash_after_the_merge()
    scene.conductor.shell.tell(
        scene.stream, Cancel(reason="not wanted", by="maria"), actor=CONDUCTOR, cause=scene.cause
    )
    assert "MERGED" not in scene.types()

    # when the pull request is looked at again
    assert scene.attend().startswith("merged: ")

    # then the record names the merge, and the issue stays withdrawn
    assert scene.types()[-1] == "MERGED"
    assert scene.state.lane is Lane.CANCELLED
    assert scene.state.merge_sha is not None
    assert scene.attend().startswith("ignored: ")
