"""Somebody else pushed where the rig works: their commits stay, and nobody is charged for them."""

import dataclasses

import pytest
from conductor_scene import FIXED, Died, Lane, Scene

from rigtasks.conductor.publish import publish
from rigtasks.github.api import Api
from rigtasks.github.client import GitHub
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.pulls import read_commits
from rigtasks.lifecycle.commands import ApproveGate
from rigtasks.lifecycle.envelope import Actor, ActorKind


def test_a_persons_push_during_a_fix_is_kept_and_the_work_goes_on_from_it(scene: Scene) -> None:
    # given a run that fixes what a reviewer asked for
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    finding = {"severity": "major", "path": "price.py", "line": 2, "message": "Half to even."}
    scene.review("request_changes", finding)
    scene.attend()
    scene.implement({"price.py": FIXED.replace("round(x)", "int(x + 0.5)")})
    branch = scene.state.branch or ""

    # when a person pushes to the branch before the run's commits are published
    pushed = scene.push_as_person(branch, {"notes.txt": "Checked by hand.\n"})
    scene.attend()
    outcome = scene.publish()

    # then the run's commits are dropped, the person's stay, and no attempt is charged
    assert outcome.startswith(f"dropped: somebody moved {branch} to {pushed}")
    assert (scene.state.lane, scene.state.attempts) == (Lane.CHANGES_REQUESTED, 0)
    assert "ISSUE_FAILED" not in scene.types()
    api = scene.conductor.api(Role.CONDUCTOR, scene.state)
    assert read_commits(api, scene.pull())[-1].sha == pushed

    # and the next run continues from there
    fixed = scene.implement({"price.py": FIXED.replace("round(x)", "int(x + 0.5)")})
    assert scene.publish().startswith("published: ")
    assert [one.sha for one in read_commits(api, scene.pull())][-2:] == [pushed, fixed]


def test_a_branch_of_somebody_else_stops_the_issue_with_what_to_do_and_is_left_alone(
    scene: Scene,
) -> None:
    # given commits whose branch a person has made meanwhile
    scene.label()
    scene.implement({"price.py": FIXED})
    branch = scene.state.branch or ""
    theirs = scene.push_as_person(branch, {"notes.txt": "Mine.\n"})

    outcome = scene.publish()

    assert f"{branch} is at {theirs}, which the rig did not push" in outcome
    assert (scene.state.lane, scene.state.lost_runs) == (Lane.FAILED, 0)
    assert "rename or delete that branch" in scene.state.reason
    tip = scene.maria.call("GET", f"/repos/{scene.repo}/branches/{branch}")
    assert tip["commit"]["sha"] == theirs


class _DyingGitHub(GitHub):
    """A GitHub whose caller dies when it asks as the author, which comes after the push."""

    def api(self, role: Role, repository: RepositoryRef) -> Api:
        if role is Role.AUTHOR:
            raise Died
        return super().api(role, repository)


def test_a_death_between_push_and_pull_request_forgets_no_human_gate(scene: Scene) -> None:
    # given commits that touch a sensitive path, pushed by a conductor that died at once
    scene.label()
    scene.implement({"auth.py": "TOKEN_SECONDS = 60\n"})
    dying = dataclasses.replace(scene.conductor, github=_DyingGitHub(scene.github_settings))
    with pytest.raises(Died):
        publish(dying, scene.stream, cause=scene.cause)
    assert "PUSH_INTENT" in scene.types()

    # when the publication is repeated
    assert scene.publish().startswith("published: ")

    # then the gate is raised as if nothing had happened, so that an operator can clear it
    assert scene.types()[-2:] == ["PR_CREATED", "HUMAN_GATE_TRIGGERED"]
    head = scene.state.head_sha or ""
    told = scene.conductor.shell.tell(
        scene.stream,
        ApproveGate(head_sha=head, reason="looked at it", by="maria"),
        actor=Actor(kind=ActorKind.OPERATOR, id="maria"),
        cause=scene.cause,
    )
    assert [one.type for one in told.events] == ["OPERATOR_GATE_APPROVED", "HUMAN_GATE_CLEARED"]
