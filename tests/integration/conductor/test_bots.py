"""A bot that answers the rig, which answers the bot: the breaker ends it, a person closes it."""

import json
from uuid import uuid4

import pytest
from conductor_scene import MakeScene, Scene

from rigtasks.conductor.deliveries import work_on_delivery
from rigtasks.conductor.effects import carry_out
from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed
from rigtasks.eventstore.payloads import packed
from rigtasks.eventstore.switches import breaker_scope
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.breaker import BreakerLimits
from rigtasks.lifecycle.lateness import Patience
from rigtasks.lifecycle.react import EffectKind
from rigtasks.lifecycle.timers import Timers
from rigtasks.shell import IssueShell
from rigtasks.tasks.watchers import Watchers

LIMITS = BreakerLimits(rounds=9, comments=3, labels=3)


def told(scene: Scene, event: str, action: str, *, sender: str = "Bot", account: int = 77) -> str:
    """Let the conductor work on a delivery about the issue, caused by this account."""
    repository = scene.maria.call("GET", f"/repos/{scene.repo}")
    issue = scene.maria.call("GET", f"/repos/{scene.repo}/issues/{scene.number}")
    payload = {
        "action": action,
        "issue": issue,
        "repository": repository,
        "sender": {"id": account, "login": "helpful[bot]", "type": sender},
        "label": {"name": "triage"},
        "comment": {"id": 5, "updated_at": "2026-01-01T00:00:00Z", "user": issue["user"]},
    }
    delivery_id = str(uuid4())
    scene.conductor.stores.database.rows(
        "INSERT INTO deliveries (delivery_id, event, action, headers, payload, status) "
        "VALUES (%s, %s, %s, '{}', %s, 'pending')",
        (delivery_id, event, action, packed(json.dumps(payload).encode())),
    )
    return work_on_delivery(scene.conductor, delivery_id)


def watch(scene: Scene) -> str:
    stores = scene.conductor.stores
    shell = IssueShell(stores, Timers())
    return Watchers(stores=stores, shell=shell, patience=Patience(), breaker=LIMITS).breakers()


@pytest.mark.parametrize(
    ("event", "action", "words"),
    [
        ("issue_comment", "created", "3 comments were made by bots"),
        ("issues", "labeled", "3 labels were set or taken off by bots"),
        ("issues", "unlabeled", "3 labels were set or taken off by bots"),
    ],
)
def test_a_loop_with_another_bot_is_ended_until_a_person_closes_the_breaker(
    scene: Scene, event: str, action: str, words: str
) -> None:
    # given an issue that a bot answers again and again
    scene.label()
    for _ in range(2):
        told(scene, event, action)
    assert watch(scene) == "0 breakers opened"

    # when it does so once more
    told(scene, event, action)
    assert watch(scene) == "1 breakers opened"

    # then nobody gets the issue, and it says who must act
    assert claim(scene) is NotClaimed.NOTHING
    assert scene.types()[-1] == "ISSUE_NEEDS_HUMAN"
    said = carry_out(scene.conductor, scene.stream, EffectKind.REPORT, cause=scene.cause)
    assert said.startswith("reported the pause: ")
    (comment,) = scene.maria.pages(f"/repos/{scene.repo}/issues/{scene.number}/comments")
    assert f"the breaker paused this issue: {words}" in comment["body"]
    assert f"rig issue resume {scene.repo}#{scene.number}" in comment["body"]

    # and a new label, by whomever, opens no way around it
    scene.maria.unlabel(scene.repo, scene.number, "agent-ready")
    scene.deliver("unlabeled")
    scene.maria.label(scene.repo, scene.number, "agent-ready")
    assert scene.take_in().startswith("held: ")

    # until a person closes it
    scope = breaker_scope(scene.repository.id, scene.number)
    switches = scene.conductor.stores.switches
    assert switches.lift(scope, actor="ada", source=StopSource.BREAKER)
    scene.take_in()
    assert isinstance(claim(scene), Claimed)


def test_what_people_do_opens_nothing(scene: Scene) -> None:
    scene.label()
    for _ in range(9):
        told(scene, "issue_comment", "created", sender="User")
        told(scene, "issue_comment", "edited")

    assert watch(scene) == "0 breakers opened"


def test_the_account_that_the_rig_writes_with_is_no_person(make_scene: MakeScene) -> None:
    # given a rig that acts with the personal token of somebody
    scene = make_scene(tokens=True)
    scene.label()
    own = scene.operator.call("GET", "/user")["id"]

    for _ in range(3):
        told(scene, "issue_comment", "created", sender="User", account=own)

    assert watch(scene) == "1 breakers opened"


def claim(scene: Scene) -> object:
    return scene.conductor.stores.claims.claim(
        queue="dev-e-python",
        agent="by hand",
        holder="by hand",
        run_id=uuid4(),
        lease_seconds=600.0,
        limits=Limits(),
    )
