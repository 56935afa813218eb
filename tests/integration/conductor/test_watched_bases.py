"""A base branch that is red since a merge of the rig is told of, once, and to a person."""

from typing import Any

import pytest
from conductor_scene import Scene
from msgspec.structs import replace

from rigtasks.conductor import base_branches
from rigtasks.conductor.base_branches import judge_base
from rigtasks.conductor.effects import carry_out
from rigtasks.eventstore.queries import IssueSummary
from rigtasks.gate.facts import CheckKind, ObservedCheck
from rigtasks.github.errors import RateLimited
from rigtasks.lifecycle.react import EffectKind
from rigtasks.schedule import BASE_BRANCHES
from rigtasks.shell import EFFECT_TASK
from rigtasks.tasks.watching import watch_bases


def check(name: str, conclusion: str | None) -> ObservedCheck:
    return ObservedCheck(
        id=1,
        name=name,
        kind=CheckKind.CHECK_RUN,
        app_id=1,
        app_slug="ci",
        head_sha="m1",
        status="in_progress" if conclusion is None else "completed",
        conclusion=conclusion,
    )


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "startup_failure"])
def test_what_went_wrong_at_the_merge_is_red(conclusion: str) -> None:
    found = judge_base((check("test", conclusion), check("lint", "success")), ())

    assert found is not None
    assert not found.green
    assert [one.name for one in found.checks] == ["test"]


@pytest.mark.parametrize("conclusion", ["cancelled", "skipped", "neutral", "success", "stale"])
def test_what_was_cancelled_or_skipped_is_not_red(conclusion: str) -> None:
    found = judge_base((check("test", conclusion),), ())

    assert found is not None
    assert found.green


def test_what_was_red_before_is_not_this_merges(scene: Scene) -> None:
    del scene
    old = check("publish", "failure")

    known = judge_base((old, check("test", "success")), (old,))
    assert known is not None
    assert known.green
    assert [one.summary for one in known.checks if one.name == "publish"] == [
        "red before this merge as well"
    ]
    worse = judge_base((old, check("test", "failure")), (old,))
    assert worse is not None
    assert not worse.green


def test_nothing_is_said_while_checks_run_or_none_came() -> None:
    assert judge_base((), ()) is None
    assert judge_base((check("test", None), check("lint", "success")), ()) is None
    assert judge_base((check("rig/merge-gate", "success"),), ()) is None
    red = judge_base((check("test", None), check("lint", "failure")), ())
    assert red is not None
    assert not red.green


def report_check(scene: Scene, sha: str, state: str) -> None:
    path = f"/repos/{scene.repo}/statuses/{sha}"
    scene.maria.call("POST", path, {"state": state, "context": "deploy"})


def merged(scene: Scene) -> str:
    scene.ready_to_merge()
    assert scene.attend().startswith("merged: ")
    assert scene.state.merge_sha is not None
    return scene.state.merge_sha


def comments(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.maria.pages(
        f"/repos/{scene.repo}/issues/{scene.number}/comments"
    )
    return found


def succeeded(scene: Scene) -> bool:
    rows = scene.conductor.stores.database.rows("SELECT name FROM watchers")
    return (BASE_BRANCHES,) in rows


def test_a_merge_that_turned_its_base_red_is_recorded_and_told(scene: Scene) -> None:
    # given a merge whose checks on the base branch have not reported yet
    sha = merged(scene)
    assert watch_bases(scene.conductor) == "0 red, 0 green, 1 open"
    assert succeeded(scene)
    before = scene.types()

    # when they turn red
    report_check(scene, sha, "failure")
    assert watch_bases(scene.conductor) == "1 red, 0 green, 0 open"
    assert watch_bases(scene.conductor) == "0 red, 0 green, 0 open"

    # then the issue says so once, and a comment tells who wanted it
    assert scene.types() == [*before, "CI_FAILED"]
    rows = scene.conductor.stores.database.rows(
        "SELECT args ->> 1 FROM outbox WHERE task = %s AND args ->> 1 = 'remind'", (EFFECT_TASK,)
    )
    assert rows == [("remind",)]
    for _ in range(2):
        carry_out(scene.conductor, scene.stream, EffectKind.REMIND, cause=scene.cause)
    said = [one["body"] for one in comments(scene) if "are red since" in one["body"]]
    assert len(said) == 1
    assert said[0].startswith("@maria: the checks of `main` are red since pull request #")


def test_a_green_base_tells_nobody(scene: Scene) -> None:
    sha = merged(scene)
    report_check(scene, sha, "success")

    assert watch_bases(scene.conductor) == "0 red, 1 green, 0 open"

    assert scene.types()[-1] == "CI_PASSED"
    said = carry_out(scene.conductor, scene.stream, EffectKind.REMIND, cause=scene.cause)
    assert said == "ignored: nobody is waited for any more"


def test_a_base_that_was_red_already_is_not_laid_at_the_merges_door(scene: Scene) -> None:
    # given a base branch that is red before
    branch = scene.maria.call("GET", f"/repos/{scene.repo}/branches/main")
    report_check(scene, branch["commit"]["sha"], "failure")
    sha = merged(scene)
    report_check(scene, sha, "failure")

    assert watch_bases(scene.conductor) == "0 red, 1 green, 0 open"


def test_somebody_elses_merge_is_not_watched(scene: Scene) -> None:
    scene.ready_to_merge()
    scene.maria.merge(scene.repo, scene.pull(), merge_method="squash")
    scene.attend()
    assert "MERGE_OUTSIDE_RIG" in scene.types()

    assert watch_bases(scene.conductor) == "0 red, 0 green, 0 open"


def test_after_a_limit_nothing_more_is_asked_for_the_same_owner(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged(scene)
    issues = scene.conductor.stores.issues
    (one,) = issues.done_lately(seconds=3_600.0)
    merges = (one, one, replace(one, repo="elsewhere/api"), replace(one, repo="elsewhere/web"))
    asked: list[str] = []

    def limited(_conductor: object, issue: IssueSummary) -> None:
        asked.append(issue.repo)
        if issue.repo == one.repo:
            raise RateLimited("used up", retry_after=60.0)

    monkeypatch.setattr(type(issues), "done_lately", lambda *_, **__: merges)
    monkeypatch.setattr(base_branches, "_look", limited)

    with pytest.raises(RateLimited):
        base_branches.watch_base_branches(scene.conductor, seconds=3_600.0)

    assert asked == [one.repo, "elsewhere/api", "elsewhere/web"]
