"""A person takes an issue back; what is under way ends in order and nothing is left behind."""

import dataclasses

import pytest
from conductor_scene import FIXED, Lane, Scene

from rigtasks.conductor.alone import EffectUnderWay
from rigtasks.conductor.context import CONDUCTOR
from rigtasks.conductor.publish import publish
from rigtasks.github.client import GitHub
from rigtasks.github.identities import RepositoryRef
from rigtasks.github.tokens import Token
from rigtasks.lifecycle.commands import Cancel
from rigtasks.routing.labels import READY


def test_a_withdrawal_comes_again_after_the_effect_that_is_under_way(scene: Scene) -> None:
    # given an effect that holds the issue
    scene.ready_to_merge()
    scene.maria.unlabel(scene.repo, scene.number, READY)

    with scene.conductor.alone(scene.stream):
        # when the label is taken off meanwhile
        with pytest.raises(EffectUnderWay):
            scene.deliver("unlabeled")

        # then nothing is cancelled behind the effect's back
        assert not scene.state.terminal

    assert scene.deliver("unlabeled") == f"cancelled: the label {READY} was removed"
    assert scene.state.lane is Lane.CANCELLED


class _WithdrawnMeanwhile(GitHub):
    """A GitHub at which a person withdraws the issue while its commits are about to be pushed."""

    scene: Scene

    def push_token(self, repository: RepositoryRef) -> Token:
        command = Cancel(reason="not wanted", by="maria")
        self.scene.conductor.shell.tell(
            self.scene.stream, command, actor=CONDUCTOR, cause=self.scene.cause
        )
        return super().push_token(repository)


def test_commits_of_an_issue_that_was_withdrawn_are_neither_pushed_nor_a_failure(
    scene: Scene,
) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    branch = scene.state.branch
    github = _WithdrawnMeanwhile(scene.github_settings)
    github.scene = scene

    outcome = publish(
        dataclasses.replace(scene.conductor, github=github), scene.stream, cause=scene.cause
    )

    assert outcome.startswith("ignored: ")
    assert scene.state.lane is Lane.CANCELLED
    branches = scene.maria.pages(f"/repos/{scene.repo}/branches")
    assert branch not in [one["name"] for one in branches]
    assert scene.maria.pages(f"/repos/{scene.repo}/pulls", state="all") == []


@pytest.mark.parametrize("how", ["closed", "unlabelled"])
def test_an_issue_that_was_withdrawn_without_a_webhook_is_not_merged(
    scene: Scene, how: str
) -> None:
    # given an approved green head, and a withdrawal whose webhook never arrived
    scene.ready_to_merge()
    if how == "closed":
        scene.maria.edit_issue(scene.repo, scene.number, state="closed")
    else:
        scene.maria.unlabel(scene.repo, scene.number, READY)

    # when its pull request is looked at
    outcome = scene.attend()

    # then it is cancelled, and nothing is merged
    reasons = {"closed": "the issue was closed", "unlabelled": f"the label {READY} was removed"}
    assert outcome == f"cancelled: {reasons[how]}"
    assert scene.state.lane is Lane.CANCELLED
    pull = scene.maria.call("GET", f"/repos/{scene.repo}/pulls/{scene.pull()}")
    assert (pull["state"], pull["merged"]) == ("open", False)


def test_an_issue_that_waits_notices_on_its_timer_that_its_label_is_gone(scene: Scene) -> None:
    scene.label()
    assert scene.wake().startswith("repeated: ")
    assert scene.state.lane is Lane.QUEUED
    scene.maria.unlabel(scene.repo, scene.number, READY)

    assert scene.wake() == f"cancelled: the label {READY} was removed"

    assert scene.types() == ["ISSUE_APPROVED", "ISSUE_HELD", "ISSUE_CANCELLED"]
