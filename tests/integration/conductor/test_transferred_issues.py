"""Issues that move to another repository while the rig works on them.

Their old address redirects, so that what is read there is an issue of another repository.
"""

import json
from uuid import uuid4

import pytest
from conductor_scene import FIXED, MakeScene, Scene
from issue_moves import move

from rigtasks.conductor.deliveries import work_on_delivery
from rigtasks.conductor.report import report
from rigtasks.conductor.withdrawal import Wish, cancel_withdrawn
from rigtasks.eventstore.deliveries import DeliveryStatus
from rigtasks.eventstore.payloads import packed
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.labels import READY


@pytest.mark.parametrize("tokens", [False, True], ids=["Apps", "tokens of people"])
@pytest.mark.parametrize("other_number", [False, True], ids=["same number", "other number"])
def test_one_that_waits_is_cancelled(
    make_scene: MakeScene, *, tokens: bool, other_number: bool
) -> None:
    scene = make_scene(tokens=tokens)
    scene.label()
    move(scene, other_number=other_number)

    wish, reason = cancel_withdrawn(scene.conductor, scene.stream, cause=uuid4())

    assert (wish, reason) == (Wish.WITHDRAWN, "the issue was transferred")
    assert scene.state.lane is Lane.CANCELLED


def test_its_pull_request_is_not_merged(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.turn_green()
    scene.review("approve")
    pull = scene.pull()
    move(scene, other_number=True)

    outcome = scene.attend()

    assert outcome == "cancelled: the issue was transferred"
    assert "MERGED" not in scene.types()
    assert scene.maria.call("GET", f"/repos/{scene.repo}/pulls/{pull}")["merged"] is False


def test_one_whose_repository_was_renamed_is_still_wanted(scene: Scene) -> None:
    scene.label()
    scene.seeder.rename(scene.repo, f"{scene.repo.partition('/')[2]}-renamed")

    wish, _ = cancel_withdrawn(scene.conductor, scene.stream, cause=uuid4())

    assert wish is Wish.WANTED
    assert scene.state.lane is Lane.QUEUED


def transferred(scene: Scene, action: str = "transferred") -> str:
    """Let the conductor work on a webhook about the issue as it was before."""
    issue = {"number": scene.number, "title": "Prices are cut", "labels": [{"name": READY}]}
    payload = {
        "action": action,
        "label": {"name": READY},
        "issue": issue,
        "repository": {"id": scene.repository.id, "full_name": scene.repo},
        "sender": {"id": 1, "login": "maria"},
    }
    delivery_id = str(uuid4())
    scene.conductor.stores.database.rows(
        "INSERT INTO deliveries (delivery_id, event, action, headers, payload, status) "
        "VALUES (%s, 'issues', %s, '{}', %s, 'pending')",
        (delivery_id, action, packed(json.dumps(payload).encode())),
    )
    outcome = work_on_delivery(scene.conductor, delivery_id)
    settled = scene.conductor.stores.deliveries.get(delivery_id)
    assert settled is not None
    assert settled.status is not DeliveryStatus.PENDING
    return outcome


@pytest.mark.parametrize("pull_request", [False, True], ids=["waiting", "with a pull request"])
def test_one_that_went_where_the_rig_cannot_read_is_cancelled(
    scene: Scene, *, pull_request: bool
) -> None:
    scene.label()
    if pull_request:
        scene.implement({"price.py": FIXED})
        scene.publish()
    move(scene, other_number=True, private=True)

    assert transferred(scene) == "cancelled: the issue was transferred"

    assert scene.state.lane is Lane.CANCELLED
    said = report(scene.conductor, scene.stream)
    assert said == "ignored: the issue was transferred, so nobody can read it there"


def test_a_late_label_of_an_issue_that_the_rig_never_knew_is_ignored_in_words(
    scene: Scene,
) -> None:
    scene.number = int(scene.maria.create_issue(scene.repo, "Prices are cut", "")["number"])
    scene.maria.label(scene.repo, scene.number, READY)
    move(scene, other_number=True)

    assert transferred(scene, "labeled") == "ignored: the issue was transferred"

    known = scene.conductor.stores.issues.newest(repo_id=scene.repository.id, number=scene.number)
    assert known is None


def test_nothing_is_written_where_an_issue_went(scene: Scene) -> None:
    """I21: GitHub leads a write to the issue's new repository; the rig does not follow."""
    scene.label()
    target = move(scene, other_number=True)

    said = report(scene.conductor, scene.stream)

    assert said == "ignored: the issue was transferred, so nobody can read it there"
    there = scene.operator.call("GET", f"/repos/{target}/issues/2/comments")
    assert there == []
