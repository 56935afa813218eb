"""Merges of what nobody had seen, and gates that nobody was told of."""

import pytest
from conductor_scene import FIXED, Scene
from gate_facts import HEAD, NOW, check, green_facts, reason, replace, review, with_pull

from rigtasks.gate.result import Gate, GateStatus
from rigtasks.gate.verdict import evaluate
from rigtasks.lifecycle.commands import CiStatus
from rigtasks.lifecycle.events.acceptance import HumanGateTriggered
from rigtasks.lifecycle.react import Effect, EffectKind
from rigtasks.lifecycle.state import FeedbackKind, Lane, Stage
from rigtasks.lifecycle.timers import Timers, next_wakeup
from rigtasks.testing.life import Life, verdict


def ready() -> Life:
    life = Life()
    life.approve()
    life.implement()
    life.publish()
    life.observe(ci=CiStatus.GREEN, reviews=(verdict("APPROVED", "h1"),))
    assert life.issue.lane is Lane.READY_TO_MERGE
    return life


@pytest.mark.incident("A6")
def test_a6_a_conflict_is_work_for_the_author_agent_and_not_an_end() -> None:
    life = ready()

    life.observe(conflict=True)

    assert (life.issue.lane, life.issue.wanted_stage) == (Lane.CHANGES_REQUESTED, Stage.IMPLEMENT)
    assert life.issue.feedback is not None
    assert life.issue.feedback.kind is FeedbackKind.CONFLICT
    assert next_wakeup(life.issue, life.now, Timers()) is not None
    life.implement(head_sha="h2")
    life.publish()
    assert life.issue.lane is Lane.IN_REVIEW


@pytest.mark.incident("B39")
@pytest.mark.parametrize("required", [True, False])
def test_b39_a_list_of_no_checks_has_not_passed(*, required: bool) -> None:
    facts = green_facts(checks=())
    facts = facts if required else replace(facts, required_checks=())

    verdict = evaluate(facts, NOW)

    assert not verdict.passes
    assert verdict.result(Gate.CI).status is GateStatus.PENDING


@pytest.mark.incident("B42")
def test_b42_what_was_pushed_after_the_approval_is_not_merged(scene: Scene) -> None:
    # given an approved head with a green check, that nobody has merged yet
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.turn_green()
    scene.review("approve")
    approved = scene.state.head_sha

    # when somebody pushes, and CI is green there as well
    branch = scene.state.branch or ""
    pushed = scene.push_as_person(branch, {"other.py": "surprise = True\n"})
    scene.attend()
    scene.turn_green()
    scene.attend()

    # then the head is another, it waits for a review of its own, and nothing is merged
    assert pushed not in {approved, None}
    assert (scene.state.head_sha, scene.state.lane) == (pushed, Lane.IN_REVIEW)
    assert scene.state.wanted_stage is Stage.REVIEW
    assert "MERGED" not in scene.types()


@pytest.mark.incident("B42")
@pytest.mark.parametrize("late", ["checks", "reviews", "change", "commits", "tamper"])
def test_b42_one_fact_of_an_older_head_is_enough_to_wait(late: str) -> None:
    new = "f" * 40
    whole = with_pull(head_sha=new)
    fresh = {
        "checks": (check(head_sha=new),),
        "reviews": (review(commit_id=new),),
        "change": replace(whole.change, head_sha=new),
        "commits": replace(whole.commits, head_sha=new),
        "tamper": replace(whole.tamper, head_sha=new),
    }
    assert evaluate(replace(whole, **fresh), NOW).passes

    del fresh[late]

    assert not evaluate(replace(whole, **fresh), NOW).passes


@pytest.mark.incident("B44")
def test_b44_a_human_gate_is_told_where_people_look_with_who_and_how() -> None:
    life = ready()
    before = len(life.effects)

    life.store(HumanGateTriggered(head_sha="h1", reasons=("auth/session.py is sensitive",)))

    assert Effect(kind=EffectKind.REPORT) in life.effects[before:]
    assert next_wakeup(life.issue, life.now, Timers()) is not None
    result = evaluate(green_facts(human_gates=(reason(),)), NOW).result(Gate.HUMAN_GATE)
    (way,) = result.can_unblock
    assert way.who == "a person with write access"
    assert way.command is not None
    assert f"--sha {HEAD}" in way.command


@pytest.mark.incident("merge-1")
@pytest.mark.parametrize("order", [1, -1])
def test_merge_1_a_check_that_was_started_again_is_waited_for(order: int) -> None:
    again = check(id=901, status="queued", conclusion=None)
    checks = (check(), again)[::order]

    verdict = evaluate(green_facts(checks=checks), NOW)

    assert [one.id for one in verdict.blockers] == [Gate.CI]
    assert verdict.result(Gate.CI).status is GateStatus.PENDING
