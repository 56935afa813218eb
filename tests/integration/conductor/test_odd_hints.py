"""Signed deliveries and files that say odd things: GitHub is read again, and that counts."""

import json
from dataclasses import replace
from uuid import uuid4

import msgspec
import pytest
from conductor_scene import CONFIG, FIXED, MakeScene, Scene, clone_as, git_as

from rigtasks.conductor.deliveries import note_failure, work_on_delivery
from rigtasks.errors import Permanent
from rigtasks.eventstore.deliveries import DeliveryStatus
from rigtasks.eventstore.payloads import packed
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.internal import InternalRepositories
from rigtasks.routing.labels import READY
from rigtasks.routing.yaml_tree import MAX_BYTES

APPROVED = "held: no worker of dev-e-python is running"
"""Nobody works in this scene; the issue is approved all the same."""


def file_issue(scene: Scene, *labels: str) -> None:
    scene.number = int(scene.maria.create_issue(scene.repo, "Prices are cut", "")["number"])
    for label in labels:
        scene.maria.label(scene.repo, scene.number, label)


def deliver(scene: Scene, action: str, label: str = READY, **repository: object) -> str:
    """Let the conductor work on a delivery that names the repository in another way."""
    payload = {
        "action": action,
        "label": {"name": label},
        "issue": {"number": scene.number, "title": "x", "labels": [{"name": label}]},
        "repository": {"id": scene.repository.id, "full_name": scene.repo} | repository,
        "sender": None,
    }
    delivery_id = str(uuid4())
    scene.conductor.stores.database.rows(
        "INSERT INTO deliveries (delivery_id, event, action, headers, payload, status) "
        "VALUES (%s, 'issues', %s, '{}', %s, 'pending')",
        (delivery_id, action, packed(json.dumps(payload).encode())),
    )
    try:
        outcome = work_on_delivery(scene.conductor, delivery_id)
    except Permanent as error:
        outcome = f"given up: {error}"
        note_failure(scene.conductor, delivery_id, str(error), final=True)
    settled = scene.conductor.stores.deliveries.get(delivery_id)
    assert settled is not None
    assert settled.status is not DeliveryStatus.PENDING
    return outcome


def with_intake(scene: Scene, **changes: object) -> None:
    policy = msgspec.structs.replace(scene.conductor.intake, **changes)
    scene.conductor = replace(scene.conductor, intake=policy)


def nothing_known(scene: Scene) -> bool:
    newest = scene.conductor.stores.issues.newest(repo_id=scene.repository.id, number=scene.number)
    return newest is None


@pytest.mark.parametrize(
    "label",
    ["Agent-Ready", "agent-ready ", "аgent-ready", "agent-ready\u200b"],  # noqa: RUF001 look-alikes
    ids=["label Agent-Ready", "agent-ready with a space", "homoglyph", "invisible letter"],
)
def test_a_label_that_only_looks_right_starts_nothing(scene: Scene, label: str) -> None:
    file_issue(scene)

    outcome = deliver(scene, "labeled", label)

    assert outcome.startswith("ignored: the label `")
    assert outcome.isascii()
    assert nothing_known(scene)


def test_a_delivery_that_lies_about_the_label_starts_nothing(scene: Scene) -> None:
    file_issue(scene)

    assert deliver(scene, "labeled").startswith("ignored: no agent-ready label")
    assert nothing_known(scene)


def test_label_added_and_removed_within_1_s(scene: Scene) -> None:
    file_issue(scene, READY)
    scene.maria.unlabel(scene.repo, scene.number, READY)

    assert deliver(scene, "labeled").startswith("ignored: no agent-ready label")
    assert deliver(scene, "unlabeled") == "ignored: the rig does not work on this issue"
    assert nothing_known(scene)


def test_label_removed_and_added_within_1_s(scene: Scene) -> None:
    file_issue(scene, READY)
    scene.maria.unlabel(scene.repo, scene.number, READY)
    scene.maria.label(scene.repo, scene.number, READY)

    outcomes = [deliver(scene, action) for action in ("labeled", "unlabeled", "labeled")]

    assert outcomes[0].startswith(APPROVED)
    assert all(outcome.startswith("ignored: ") for outcome in outcomes[1:])
    assert scene.types() == ["ISSUE_APPROVED", "ISSUE_HELD"]


def test_full_name_disagreeing_with_id(make_scene: MakeScene) -> None:
    """The id counts: a name that belongs to another repository now is not asked for its issues."""
    scene = make_scene()
    file_issue(scene, READY)

    outcome = deliver(scene, "labeled", id=scene.repository.id + 1_000_000)

    assert outcome.startswith(("given up: ", "ignored: "))
    assert scene.repo in outcome
    assert nothing_known(scene)


def test_full_name_in_other_letters(scene: Scene) -> None:
    file_issue(scene, READY)

    assert deliver(scene, "labeled", full_name=scene.repo.upper()).startswith(APPROVED)
    assert scene.state.repo == scene.repo


