"""Webhooks: never retried, logged with what was answered, redelivered under the same guid."""

import threading

import pytest
from forge_scene import FIXED, SECRET, MakeScene, Scene, until

from rigtasks.local.github.seeding import SeedingFailed
from rigtasks.testing.judged_github import JudgedGitHub


def test_a_failed_delivery_is_logged_and_not_repeated(scene: Scene) -> None:
    scene.settled()
    scene.receiver.heard.clear()
    # given a receiver that fails
    scene.receiver.answers = 503
    scene.owner.create_issue(scene.repo, "A")
    scene.settled()
    # then it was tried once and the log says so
    assert scene.receiver.names() == ["issues.opened"]
    app = scene.as_app("conductor")
    newest = app.call("GET", "/app/hook/deliveries")[0]
    assert (newest["event"], newest["action"], newest["status_code"]) == ("issues", "opened", 503)
    assert newest["status"] != "OK"
    failed = app.call("GET", "/app/hook/deliveries", status="failure")
    assert [row["id"] for row in failed] == [newest["id"]]

    # when it is asked for again, and the receiver works
    scene.receiver.answers = 202
    app.call("POST", f"/app/hook/deliveries/{newest['id']}/attempts")
    scene.settled()
    # then the same delivery comes once more
    first, again = scene.receiver.heard
    assert (again.delivery, again.body) == (first.delivery, first.body)
    assert again.signed_with(SECRET)
    log = app.call("GET", "/app/hook/deliveries")
    assert [(row["guid"], row["redelivery"], row["status"]) for row in log[:2]] == [
        (newest["guid"], True, "OK"),
        (newest["guid"], False, newest["status"]),
    ]
    detail = app.call("GET", f"/app/hook/deliveries/{log[0]['id']}")
    assert detail["request"]["payload"]["issue"]["title"] == "A"
    assert detail["request"]["headers"]["X-GitHub-Event"] == "issues"


def test_a_receiver_that_is_not_there_stops_nothing(make_scene: MakeScene) -> None:
    scene = make_scene(options={"webhook_url": "http://127.0.0.1:9/nobody"})
    scene.owner.create_issue(scene.repo, "A")
    scene.settled()
    newest = scene.as_app("conductor").call("GET", "/app/hook/deliveries")[0]
    assert (newest["status_code"], newest["status"]) == (502, "failed to connect to host")
    assert scene.call(scene.owner, "GET", "/issues/1")["title"] == "A"
    assert scene.receiver.heard == []


def test_only_the_hooked_app_sees_the_log(scene: Scene) -> None:
    scene.seeder.ping()
    scene.settled()
    (ping,) = scene.receiver.of("ping")
    assert ping.payload["hook"]["config"]["secret"] == "********"
    config = scene.as_app("conductor").call("GET", "/app/hook/config")
    assert config["url"] == scene.receiver.url
    with pytest.raises(SeedingFailed) as refused:
        scene.as_app("author").call("GET", "/app/hook/deliveries")
    assert refused.value.status == 404


def test_what_waits_in_the_queue_survives_a_restart(scene: Scene) -> None:
    # given a receiver that is slow to answer, and three events behind each other
    scene.settled()
    scene.receiver.heard.clear()
    scene.receiver.open.clear()
    for title in ("A", "B", "C"):
        scene.owner.create_issue(scene.repo, title)
    until(lambda: scene.receiver.heard)
    # when the sandbox stops while the first is under way, and starts again
    stopping = threading.Thread(target=scene.sandbox.stop)
    stopping.start()
    scene.receiver.open.set()
    stopping.join(timeout=30)
    told_before = [heard.payload["issue"]["title"] for heard in scene.receiver.heard]
    with JudgedGitHub(scene.sandbox.hub.options) as again:
        until(again.services.webhooks.idle)
    # then the others follow, in order and once
    assert told_before[0] == "A"
    told = [heard.payload["issue"]["title"] for heard in scene.receiver.heard]
    assert told == ["A", "B", "C"]
    assert all(heard.signed_with(SECRET) for heard in scene.receiver.heard)


def test_whatever_a_person_does_is_told_as_github_documents_it(scene: Scene) -> None:
    # given a pull request and an issue
    scene.owner.create_issue(scene.repo, "A", "b")
    scene.branch_with(scene.owner, "fix", {"price.py": FIXED})
    pull = {"title": "Fix", "head": "fix", "base": "main"}
    number = scene.call(scene.owner, "POST", "/pulls", pull)["number"]

    # when a person changes both in every way, and deletes the issue in the end
    for each in (1, number):
        scene.owner.label(scene.repo, each, "p1")
        scene.owner.unlabel(scene.repo, each, "p1")
        scene.owner.comment(scene.repo, each, "Looked at it.")
        for change in ({"title": "B"}, {"body": "c"}, {"state": "closed"}, {"state": "open"}):
            scene.call(scene.owner, "PATCH", f"/issues/{each}", change)
    scene.seeder.delete_issue(scene.repo, 1)
    scene.settled()

    # then all of it is told, and the receiver's end finds nothing that differs
    told = {"labeled", "unlabeled", "edited", "closed", "reopened"}
    names = set(scene.receiver.names())
    assert {f"{event}.{action}" for event in ("issues", "pull_request") for action in told} <= names
    assert names >= {"issue_comment.created", "issues.opened", "issues.deleted"}

    # and what was deleted is gone for good
    with pytest.raises(SeedingFailed) as gone:
        scene.call(scene.owner, "GET", "/issues/1")
    assert gone.value.status == 410
    assert [one["number"] for one in scene.call(scene.owner, "GET", "/issues")] == [number]
    assert scene.owner.create_issue(scene.repo, "C")["number"] == number + 1
