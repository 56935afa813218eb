"""An issue whose provider is not offered any more says so, and goes on once it is again."""

from dataclasses import replace

from conductor_scene import CONFIG, FIXED, MakeScene, Scene
from msgspec.structs import replace as changed

from rigtasks.lifecycle.state import Lane, Overlay
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.offers import Offers

CHOOSING = f"{CONFIG}provider: codex\n"
BOTH = Offers(provider="claude", models={"codex": ("gpt-5",)})
ONE = Offers(provider="claude", models={})


def offer(scene: Scene, offers: Offers) -> None:
    intake = changed(scene.conductor.intake, offers=offers)
    scene.conductor = replace(scene.conductor, intake=intake)


def test_an_issue_waits_in_words_for_what_was_offered_when_it_was_approved(
    make_scene: MakeScene,
) -> None:
    # given an approved issue that wants a provider which is offered
    scene = make_scene(files={CONFIG_PATH: CHOOSING})
    scene.config = CHOOSING
    offer(scene, BOTH)
    scene.label()
    assert scene.state.wanted_queue == "dev-e-python"
    scene.wake()
    assert scene.state.wanted_queue == "dev-e-python"

    # when the offer is taken back, it is held as soon as it is looked at
    offer(scene, ONE)
    scene.wake()
    assert (scene.state.hold, scene.state.wanted_queue) == ("provider", None)
    assert "asks for the provider `codex`" in scene.state.hold_sentence

    # and when it is made again, it goes on by itself
    offer(scene, BOTH)
    scene.wake()
    assert scene.state.wanted_queue == "dev-e-python"

    # but work that was begun calls a person
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.review("request_changes", {"severity": "major", "message": "No.", "path": "price.py"})
    scene.attend()
    assert scene.state.lane is Lane.CHANGES_REQUESTED
    offer(scene, ONE)
    scene.wake()
    assert scene.state.overlay is Overlay.ESCALATED
    assert "asks for the provider `codex`" in scene.state.reason
