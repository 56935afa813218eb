"""What a person stopped writes nothing to GitHub, and goes on by itself once it is resumed."""

import dataclasses
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from conductor_scene import FIXED, Lane, Scene

from rigtasks.conductor.attend import attend
from rigtasks.conductor.context import CONDUCTOR
from rigtasks.conductor.effects import carry_out
from rigtasks.conductor.publish import publish
from rigtasks.conductor.reviews import post_review
from rigtasks.conductor.stops import Paused
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.eventstore.switches import RIG, issue_scope, repository_scope
from rigtasks.gate.rules.ci import GATE_CHECK
from rigtasks.github.client import GitHub
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.reviews import read_threads
from rigtasks.github.tokens import Token
from rigtasks.lifecycle.commands import Cancel, Command, IntendPush
from rigtasks.lifecycle.react import EffectKind
from rigtasks.lifecycle.timers import Timers
from rigtasks.shell import EFFECT_TASK, IssueShell, Told
from rigtasks.tasks.carrying import carry

SCOPES = ("rig", "repository", "issue")


def scope_of(scene: Scene, name: str) -> str:
    scopes = {
        "rig": RIG,
        "repository": repository_scope(scene.repository.id),
        "issue": issue_scope(scene.stream),
    }
    return scopes[name]


def pause(scene: Scene, name: str = "rig") -> None:
    switches = scene.conductor.stores.switches
    assert switches.set(scope_of(scene, name), reason="stop everything", actor="anna")


def resume(scene: Scene, name: str = "rig") -> None:
    assert scene.conductor.stores.switches.lift(scope_of(scene, name), actor="anna")


def comments(scene: Scene) -> list[str]:
    path = f"/repos/{scene.repo}/issues/{scene.number}/comments"
    return [one["body"] for one in scene.maria.pages(path)]


def branches(scene: Scene) -> list[str]:
    return [one["name"] for one in scene.maria.pages(f"/repos/{scene.repo}/branches")]


