"""A person dismisses the rig's review before the rig has seen it on the pull request."""

from uuid import uuid4

from conductor_scene import FIXED, Lane, Scene

from rigtasks.conductor.reviews import post_review
from rigtasks.lifecycle.state import Stage


def test_a_review_that_was_dismissed_unseen_is_asked_for_again(scene: Scene) -> None:
    # given a verdict that was posted, and dismissed before anybody read the pull request
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.finish_review(scene.claim(), "approve")
    posted = post_review(scene.conductor, scene.stream, cause=uuid4())
    assert posted.startswith("posted: APPROVE")
    reviews = f"/repos/{scene.repo}/pulls/{scene.pull()}/reviews"
    (review,) = scene.operator.call("GET", reviews)
    scene.operator.call("PUT", f"{reviews}/{review['id']}/dismissals", {"message": "not yet"})
    scene.attend()
    assert scene.state.verdict is not None

    # when the effect is repeated
    again = post_review(scene.conductor, scene.stream, cause=uuid4())

    # then another review may be claimed, which is posted anew and counts
    assert again.startswith("asked again: somebody dismissed")
    assert (scene.state.verdict, scene.state.wanted_stage) == (None, Stage.REVIEW)
    assert scene.review("approve").startswith("posted: APPROVE")
    scene.attend()
    assert scene.state.lane is Lane.READY_TO_MERGE