@pytest.mark.parametrize("action", ["opened", "labeled"])
def test_transferred_into_a_rig_internal_repository_keeping_its_label(
    scene: Scene, action: str
) -> None:
    file_issue(scene, READY)
    with_intake(scene, internal=InternalRepositories(ids=frozenset({scene.repository.id})))

    outcome = deliver(scene, action)

    assert "agents never work in the rig's own repositories" in outcome
    assert scene.types() == ["ISSUE_REFUSED"]
    assert scene.state.lane is Lane.FAILED


def test_the_installation_of_a_stranger_starts_nothing(scene: Scene) -> None:
    file_issue(scene, READY)
    with_intake(scene, owners=frozenset({"somebody-else"}))

    outcome = deliver(scene, "labeled")

    assert outcome.startswith(f"ignored: {scene.repo} belongs to nobody this rig works for")
    assert nothing_known(scene)
    assert scene.maria.call("GET", f"/repos/{scene.repo}/issues/{scene.number}/comments") == []


def test_issue_that_is_a_pr_is_refused(scene: Scene) -> None:
    scene.push_as_person("by-hand", {"notes.txt": "x\n"})
    pull = scene.maria.create_pull(scene.repo, head="by-hand", base="main", title="By hand")
    scene.number = int(pull["number"])
    scene.maria.label(scene.repo, scene.number, READY)

    outcome = deliver(scene, "labeled")

    assert outcome.startswith("refused: this is a pull request")
    assert scene.types() == ["ISSUE_REFUSED"]


def test_repo_transferred_to_a_stranger_starts_nothing(scene: Scene) -> None:
    file_issue(scene, READY)
    with_intake(scene, owners=frozenset({scene.repo.partition("/")[0]}))
    old = scene.repo
    stranger = f"stranger-{scene.repository.id}"
    scene.seeder.organization(stranger)
    scene.operator.call("POST", f"/repos/{old}/transfer", {"new_owner": stranger})

    outcome = deliver(scene, "labeled", full_name=old)

    assert outcome.startswith(f"ignored: {stranger}/")
    assert nothing_known(scene)


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 1_200_000], ids=["64 KiB", "Contents API 1 MB"])
def test_a_file_above_every_bound_is_refused_in_words(make_scene: MakeScene, size: int) -> None:
    scene = make_scene(files={CONFIG_PATH: CONFIG + "#" * (size - len(CONFIG))})
    file_issue(scene, READY)

    assert f"line 1, column 1: the file has {size} bytes, at most 65536" in scene.take_in()
    assert scene.types() == ["ISSUE_REFUSED"]


def test_a_symlinked_config_file_is_refused_whatever_it_points_at(scene: Scene) -> None:
    clone = scene.folder / "clone"
    clone_as(scene.maria, scene.maria.clone_url(scene.repo), clone)
    (clone / "elsewhere.yaml").write_text(CONFIG)
    (clone / CONFIG_PATH).unlink()
    (clone / CONFIG_PATH).symlink_to("elsewhere.yaml")
    for command in (("add", "--all"), ("commit", "--quiet", "-m", "x"), ("push", "--quiet")):
        git_as(scene.maria, clone, *command)
    file_issue(scene, READY)

    assert "`.rig-agent.yaml` is a symbolic link" in scene.take_in()
    assert scene.types() == ["ISSUE_REFUSED"]


def test_from_another_branch_nothing_is_read(scene: Scene) -> None:
    """The file counts as it stands at the base, not at anybody's head."""
    scene.push_as_person("hostile", {CONFIG_PATH: "stack: node\ntestCommand: 'true'\n"})
    file_issue(scene, READY)

    assert scene.take_in().startswith(APPROVED)
    assert scene.state.stack == "python"


def test_from_the_head_of_the_pull_request_nothing_is_read(scene: Scene) -> None:
    """An agent that weakens the file in its own change is stopped before the push."""
    scene.label()
    scene.implement({"price.py": FIXED, CONFIG_PATH: "stack: python\nreview: agent\n"})

    outcome = scene.publish()

    assert CONFIG_PATH in outcome
    assert "PR_CREATED" not in scene.types()
    branches = scene.maria.call("GET", f"/repos/{scene.repo}/branches")
    assert [one["name"] for one in branches] == ["main"]


def test_repo_renamed_since_the_delivery_was_sent(scene: Scene) -> None:
    file_issue(scene, READY)
    old = scene.repo
    new = f"{old}-renamed"
    scene.seeder.rename(old, new.partition("/")[2])

    assert deliver(scene, "labeled", full_name=old).startswith(APPROVED)
    assert scene.state.repo == new


def test_old_name_of_a_renamed_repo_taken_by_another(scene: Scene) -> None:
    """The id counts: an issue of the newcomer with the same number is not taken for ours."""
    file_issue(scene, READY)
    old = scene.repo
    scene.seeder.rename(old, f"{old.partition('/')[2]}-moved")
    scene.seeder.create_repository(old, files={"a": ""}, roles={"maria": "write"})
    number = int(scene.maria.create_issue(old, "Something else", "")["number"])
    scene.maria.label(old, number, READY)

    outcome = deliver(scene, "labeled", full_name=old)

    assert number == scene.number
    assert outcome.startswith(("given up: ", "ignored: "))
    assert "404" in outcome
    assert nothing_known(scene)
