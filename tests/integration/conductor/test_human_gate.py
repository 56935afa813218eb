"""The human gate holds while a person's approval stands, and no longer."""

from conductor_scene import FIXED, MakeScene

CONFIG = "stack: python\ntestCommand: python -m unittest -q\nreview: human\n"
VETO = "do-not-merge"


def test_an_approval_that_was_taken_back_clears_nothing(make_scene: MakeScene) -> None:
    # given a change that a person has to see, approved by one while a label keeps it from merging
    scene = make_scene(files={".rig-agent.yaml": CONFIG})
    scene.config = CONFIG
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.turn_green()
    scene.maria.label(scene.repo, scene.pull(), VETO)
    scene.review("approve")
    approval = scene.maria.review(scene.repo, scene.pull(), "APPROVE")
    scene.attend()
    assert "HUMAN_GATE_CLEARED" in scene.types()

    # when the approval is dismissed and the label taken off
    path = f"/repos/{scene.repo}/pulls/{scene.pull()}/reviews/{approval['id']}/dismissals"
    scene.maria.call("PUT", path, {"message": "I was wrong"})
    scene.maria.unlabel(scene.repo, scene.pull(), VETO)
    scene.attend()

    # then nothing is merged, and the human gate is what is missing
    assert "MERGED" not in scene.types()
    assert [one.gate for one in scene.state.blockers] == ["human_gate"]

    # when somebody approves again, it is merged
    scene.maria.review(scene.repo, scene.pull(), "APPROVE")
    scene.attend()
    assert "MERGED" in scene.types()
