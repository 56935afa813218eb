"""Issues that move to another repository while the rig works on them.

Their old address redirects, so that what is read there is an issue of another repository.
"""

from uuid import uuid4

import pytest
from conductor_scene import FIXED, MakeScene, Scene

from rigtasks.conductor.withdrawal import Wish, cancel_withdrawn
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.labels import READY

MOVE = """mutation($input: TransferIssueInput!) {
  transferIssue(input: $input) { issue { number labels(first: 5) { nodes { name } } } }
}"""


def move(scene: Scene, *, other_number: bool) -> None:
    """Let an administrator move the issue, with its label, to a public repository."""
    target = f"{scene.repo}-elsewhere"
    scene.seeder.create_repository(target, files={"a": ""}, roles={"omar": "admin"}, private=False)
    scene.operator.call("POST", f"/repos/{target}/labels", {"name": READY})
    if other_number:
        scene.operator.create_issue(target, "The first one there")
    old = scene.operator.call("GET", f"/repos/{scene.repo}/issues/{scene.number}")
    new = scene.operator.call("GET", f"/repos/{target}")
    given = {"issueId": old["node_id"], "repositoryId": new["node_id"]}
    query = {"query": MOVE, "variables": {"input": given}}
    moved = scene.operator.call("POST", "/graphql", query)["data"]["transferIssue"]["issue"]
    assert [label["name"] for label in moved["labels"]["nodes"]] == [READY]
    assert (moved["number"] == scene.number) is not other_number


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
