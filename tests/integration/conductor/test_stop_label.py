"""`do-not-merge` stops the work on an issue at once; only a person lets it go on."""

import pytest
from conductor_scene import FIXED, Lane, Scene

from rigtasks.conductor.effects import carry_out
from rigtasks.conductor.stops import Paused
from rigtasks.eventstore.claims import Limits, NotClaimed
from rigtasks.gate.facts import StopSource
from rigtasks.github.identities import Role
from rigtasks.lifecycle.react import EffectKind

VETO = "do-not-merge"


def stops(scene: Scene) -> list[tuple[str, str, StopSource]]:
    switches = scene.conductor.stores.switches.active()
    return [(one.scope, one.actor, one.source) for one in switches]


def claim(scene: Scene) -> object:
    return scene.conductor.stores.claims.claim(
        queue="dev-e-python",
        agent="by hand",
        holder="by hand",
        run_id=scene.cause,
        lease_seconds=600.0,
        limits=Limits(),
    )


def test_a_waiting_issue_gets_no_worker_until_the_label_is_taken_off(scene: Scene) -> None:
    scene.label()
    scene.maria.label(scene.repo, scene.number, VETO)

    scene.deliver("labeled", VETO)

    assert stops(scene) == [(scene.stream, "maria", StopSource.LABEL)]
    assert claim(scene) is NotClaimed.NOTHING
    said = carry_out(scene.conductor, scene.stream, EffectKind.REPORT, cause=scene.cause)
    assert said.startswith("reported the pause: ")
    (comment,) = scene.maria.pages(f"/repos/{scene.repo}/issues/{scene.number}/comments")
    assert "maria paused this issue: the label do-not-merge" in comment["body"]
    assert "takes the label do-not-merge off" in comment["body"]

    scene.maria.unlabel(scene.repo, scene.number, VETO)
    scene.deliver("unlabeled", VETO)

    assert stops(scene) == []
    assert scene.claim().stream == scene.stream


def test_the_label_is_heeded_without_any_webhook(scene: Scene) -> None:
    scene.label()
    scene.maria.label(scene.repo, scene.number, "Do Not Merge")

    scene.wake()

    assert stops(scene) == [(scene.stream, "maria", StopSource.LABEL)]
    scene.maria.unlabel(scene.repo, scene.number, "Do Not Merge")
    scene.wake()
    assert stops(scene) == []


def test_on_the_pull_request_it_stops_the_next_round(scene: Scene) -> None:
    # given a pull request that was sent back
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.review("request_changes", {"severity": "major", "message": "Half to even."})
    scene.attend()
    assert scene.state.lane is Lane.CHANGES_REQUESTED

    # when somebody puts the label on the pull request
    scene.maria.label(scene.repo, scene.pull(), VETO)
    scene.attend()

    # then nobody goes on with it, and taking it off lets them
    assert stops(scene) == [(scene.stream, "maria", StopSource.LABEL)]
    assert claim(scene) is NotClaimed.NOTHING
    scene.maria.unlabel(scene.repo, scene.pull(), VETO)
    scene.attend()
    assert stops(scene) == []


def test_an_operators_pause_and_the_label_hold_for_themselves(scene: Scene) -> None:
    scene.label()
    switches = scene.conductor.stores.switches
    assert switches.set(scene.stream, reason="to look", actor="anna")
    scene.maria.label(scene.repo, scene.number, VETO)
    scene.wake()
    assert len(stops(scene)) == 2

    assert switches.lift(scene.stream, actor="anna")
    scene.wake()

    assert stops(scene) == [(scene.stream, "maria", StopSource.LABEL)]
    assert claim(scene) is NotClaimed.NOTHING


def test_a_bot_that_takes_the_label_off_lets_nothing_go_on(scene: Scene) -> None:
    # given an issue that maria stopped
    scene.label()
    scene.maria.label(scene.repo, scene.number, VETO)
    scene.wake()

    # when a bot tidies its labels
    bot = scene.conductor.github.api(Role.CONDUCTOR, scene.repository)
    bot.delete(f"/issues/{scene.number}/labels/{VETO}")
    scene.wake()

    # then it stays stopped until a person took the label off
    assert stops(scene) == [(scene.stream, "maria", StopSource.LABEL)]
    scene.maria.label(scene.repo, scene.number, VETO)
    scene.maria.unlabel(scene.repo, scene.number, VETO)
    scene.wake()
    assert stops(scene) == []


def test_an_ended_issue_tells_what_became_of_it_though_the_label_is_on_it(scene: Scene) -> None:
    # given an issue that is stopped by the label, and a comment that says so
    scene.label()
    scene.maria.label(scene.repo, scene.number, VETO)
    scene.deliver("labeled", VETO)
    carry_out(scene.conductor, scene.stream, EffectKind.REPORT, cause=scene.cause)

    # when it is closed without the label being taken off
    scene.maria.edit_issue(scene.repo, scene.number, state="closed")
    assert scene.deliver("closed").startswith("cancelled: ")

    # then nothing waits for that: the comment tells the end
    for kind in (EffectKind.REPORT_RESUMED, EffectKind.REPORT):
        said = carry_out(scene.conductor, scene.stream, kind, cause=scene.cause)
        assert said.startswith("reported: ")
    (comment,) = scene.maria.pages(f"/repos/{scene.repo}/issues/{scene.number}/comments")
    assert "Withdrawn" in comment["body"]
    assert stops(scene) == [(scene.stream, "maria", StopSource.LABEL)]

    # and with what else follows from its end, the label is among what stops something no more
    carry_out(scene.conductor, scene.stream, EffectKind.RELEASE, cause=scene.cause)
    assert stops(scene) == []


def test_a_stop_that_is_no_label_silences_an_ended_issue(scene: Scene) -> None:
    scene.label()
    scene.conductor.stores.switches.set(scene.stream, reason="quiet", actor="omar")
    scene.maria.edit_issue(scene.repo, scene.number, state="closed")
    assert scene.deliver("closed").startswith("cancelled: ")

    carry_out(scene.conductor, scene.stream, EffectKind.RELEASE, cause=scene.cause)
    with pytest.raises(Paused):
        carry_out(scene.conductor, scene.stream, EffectKind.REPORT, cause=scene.cause)
    assert stops(scene) == [(scene.stream, "omar", StopSource.PERSON)]
