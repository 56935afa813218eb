"""The unfinished work of an interrupted run comes to the branch of its issue, and no further."""

import dataclasses
import time
from typing import Any
from uuid import uuid4

import conductor_scene
import pytest
from conductor_scene import FIXED, Died, Lane, Scene, commit

from rigtasks.conductor.publish import publish
from rigtasks.conductor.report import report
from rigtasks.conductor.stops import Paused
from rigtasks.eventstore.artifacts import ArtifactKind
from rigtasks.eventstore.switches import RIG
from rigtasks.github.identities import Role
from rigtasks.github.pulls import read_commits
from rigtasks.lifecycle.commands import Cancel, Command, KeepUnfinished
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.state import Stage, UnfinishedWork
from rigtasks.lifecycle.timers import Timers
from rigtasks.routing.labels import READY
from rigtasks.runs.assignments import branch_of
from rigtasks.shell import REPAIR_TASK, IssueShell, Told
from rigtasks.tasks.reconciling import compare_repository
from rigtasks.workspace.checkout import remote_heads
from rigtasks.workspace.git import Git

HALF = "def price(x):\n    return x  # half way\n"
AWS = "AKIA" + "Q3EGR7PLT2WZ9K4M"


def tip(scene: Scene) -> str | None:
    branch = branch_of(scene.state)
    return remote_heads(scene.remote(), branch).get(branch)


def pulls(scene: Scene) -> list[Any]:
    return scene.maria.pages(f"/repos/{scene.repo}/pulls", state="all")


def disputed(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    finding = {"severity": "major", "path": "price.py", "line": 2, "message": "Half to even."}
    scene.review("request_changes", finding)
    scene.attend()


def to_repair(scene: Scene) -> list[str]:
    """Return what the reconciler finds to be looked at."""
    compare_repository(scene.conductor, scene.repository)
    outbox = scene.conductor.stores.outbox
    return [one.args[0] for one in outbox.take() if one.task == REPAIR_TASK]


def comment(scene: Scene) -> str:
    report(scene.conductor, scene.stream)
    path = f"/repos/{scene.repo}/issues/{scene.number}/comments"
    (only,) = scene.maria.pages(path)
    return str(only["body"])


def test_unfinished_work_is_on_the_branch_and_the_next_run_finishes_it(scene: Scene) -> None:
    scene.label()
    half = scene.interrupt({"price.py": HALF})
    assert scene.state.wanted_stage is None
    assert "is being put on the branch" in comment(scene)

    assert scene.publish() == f"kept: unfinished work on {branch_of(scene.state)} at {half}"

    # it is there, nobody is asked to look at it, and the reconciler has nothing to say
    assert tip(scene) == half
    assert pulls(scene) == []
    assert (scene.state.lane, scene.state.attempts) == (Lane.QUEUED, 0)
    assert "Unfinished work is on its branch" in comment(scene)
    assert to_repair(scene) == []
    assert scene.publish() == "ignored: no commits wait to be published"

    # and what the next run makes of it goes all the way
    done = scene.implement({"price.py": FIXED})
    assert scene.publish().startswith("published: ")
    api = scene.conductor.api(Role.CONDUCTOR, scene.state)
    assert [one.sha for one in read_commits(api, scene.pull())] == [half, done]
    scene.turn_green()
    scene.review("approve")
    assert scene.attend().startswith("merged: ")
    assert scene.types().count("PR_CREATED") == 1


def test_on_a_pull_request_it_is_neither_reviewed_nor_merged(scene: Scene) -> None:
    # given a dispute whose answer was interrupted
    disputed(scene)
    half = scene.interrupt({"price.py": HALF})
    assert scene.publish().startswith("kept: ")

    # when everything speaks for the unfinished head
    scene.turn_green()
    path = f"/repos/{scene.repo}/pulls/{scene.pull()}/reviews"
    scene.maria.call("POST", path, {"event": "APPROVE", "commit_id": half})
    before = scene.types()
    assert scene.attend() == "attended: changes_requested"

    # then it changes nothing: the answer is still to be given, by a run that begins there
    assert scene.types() == before
    assert (scene.state.head_sha, scene.state.wanted_stage) == (half, Stage.IMPLEMENT)
    assert (scene.state.lane, scene.state.review_loops) == (Lane.CHANGES_REQUESTED, 1)
    scene.implement({"price.py": FIXED.replace("round(x)", "int(x + 0.5)")})
    scene.publish()
    assert (scene.state.lane, scene.state.unfinished) == (Lane.IN_REVIEW, None)
    assert scene.state.wanted_stage is Stage.REVIEW


@pytest.mark.parametrize("away", [False, True], ids=["onto it", "in its place"])
def test_what_somebody_pushes_onto_it_is_gone_on_with(scene: Scene, *, away: bool) -> None:
    # given an interrupted answer to a dispute, and a push of somebody else
    disputed(scene)
    before = scene.state.head_sha
    half = scene.interrupt({"price.py": HALF})
    scene.publish()
    theirs = scene.push_as_person(branch_of(scene.state), {"notes.txt": "Mine.\n"}, away=away)
    scene.turn_green()

    # when it is looked at, then it is neither reviewed nor forgotten that there is more to do
    assert scene.attend() == "attended: changes_requested"
    assert (scene.state.head_sha, scene.state.wanted_stage) == (theirs, Stage.IMPLEMENT)
    assert scene.state.unfinished == UnfinishedWork(head_sha=theirs, since_sha=before or "")
    told = scene.types()
    to_repair(scene)
    scene.attend()
    assert scene.types() == told

    # and the next run goes on from there
    done = scene.implement({"price.py": FIXED.replace("round(x)", "int(x + 0.5)")})
    scene.publish()
    assert (scene.state.lane, scene.state.unfinished) == (Lane.IN_REVIEW, None)
    api = scene.conductor.api(Role.CONDUCTOR, scene.state)
    shas = [one.sha for one in read_commits(api, scene.pull())]
    assert shas[-2:] == [theirs, done]
    assert (half in shas) is not away


def test_the_reconciler_takes_an_unfinished_head_for_the_rigs_own(scene: Scene) -> None:
    disputed(scene)
    scene.interrupt({"price.py": HALF})
    scene.publish()
    before = scene.types()

    to_repair(scene)
    scene.attend()

    assert "PR_UPDATED" not in scene.types()
    assert scene.types() == before


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"CODEOWNERS": "* @nobody\n"}, "CODEOWNERS"),
        ({"settings.py": f"KEY = '{AWS}'\n"}, "settings.py"),
        ({"many.py": "x = 1\n" * 600}, "lines"),
    ],
    ids=["owners", "secret", "oversized"],
)
def test_what_the_policy_forbids_is_not_handed_over(
    files: dict[str, str], words: str, scene: Scene
) -> None:
    scene.label()
    scene.interrupt({"price.py": HALF, **files})

    outcome = scene.publish()

    assert outcome.startswith("dropped: its unfinished work is not kept: ")
    assert words in outcome
    assert (tip(scene), pulls(scene)) == (None, [])
    assert (scene.state.lane, scene.state.attempts) == (Lane.QUEUED, 0)
    assert not {"PUSH_INTENT", "RUN_FAILED", "ISSUE_FAILED"} & set(scene.types())
    scene.implement({"price.py": FIXED})
    assert scene.publish().startswith("published: ")


