"""What the conductor says when something was given up, and what a timer that rings repeats."""

from uuid import uuid4

import pytest
from conductor_scene import FIXED, Lane, Scene

from rigtasks.conductor.deliveries import note_failure
from rigtasks.conductor.effects import call_a_person, wake
from rigtasks.eventstore.deliveries import DeliveryStatus
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.state import Overlay
from rigtasks.lifecycle.timers import Timers
from rigtasks.shell import EFFECT_TASK, effect_entry


def effects(scene: Scene) -> list[str]:
    """Return the effects that are asked for, and finish them."""
    outbox = scene.conductor.stores.outbox
    taken = outbox.take(most=1000, repeat_seconds=0.0)
    for entry in taken:
        outbox.done(entry.id)
    return [entry.args[1] for entry in taken if entry.task == EFFECT_TASK]


@pytest.mark.incident("B37")
def test_an_effect_that_was_given_up_calls_a_person_once(scene: Scene) -> None:
    scene.label()

    for _ in range(2):
        call_a_person(scene.conductor, scene.stream, "GitHub said 403", cause=uuid4())

    assert scene.types().count("ESCALATED") == 1
    assert scene.state.overlay is Overlay.ESCALATED
    assert scene.state.reason.endswith("GitHub said 403")
    assert scene.state.who_must_act == "the operator of the rig"
    assert scene.state.lane is Lane.QUEUED


def test_a_ring_repeats_what_is_open_once_and_sets_the_timer_of_the_state(scene: Scene) -> None:
    # given a pull request in review
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    effects(scene)
    wake_ups = scene.conductor.stores.wake_ups
    before = wake_ups.due_at(scene.stream)

    # when its timer rings again and again, and nobody attends to it
    for _ in range(3):
        wake(scene.conductor, scene.stream, cause=uuid4())

    # then it waits once, and the next ring is as far away as the state wants it
    assert effects(scene) == ["attend"]
    after = wake_ups.due_at(scene.stream)
    assert before is not None
    assert after is not None
    assert 0 < (after - before).total_seconds() < Timers().review_scan


def test_a_repetition_never_takes_the_place_of_what_an_append_asks_for(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    attend = effect_entry(scene.stream, Effect(kind=EffectKind.ATTEND))
    for _ in range(20):
        scene.conductor.stores.outbox.add_missing((attend,))
        effects(scene)

    scene.publish()

    assert "attend" in effects(scene)


def test_an_escalated_issue_is_shown_again_when_its_timer_rings(scene: Scene) -> None:
    scene.label()
    call_a_person(scene.conductor, scene.stream, "GitHub said 403", cause=uuid4())
    effects(scene)

    wake(scene.conductor, scene.stream, cause=uuid4())

    assert effects(scene) == ["report"]


def test_a_delivery_that_was_given_up_says_so(scene: Scene) -> None:
    conductor = scene.conductor
    conductor.stores.database.rows(
        "INSERT INTO deliveries (delivery_id, event, headers) VALUES ('d1', 'issues', '{}')"
    )

    note_failure(conductor, "d1", "GitHub said 404", final=False)
    waiting = conductor.stores.deliveries.get("d1")
    note_failure(conductor, "d1", "GitHub said 403", final=True)
    given_up = conductor.stores.deliveries.get("d1")

    assert waiting is not None
    assert (waiting.status, waiting.attempts) == (DeliveryStatus.PENDING, 1)
    assert given_up is not None
    assert given_up.status is DeliveryStatus.QUARANTINED
    assert given_up.outcome == "given up: GitHub said 403"
    assert conductor.stores.deliveries.forgotten() == ()