def pulls(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.maria.pages(f"/repos/{scene.repo}/pulls", state="all")
    return found


def check_runs(scene: Scene) -> list[str]:
    path = f"/repos/{scene.repo}/commits/{scene.state.head_sha}/check-runs"
    return [one["name"] for one in scene.maria.call("GET", path)["check_runs"]]


def report(scene: Scene, kind: EffectKind = EffectKind.REPORT) -> str:
    return carry_out(scene.conductor, scene.stream, kind, cause=uuid4())


def asked_for(scene: Scene) -> list[str]:
    """Return the effects that are open."""
    rows = scene.conductor.stores.database.rows(
        "SELECT args ->> 1 FROM outbox WHERE task = %s AND done_at IS NULL ORDER BY id",
        (EFFECT_TASK,),
    )
    return [kind for (kind,) in rows]


@pytest.mark.parametrize("name", SCOPES)
def test_commits_are_not_pushed_until_the_pause_is_lifted(scene: Scene, name: str) -> None:
    # given commits that wait, and a stop
    scene.label()
    scene.implement({"price.py": FIXED})
    pause(scene, name)
    before = scene.types()

    # when they come up
    with pytest.raises(Paused, match=r"anna paused the \w+: stop everything"):
        scene.publish()

    # then nothing is pushed, opened or recorded
    assert branches(scene) == ["main"]
    assert pulls(scene) == []
    assert scene.types() == before

    # and they are published once it is over
    resume(scene, name)
    assert scene.publish().startswith("published: ")
    assert len(pulls(scene)) == 1


def test_a_pause_of_another_repository_stops_nothing_here(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.conductor.stores.switches.set(repository_scope(1), reason="release", actor="anna")

    assert scene.publish().startswith("published: ")


def test_a_paused_effect_waits_in_the_outbox_and_costs_no_attempt(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    pause(scene)
    stores = scene.conductor.stores
    stores.database.rows("UPDATE outbox SET done_at = clock_timestamp() WHERE done_at IS NULL")
    stores.outbox.add((OutboxEntry(kind="task", task="t", queue="conductor"),))
    (entry,) = stores.outbox.take(repeat_seconds=0.0)

    outcomes = [carry(stores, entry.id, scene.publish) for _ in range(3)]

    assert outcomes == ["later: anna paused the rig: stop everything"] * 3
    (attempts, dead, seconds) = stores.database.rows(
        "SELECT attempts, dead_at, extract(epoch FROM available_at - clock_timestamp())::float8 "
        "FROM outbox WHERE id = %s",
        (entry.id,),
    )[0]
    assert (attempts, dead) == (0, None)
    assert 0 < seconds <= 10
    resume(scene)
    assert carry(stores, entry.id, scene.publish).startswith("published: ")


class _PausedMeanwhile(GitHub):
    """A GitHub at which somebody pauses the rig while commits are about to be inspected."""

    scene: Scene

    def push_token(self, repository: RepositoryRef) -> Token:
        pause(self.scene)
        return super().push_token(repository)


def test_a_pause_that_comes_during_the_inspection_keeps_the_commits_from_the_push(
    scene: Scene,
) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    github = _PausedMeanwhile(scene.github_settings)
    github.scene = scene

    with pytest.raises(Paused):
        publish(dataclasses.replace(scene.conductor, github=github), scene.stream, cause=uuid4())

    assert branches(scene) == ["main"]
    assert "PUSH_INTENT" not in scene.types()


class _PausingShell(IssueShell):
    """A shell beside which somebody pauses the rig when a push is about to begin."""

    scene: Scene

    def tell(self, stream: str, command: Command, **how: Any) -> Told:
        if isinstance(command, IntendPush):
            pause(self.scene)
        return super().tell(stream, command, **how)


def test_a_pause_that_comes_during_the_push_keeps_the_pull_request_closed_until_later(
    scene: Scene,
) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    shell = _PausingShell(scene.conductor.stores, Timers())
    shell.scene = scene

    with pytest.raises(Paused):
        publish(dataclasses.replace(scene.conductor, shell=shell), scene.stream, cause=uuid4())
    assert pulls(scene) == []

    resume(scene)
    assert scene.publish().startswith("published: ")
    assert len(pulls(scene)) == 1
    assert scene.types().count("PUSH_INTENT") == 1


@pytest.mark.parametrize("name", SCOPES)
def test_a_verdict_is_not_posted_until_the_pause_is_lifted(scene: Scene, name: str) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()

    # given a verdict that was reported just after somebody pressed stop
    claimed = scene.claim()
    pause(scene, name)
    scene.finish_review(claimed, "approve")

    # when it is to be posted
    with pytest.raises(Paused):
        post_review(scene.conductor, scene.stream, cause=uuid4())

    # then there is no review, until there is one
    path = f"/repos/{scene.repo}/pulls/{scene.pull()}/reviews"
    assert scene.maria.pages(path) == []
    resume(scene, name)
    assert post_review(scene.conductor, scene.stream, cause=uuid4()).startswith("posted: ")
    assert len(scene.maria.pages(path)) == 1


def test_a_paused_pull_request_is_watched_and_neither_its_threads_nor_itself_are_touched(
    scene: Scene,
) -> None:
    # given an approved green head with a thread that the approval has answered
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    finding = {"severity": "major", "path": "price.py", "line": 2, "message": "Half to even."}
    scene.review("request_changes", finding)
    scene.attend()
    scene.implement({"price.py": FIXED.replace("round(x)", "int(x + 0.5)")})
    scene.publish()
    scene.review("approve")
    scene.turn_green()
    pause(scene, "repository")

    # when it is looked at
    outcome = scene.attend()

    # then what is new is recorded, and nothing is written
    assert scene.state.lane is Lane.READY_TO_MERGE
    assert outcome.startswith("waiting: ")
    assert "anna paused the repo: stop everything" in outcome
    api = scene.conductor.api(Role.CONDUCTOR, scene.state)
    assert [one.is_resolved for one in read_threads(api, scene.pull())] == [False]
    assert GATE_CHECK not in check_runs(scene)
    assert [one["state"] for one in pulls(scene)] == ["open"]

    # and it is merged once it is over
    resume(scene, "repository")
    assert scene.attend().startswith("merged: ")


def test_a_pause_in_the_last_moment_still_keeps_the_merge_back(scene: Scene) -> None:
    scene.ready_to_merge()
    asked: list[datetime] = []

    def now() -> datetime:
        asked.append(scene.conductor.now())
        if len(asked) == 1:  # the facts are read, the gates are asked
            return asked[-1]
        if not scene.conductor.stores.switches.active():
            pause(scene)
        return asked[-1]

    with pytest.raises(Paused):
        attend(dataclasses.replace(scene.conductor, now=now), scene.stream, cause=uuid4())

    assert scene.state.lane is Lane.READY_TO_MERGE
    assert [one["state"] for one in pulls(scene)] == ["open"]
    assert GATE_CHECK not in check_runs(scene)
    resume(scene)
    assert scene.attend().startswith("merged: ")


def test_a_paused_rig_says_nothing_at_all_until_it_is_resumed(scene: Scene) -> None:
    scene.label()
    pause(scene)

    with pytest.raises(Paused):
        report(scene)
    assert comments(scene) == []

    resume(scene)
    assert report(scene).startswith("reported: ")
    assert len(comments(scene)) == 1


@pytest.mark.parametrize(
    ("name", "command"), [("repository", "rig repo resume "), ("issue", "rig issue resume ")]
)
def test_the_comment_on_a_paused_issue_says_so_and_is_brought_up_to_date_afterwards(
    scene: Scene, name: str, command: str
) -> None:
    # given a pull request whose repository or issue is paused
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    pause(scene, name)

    # when its comment is to be written, and again
    assert report(scene).startswith("reported the pause: ")
    said = comments(scene)
    assert report(scene).startswith("reported the pause: ")

    # then the one comment says who stopped it, why and how it goes on, and nothing else is shown
    assert comments(scene) == said
    assert len(said) == 1
    assert f"anna paused this {name}: stop everything" in said[0]
    assert command in said[0]
    assert "Gate at" not in said[0]
    assert check_runs(scene) == []
    assert asked_for(scene).count("report_resumed") == 1

    # and the same comment goes on once the pause is lifted, not before
    with pytest.raises(Paused):
        report(scene, EffectKind.REPORT_RESUMED)
    resume(scene, name)
    assert report(scene, EffectKind.REPORT_RESUMED).startswith("reported: ")
    (afterwards,) = comments(scene)
    assert "stop everything" not in afterwards
    assert "Gate at" in afterwards


def test_what_became_of_an_ended_issue_is_told_after_the_pause(scene: Scene) -> None:
    scene.label()
    pause(scene, "repository")
    scene.conductor.shell.tell(
        scene.stream,
        Cancel(reason="not wanted", by="maria"),
        actor=CONDUCTOR,
        cause=uuid4(),
    )

    with pytest.raises(Paused):
        report(scene)

    assert comments(scene) == []