def test_commits_that_the_rig_did_not_make_are_not_handed_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def committed_then_moved(git: Git, files: dict[str, str]) -> str:
        named = commit(git, files)
        commit(git, {"price.py": "def price(x):\n    return 'back door'\n"})
        return named

    scene.label()
    monkeypatch.setattr(conductor_scene, "commit", committed_then_moved)
    scene.interrupt({"price.py": HALF})

    outcome = scene.publish()

    assert outcome.startswith("dropped: its unfinished work is not kept: the rig committed ")
    assert tip(scene) is None


def test_a_branch_that_somebody_made_meanwhile_is_left_alone(scene: Scene) -> None:
    scene.label()
    scene.interrupt({"price.py": HALF})
    theirs = scene.push_as_person(branch_of(scene.state), {"notes.txt": "Mine.\n"})

    assert "which the rig did not push" in scene.publish()

    assert tip(scene) == theirs
    assert (scene.state.lane, scene.state.unfinished) == (Lane.QUEUED, None)


def test_a_persons_push_on_the_pull_request_is_kept_instead(scene: Scene) -> None:
    disputed(scene)
    scene.interrupt({"price.py": HALF})
    theirs = scene.push_as_person(branch_of(scene.state), {"notes.txt": "Mine.\n"})
    scene.attend()

    assert scene.publish().startswith("dropped: somebody moved ")

    assert (tip(scene), scene.state.head_sha) == (theirs, theirs)
    assert scene.state.unfinished is None


class _DyingShell(IssueShell):
    """A shell whose process ends when it is to be recorded that unfinished work is kept."""

    def tell(self, stream: str, command: Command, **how: Any) -> Told:
        if isinstance(command, KeepUnfinished):
            raise Died
        return super().tell(stream, command, **how)


