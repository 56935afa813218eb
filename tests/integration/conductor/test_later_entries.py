"""An effect that does whatever the issue needs by now is left to a later entry for the same."""

import pytest
from conductor_scene import FIXED, Scene

from rigtasks.eventstore.outbox import TakenEntry
from rigtasks.lifecycle.react import EffectKind
from rigtasks.shell import EFFECT_TASK
from rigtasks.tasks.entries import carry_out_effect

LEFT = "left to a later entry, which sees what this one would"


def opened(scene: Scene, kind: EffectKind) -> list[TakenEntry]:
    """Return the open entries of an effect, the oldest first."""
    taken = scene.conductor.stores.outbox.take(repeat_seconds=0.0)
    return [one for one in taken if one.task == EFFECT_TASK and one.args[1] == kind]


def carry(scene: Scene, entry: TakenEntry) -> str:
    return carry_out_effect(scene.conductor, entry.id, *entry.args)


def test_only_the_newest_report_asks_github(scene: Scene) -> None:
    # given three appends that asked for a report
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    reports = opened(scene, EffectKind.REPORT)
    assert len(reports) >= 3

    # when they are carried out
    said = [carry(scene, one) for one in reports]

    # then one comment is written, and it shows the newest state
    assert said[:-1] == [LEFT] * (len(reports) - 1)
    assert said[-1].startswith("reported: ")
    (comment,) = scene.maria.pages(f"/repos/{scene.repo}/issues/{scene.number}/comments")
    assert r"in\_review" in comment["body"]
    assert comment["created_at"] == comment["updated_at"]
    assert opened(scene, EffectKind.REPORT) == []


def test_a_repetition_that_belongs_to_no_append_takes_nothing_over(scene: Scene) -> None:
    # given a look at the pull request that an append asked for, and one of the timer's
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    (asked,) = opened(scene, EffectKind.ATTEND)
    scene.conductor.stores.outbox.done(asked.id)
    scene.wake()
    (repeated,) = opened(scene, EffectKind.ATTEND)

    assert carry(scene, repeated).startswith("attended: ")


def test_what_is_not_level_triggered_is_carried_out_each_time(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    (publish,) = opened(scene, EffectKind.PUBLISH)

    assert carry(scene, publish).startswith("published: ")


def test_an_effect_of_an_unknown_kind_fails_as_any_other_work(scene: Scene) -> None:
    scene.label()
    (report, *_) = opened(scene, EffectKind.REPORT)

    with pytest.raises(ValueError, match="not a valid EffectKind"):
        carry_out_effect(scene.conductor, report.id, scene.stream, "?")

    assert scene.conductor.stores.outbox.is_open(report.id)
