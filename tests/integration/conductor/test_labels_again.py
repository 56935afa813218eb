"""The label, set again, does what the gates and comments say it does."""

import time

from conductor_scene import CONFIG, FIXED, Lane, Scene

from rigtasks.lifecycle.state import stream_name
from rigtasks.routing.labels import READY


def set_label_again(scene: Scene) -> str:
    """Take the label off and set it again, a second later than before, as GitHub tells times."""
    time.sleep(1.1)
    scene.maria.unlabel(scene.repo, scene.number, READY)
    scene.maria.label(scene.repo, scene.number, READY)
    return scene.deliver("labeled")


def test_a_changed_file_on_the_base_is_approved_by_the_label_and_by_no_other_event(
    scene: Scene,
) -> None:
    # given an approved green head, and a base whose .rig-agent.yaml has changed since
    scene.ready_to_merge()
    scene.push_as_person("main", {".rig-agent.yaml": f"{CONFIG}\n# Reviewed in June.\n"})
    assert "changed on the base since the claim" in scene.attend()

    # when something else happens to the issue
    assert scene.deliver("labeled", label="priority: high").startswith("ignored: already taken")
    assert "changed on the base since the claim" in scene.attend()

    # and then the label is set again
    assert set_label_again(scene) == "approved again"

    # then it is merged
    assert scene.attend().startswith("merged: ")


def test_a_text_changed_between_two_labels_is_never_worked_on_in_its_old_form(
    scene: Scene,
) -> None:
    # given commits for a text that a person then changes, with the label off for a moment
    scene.label()
    scene.implement({"price.py": FIXED})
    first = scene.stream
    time.sleep(1.1)
    scene.maria.unlabel(scene.repo, scene.number, READY)
    scene.maria.edit_issue(scene.repo, scene.number, body="1.6 should be 1")
    scene.maria.label(scene.repo, scene.number, READY)

    # when both webhooks are worked on after the fact
    assert scene.deliver("unlabeled") == "ignored: the issue is open and labelled"
    assert scene.deliver("labeled").startswith("cancelled: the text was changed")

    # then the old text is withdrawn and the new one approved
    assert scene.state.lane is Lane.CANCELLED
    assert scene.publish().startswith("ignored: ")
    second = stream_name(scene.repository.id, scene.number, 2)
    state = scene.conductor.stores.events.load(second).state
    assert first != second
    assert state is not None
    assert (state.lane, state.body) == (Lane.QUEUED, "1.6 should be 1")
