"""The canary goes the way of every issue, at most one at a time, and its absence is an alarm."""

import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from conductor_scene import Lane, Scene

from rigtasks.conductor.canary import look_after_canary
from rigtasks.conductor.canary_plan import CanaryPlan
from rigtasks.conductor.intake import take_in
from rigtasks.errors import Permanent
from rigtasks.eventstore.switches import RIG
from rigtasks.routing.labels import READY
from rigtasks.schedule import CANARY
from rigtasks.tasks.watching import watch_canary

YEARS = 1e9


def with_canary(scene: Scene, *, period: float = YEARS, limit: float = YEARS) -> Scene:
    plan = CanaryPlan(repository=scene.repo.upper(), period=period, limit=limit)
    scene.conductor = replace(scene.conductor, canary=plan)
    return scene


def issues(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.maria.pages(f"/repos/{scene.repo}/issues", state="all")
    return [one for one in found if "pull_request" not in one]


def succeeded(scene: Scene) -> str | None:
    rows = scene.conductor.stores.database.rows(
        "SELECT detail FROM watchers WHERE name = %s", (CANARY,)
    )
    return rows[0][0] if rows else None


def test_nothing_is_filed_unless_a_repository_is_named(scene: Scene) -> None:
    assert watch_canary(scene.conductor) == "off"

    assert issues(scene) == []
    assert succeeded(scene) == "off"


def test_it_goes_the_way_of_every_issue_and_the_next_one_is_not_due_before_its_time(
    scene: Scene,
) -> None:
    # given a canary that is filed once, however often that is asked for
    with_canary(scene)
    assert watch_canary(scene.conductor).startswith(f"filed {scene.repo}#")
    for _ in range(2):
        assert watch_canary(scene.conductor).endswith("was not taken in yet")
    (issue,) = issues(scene)
    assert [one["name"] for one in issue["labels"]] == [READY]
    assert issue["user"]["type"] == "Bot"

    # when it is taken in as any other, by the label the rig itself has set
    scene.number = issue["number"]
    scene.take_in()
    assert scene.state.lane is Lane.QUEUED
    assert "canary 20" in scene.state.body
    assert watch_canary(scene.conductor).endswith("is queued")
    scene.implement({"canary.txt": "canary\n"})
    scene.publish()
    scene.turn_green()
    scene.review("approve")
    assert scene.attend().startswith("merged: ")

    # then its end is known, and none is filed until the next period
    assert watch_canary(scene.conductor) == "was merged"
    assert watch_canary(scene.conductor) == "none is due"
    assert len(issues(scene)) == 1
    assert succeeded(scene) == "none is due"


def test_a_canary_whose_filing_was_not_noted_is_found_again(scene: Scene) -> None:
    with_canary(scene)
    look_after_canary(scene.conductor)
    scene.conductor.stores.database.rows("DELETE FROM canaries RETURNING number")

    look_after_canary(scene.conductor)

    assert len(issues(scene)) == 1


@pytest.mark.incident("A14")
def test_a_late_one_is_no_success_and_none_follows_it_until_it_is_closed(scene: Scene) -> None:
    # given a canary that nobody takes in
    with_canary(scene, period=1.0, limit=0.0)
    look_after_canary(scene.conductor)

    # when it is late
    said = watch_canary(scene.conductor)

    # then that is no success, and no other is filed
    assert said.endswith("was not taken in yet and is not merged after 0 s")
    assert succeeded(scene) is None
    assert len(issues(scene)) == 1

    # until a person closes it
    scene.maria.edit_issue(scene.repo, issues(scene)[0]["number"], state="closed")
    assert watch_canary(scene.conductor).startswith("was withdrawn")
    end = time.monotonic() + 30
    while not (said := watch_canary(scene.conductor)).startswith("filed "):
        assert said == "none is due"
        assert time.monotonic() < end
        time.sleep(0.05)
    assert len(issues(scene)) == 2


def test_a_pause_keeps_it_from_being_filed(scene: Scene) -> None:
    with_canary(scene)
    scene.conductor.stores.switches.set(RIG, reason="maintenance", actor="anna")

    assert watch_canary(scene.conductor) == "not filed: anna paused rig"

    assert issues(scene) == []


def test_the_rigs_own_label_authorises_nothing_elsewhere(scene: Scene) -> None:
    # given a canary of another repository, and an issue here that an App of the rig labelled
    with_canary(scene)
    look_after_canary(scene.conductor)
    scene.number = issues(scene)[0]["number"]
    elsewhere = CanaryPlan(repository="acme/elsewhere", period=YEARS, limit=YEARS)
    conductor = replace(scene.conductor, canary=elsewhere)

    outcome = take_in(conductor, scene.repository, scene.number, cause=uuid4())

    assert outcome.startswith("refused: ")
    assert scene.state.refusal_code == "untrusted"


def test_a_repository_out_of_reach_is_said(scene: Scene) -> None:
    plan = CanaryPlan(repository="acme/nowhere", period=YEARS, limit=YEARS)

    with pytest.raises(Permanent, match="RIG_CANARY_REPOSITORY is acme/nowhere"):
        look_after_canary(replace(scene.conductor, canary=plan))
