"""The hard rule under every name: intake, decider, claim, push and merge know the same."""

import json
from dataclasses import replace
from uuid import uuid4

import msgspec
import pytest
from conductor_scene import FIXED, MakeScene, Scene

from rigtasks.conductor.deliveries import work_on_delivery
from rigtasks.conductor.reconcile import watched_repositories
from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed
from rigtasks.eventstore.payloads import packed
from rigtasks.github.identities import RepositoryRef
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.internal import internal_repositories

NEVER = "agents never work in the rig's own repositories"


def listing(scene: Scene, *names: str) -> Scene:
    """Let the operator list repositories by name alone."""
    internal = internal_repositories(ids=(), names=names)
    policy = msgspec.structs.replace(scene.conductor.intake, internal=internal)
    scene.conductor = replace(scene.conductor, intake=policy)
    return scene


def deliver(scene: Scene, event: str, **fields: object) -> str:
    repository = {"id": scene.repository.id, "full_name": scene.repo}
    payload = {"repository": repository, "sender": None, **fields}
    delivery_id = str(uuid4())
    scene.conductor.stores.database.rows(
        "INSERT INTO deliveries (delivery_id, event, headers, payload, status) "
        "VALUES (%s, %s, '{}', %s, 'pending')",
        (delivery_id, event, packed(json.dumps(payload).encode())),
    )
    return work_on_delivery(scene.conductor, delivery_id)


def rename(scene: Scene) -> None:
    """Give the repository another name, which the operator's list does not have."""
    name = f"{scene.repo.partition('/')[2]}-renamed"
    scene.seeder.rename(scene.repo, name)
    scene.repository = RepositoryRef(id=scene.repository.id, full_name=f"acme/{name}")


def claim(scene: Scene) -> Claimed | NotClaimed:
    """Claim as a worker does that was started with the operator's list."""
    return scene.conductor.stores.claims.claim(
        queue="dev-e-python",
        agent="by hand",
        holder="by hand",
        run_id=uuid4(),
        lease_seconds=600.0,
        limits=Limits(),
        internal=scene.conductor.intake.internal,
    )


def seen_in_a_delivery(scene: Scene) -> None:
    sha = "0" * 40
    deliver(scene, "push", ref="refs/heads/main", before=sha, after=sha)


def seen_by_the_reconciler(scene: Scene) -> None:
    assert scene.repository in watched_repositories(scene.conductor)


def seen_at_a_label(scene: Scene) -> None:
    scene.label("The first one")
    assert scene.state.lane is Lane.FAILED


@pytest.mark.parametrize("see", [seen_in_a_delivery, seen_by_the_reconciler, seen_at_a_label])
def test_one_listed_by_name_stays_internal_under_its_next_name(scene: Scene, see: object) -> None:
    listing(scene, scene.repo)
    assert callable(see)
    see(scene)
    rename(scene)

    scene.label("Prices are cut")

    assert scene.types() == ["ISSUE_REFUSED"]
    assert scene.state.reason.startswith(NEVER)
    assert claim(scene) is NotClaimed.NOTHING


def test_the_webhook_of_the_renaming_is_enough(scene: Scene) -> None:
    listing(scene, old := scene.repo)
    rename(scene)
    name = {"name": {"from": old.partition("/")[2]}}
    deliver(scene, "repository", action="renamed", changes={"repository": name})

    scene.label()

    assert scene.state.reason.startswith(NEVER)


def test_a_new_repository_that_takes_the_old_name_is_internal(scene: Scene) -> None:
    listing(scene, old := scene.repo)
    seen_in_a_delivery(scene)
    rename(scene)
    made = scene.seeder.create_repository(old, files={"a": ""}, roles={"maria": "write"})
    scene.repository = RepositoryRef(id=made["id"], full_name=old)

    scene.label()

    assert scene.state.reason.startswith(NEVER)


def fork_of(scene: Scene) -> Scene:
    """Go on in the fork that the owner of the rig's tokens made of the repository."""
    made = scene.operator.call("POST", f"/repos/{scene.repo}/forks", {})
    repository = RepositoryRef(id=made["id"], full_name=made["full_name"])
    return replace(scene, repository=repository, maria=scene.operator)


def test_a_fork_is_refused_wherever_the_rule_is_asked(make_scene: MakeScene) -> None:
    """Its issue was approved before the operator listed the repository it comes from."""
    scene = make_scene(tokens=True)
    fork = fork_of(scene)
    fork.label()
    fork.implement({"price.py": FIXED})
    fork.label("Another one")
    assert fork.state.lane is Lane.QUEUED
    waiting = fork.number

    listing(fork, scene.repo)

    assert claim(fork) is NotClaimed.NOTHING
    fork.number = waiting - 1
    assert "agents never push to the rig's own code (fork of it: " in fork.publish()
    assert "PUSH_INTENT" not in fork.types()
    fork.label("A third one")
    assert fork.state.reason.startswith(NEVER)


def test_a_renamed_one_is_not_pushed_to(scene: Scene) -> None:
    """What it was called when it was approved was on nobody's list."""
    scene.label()
    scene.implement({"price.py": FIXED})
    rename(scene)
    listing(scene, scene.repo)

    outcome = scene.publish()

    assert outcome.startswith("refused: agents never push to the rig's own code")
    assert "PUSH_INTENT" not in scene.types()


def test_what_agents_made_before_the_listing_is_not_merged(scene: Scene) -> None:
    scene.ready_to_merge()
    old = scene.repo
    rename(scene)
    listing(scene, old)

    outcome = scene.attend()

    assert outcome.startswith("escalated: agents' work is never merged into the rig's own code")
    assert "MERGED" not in scene.types()
    assert scene.state.who_must_act == "an administrator of the repository"
    path = f"/repos/{scene.repo}/pulls/{scene.pull()}"
    assert scene.maria.call("GET", path)["merged"] is False
