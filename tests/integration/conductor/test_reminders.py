"""Reminders are comments of their own, so that GitHub tells people; a later one replaces them."""

from typing import Any
from uuid import uuid4

import pytest
from conductor_scene import FIXED, MakeScene, Scene

from rigtasks.conductor.context import CONDUCTOR
from rigtasks.conductor.effects import carry_out
from rigtasks.lifecycle.commands import Acknowledge, Escalate, RemindOfCall, RemindOfGate
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.react import EffectKind

CONFIG = "stack: python\ntestCommand: python -m unittest -q\nreview: human\n"
CLOCK = Actor(kind=ActorKind.CLOCK, id="watcher")
OPERATOR = Actor(kind=ActorKind.OPERATOR, id="ada")


def reminders(scene: Scene) -> list[dict[str, Any]]:
    path = f"/repos/{scene.repo}/issues/{scene.number}/comments"
    return [one for one in scene.maria.pages(path) if "rig:reminder:" in one["body"]]


def remind(scene: Scene) -> str:
    return carry_out(scene.conductor, scene.stream, EffectKind.REMIND, cause=uuid4())


def gated(make_scene: MakeScene) -> Scene:
    """Bring an issue to where nothing but a person's look is missing."""
    scene = make_scene(files={".rig-agent.yaml": CONFIG})
    scene.config = CONFIG
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.turn_green()
    scene.review("approve")
    scene.attend()
    return scene


@pytest.mark.incident("B44")
def test_the_person_at_the_gate_is_told_what_to_look_at(make_scene: MakeScene) -> None:
    scene = gated(make_scene)
    head = scene.state.head_sha or ""
    for count in (1, 2):
        # when a reminder is due, and its effect comes twice
        command = RemindOfGate(head_sha=head, count=count)
        scene.conductor.shell.tell(scene.stream, command, actor=CLOCK, cause=uuid4())
        assert remind(scene).startswith("reminded: ")
        assert remind(scene).startswith("reminded: ")

    # then there is one, the latest, for who set the label
    (said,) = reminders(scene)
    assert said["body"].startswith(f"@maria: pull request #{scene.pull()} still waits for a person")
    assert f"rig issue approve-gate {scene.repo}#{scene.number} --sha {head[:12]}" in said["body"]
    assert f":{head}:2 " in said["body"]

    # and none once somebody looked
    scene.maria.review(scene.repo, scene.pull(), "APPROVE")
    scene.attend()
    assert remind(scene) == "ignored: nobody is waited for any more"


@pytest.mark.incident("B44")
def test_a_called_person_is_told_what_it_waits_for(scene: Scene) -> None:
    scene.label()
    shell = scene.conductor.shell
    called = Escalate(reason="GitHub does not let the rig merge", who_must_act="an administrator")
    shell.tell(scene.stream, called, actor=CONDUCTOR, cause=uuid4())
    shell.tell(scene.stream, RemindOfCall(calls=1), actor=CLOCK, cause=uuid4())

    remind(scene)

    (said,) = reminders(scene)
    assert "waits for an administrator: GitHub does not let the rig merge" in said["body"]
    assert f"rig issue acknowledge {scene.repo}#{scene.number}" in said["body"]
    shell.tell(scene.stream, Acknowledge(by="ada"), actor=OPERATOR, cause=uuid4())
    assert scene.state.who_must_act == "ada"