def test_a_death_right_after_the_push_keeps_the_work_with_the_next_try(scene: Scene) -> None:
    scene.label()
    half = scene.interrupt({"price.py": HALF})
    dying = dataclasses.replace(
        scene.conductor, shell=_DyingShell(scene.conductor.stores, Timers())
    )
    with pytest.raises(Died):
        publish(dying, scene.stream, cause=scene.cause)
    assert tip(scene) == half
    assert scene.state.wanted_stage is None

    assert scene.publish().startswith("kept: ")

    assert scene.types().count("PUSH_INTENT") == 1
    assert scene.state.wanted_stage is Stage.IMPLEMENT


def test_while_the_rig_is_paused_the_work_waits(scene: Scene) -> None:
    scene.label()
    half = scene.interrupt({"price.py": HALF})
    switches = scene.conductor.stores.switches
    switches.set(RIG, reason="stop everything", actor="anna")
    with pytest.raises(Paused):
        scene.publish()
    assert tip(scene) is None

    switches.lift(RIG, actor="anna")

    assert scene.publish().startswith("kept: ")
    assert tip(scene) == half


def test_work_that_was_kept_too_long_is_given_up(scene: Scene) -> None:
    scene.label()
    scene.interrupt({"price.py": HALF})
    scene.conductor.stores.artifacts.forget(ArtifactKind.BUNDLE, older_than_seconds=0)

    assert "the time it was kept for has passed" in scene.publish()

    assert scene.state.wanted_stage is Stage.IMPLEMENT


def test_a_branch_that_somebody_deleted_is_begun_anew(scene: Scene) -> None:
    scene.label()
    scene.interrupt({"price.py": HALF})
    scene.publish()
    branch = branch_of(scene.state)
    scene.maria.call("DELETE", f"/repos/{scene.repo}/git/refs/heads/{branch}")

    done = scene.implement({"price.py": FIXED})

    assert scene.publish().startswith("published: ")
    api = scene.conductor.api(Role.CONDUCTOR, scene.state)
    assert [one.sha for one in read_commits(api, scene.pull())] == [done]


def test_work_of_a_withdrawn_issue_is_pushed_nowhere(scene: Scene) -> None:
    scene.label()
    scene.interrupt({"price.py": HALF})
    scene.conductor.shell.tell(
        scene.stream,
        Cancel(reason="label removed", by="maria"),
        actor=Actor(kind=ActorKind.OPERATOR, id="maria"),
        cause=uuid4(),
    )

    assert scene.publish() == "ignored: no commits wait to be published"
    assert tip(scene) is None


def approve_another_text(scene: Scene) -> None:
    """Take the label off, change the text, set the label again, and go on with that approval."""
    scene.maria.unlabel(scene.repo, scene.number, READY)
    scene.deliver("unlabeled")
    assert scene.state.lane is Lane.CANCELLED
    time.sleep(1.1)  # GitHub tells times in whole seconds
    scene.maria.edit_issue(scene.repo, scene.number, body="1.6 should be 2, and 1.4 should be 1")
    scene.maria.label(scene.repo, scene.number, READY)
    scene.deliver("labeled")
    scene.generation += 1


@pytest.mark.parametrize("moved", [False, True], ids=["as it was left", "moved since"])
def test_an_unfinished_pull_request_is_left_to_a_person_by_a_new_approval(
    scene: Scene, *, moved: bool
) -> None:
    # given unfinished work on the pull request of an approval that is withdrawn
    disputed(scene)
    scene.interrupt({"price.py": HALF})
    scene.publish()
    number, branch = scene.pull(), branch_of(scene.state)
    if moved:
        scene.push_as_person(branch, {"notes.txt": "Mine.\n"})
        scene.attend()

    # when another text is approved, then it is neither reviewed nor worked around
    approve_another_text(scene)
    assert f"pull request #{number} holds unfinished work" in scene.state.reason
    assert scene.state.wanted_stage is None
    assert scene.state.pr is None

    # and once a person has finished it, it is taken up
    scene.push_as_person(branch, {"price.py": FIXED})
    time.sleep(1.1)
    scene.maria.unlabel(scene.repo, scene.number, READY)
    scene.maria.label(scene.repo, scene.number, READY)
    scene.deliver("labeled")
    assert scene.pull() == number
    assert (scene.state.lane, scene.state.wanted_stage) == (Lane.IN_REVIEW, Stage.REVIEW)
