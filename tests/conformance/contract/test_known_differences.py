"""Every known difference of the sandbox GitHub is shown by a call: none outlives its cause."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Queue
from typing import Any

import pytest
import requests

from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Person, Seeder
from rigtasks.testing import webhook_schemas
from rigtasks.testing.judged_github import JudgedGitHub
from rigtasks.testing.known_differences import KNOWN, KnownDifference, stale, unknown
from rigtasks.testing.mailbox import Arrived, mailbox
from rigtasks.testing.rest_amendments import AMENDMENTS, AmendmentStale, amended

SHOP = "octo/shop"
FILES = {"a.txt": "one\ntwo\nthree\n"}
SECRET = "shared between two"
SECONDS = 60


@dataclass(frozen=True)
class Scene:
    """A public repository, its owner, and somebody who forks it."""

    mona: Person
    fiona: Person

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.mona.call(method, f"/repos/{SHOP}{path}", body)

    def accept(self, path: str, media: str) -> None:
        headers = {"Authorization": f"token {self.mona.token}", "Accept": media}
        answer = requests.get(self.mona.url + path, headers=headers, timeout=SECONDS)
        assert answer.status_code == requests.codes.ok

    def change(self, who: Person, repo: str, text: str) -> None:
        """Change the one file on the branch `work`."""
        path = f"/repos/{repo}/contents/a.txt"
        sha = who.call("GET", path, ref="work")["sha"]
        content = base64.b64encode(text.encode()).decode()
        change = {"message": "fix: change", "branch": "work", "content": content, "sha": sha}
        who.call("PUT", path, change)

    def branch(self, who: Person, repo: str) -> None:
        head = who.call("GET", f"/repos/{repo}/git/ref/heads/main")["object"]["sha"]
        who.call("POST", f"/repos/{repo}/git/refs", {"ref": "refs/heads/work", "sha": head})


def media_types(scene: Scene, number: int) -> None:
    for media in ("application/vnd.github.diff", "application/vnd.github.v3.diff"):
        scene.accept(f"/repos/{SHOP}/pulls/{number}", media)
    for media in ("application/vnd.github.raw+json", "application/vnd.github.v3.raw"):
        scene.accept(f"/repos/{SHOP}/contents/a.txt", media)
    scene.accept("/", "text/html")


def labels(scene: Scene, number: int) -> None:
    scene.call("POST", "/labels", {"name": "bug", "color": "ff0000"})
    scene.mona.label(SHOP, number, "bug")
    scene.call("GET", "/pulls")


def comments(scene: Scene, number: int) -> None:
    head = scene.call("GET", f"/pulls/{number}")["head"]["sha"]
    comment = {"path": "a.txt", "line": 2, "side": "RIGHT", "body": "Why?", "commit_id": head}
    made = scene.call("POST", f"/pulls/{number}/comments", comment)
    scene.change(scene.mona, SHOP, "one\n2!\nthree\n")
    scene.call("GET", f"/pulls/comments/{made['id']}")
    scene.call("GET", f"/pulls/{number}/comments")
    scene.call("GET", "/pulls/comments")
    scene.call("PATCH", f"/pulls/comments/{made['id']}", {"body": "Why not?"})
    scene.call("POST", f"/pulls/{number}/comments/{made['id']}/replies", {"body": "So."})
    scene.call("GET", f"/pulls/{number}/reviews/{made['pull_request_review_id']}/comments")


def forks(scene: Scene) -> int:
    """Open a pull request from a fork, and delete the fork; return its number."""
    fork = scene.fiona.call("POST", f"/repos/{SHOP}/forks", {})["full_name"]
    scene.branch(scene.fiona, fork)
    scene.change(scene.fiona, fork, "one\n2\nthree\n")
    body = {"title": "T", "head": "fiona:work", "base": "main"}
    number = scene.fiona.call("POST", f"/repos/{SHOP}/pulls", body)["number"]
    scene.fiona.call("DELETE", f"/repos/{fork}")
    scene.call("GET", f"/pulls/{number}")
    scene.call("GET", "/pulls?state=all")
    scene.call("PATCH", f"/pulls/{number}", {"state": "closed"})
    return int(number)


def webhooks(arrived: "Queue[Arrived]", last: str) -> Iterator[str]:
    """Judge webhooks until one of a kind has come."""
    while True:
        each = arrived.get(timeout=SECONDS)
        payload = json.loads(each.body)
        yield from webhook_schemas.judged(each.event, payload)
        if f"{each.event}.{payload.get('action')}" == last:
            return


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Everything that differs in what these calls are answered."""
    with mailbox() as (address, arrived):
        folder = tmp_path_factory.mktemp("sandbox")
        options = Options(data_dir=folder, webhook_url=address, webhook_secret=SECRET, run_ci=False)
        with JudgedGitHub(options) as running, Seeder(running.url, running.admin_token) as seeder:
            scene = Scene(seeder.person("mona"), seeder.person("fiona"))
            seeder.create_repository(SHOP, files=FILES, roles={"mona": "admin"}, private=False)
            closed = forks(scene)
            told = set(webhooks(arrived, "pull_request.closed"))
            scene.branch(scene.mona, SHOP)
            scene.change(scene.mona, SHOP, "one\n2\nthree\n")
            number = scene.mona.create_pull(SHOP, head="work", base="main", title="T")["number"]
            assert number > closed
            media_types(scene, number)
            labels(scene, number)
            comments(scene, number)
            return told | running.differences()


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.difference)
def test_a_known_difference_is_still_there(found: set[str], known: KnownDifference) -> None:
    assert stale(found, (known,)) == []


def test_nothing_else_differs_there(found: set[str]) -> None:
    assert unknown(found) == []


@pytest.mark.parametrize("amendment", AMENDMENTS, ids=lambda one: one.name)
def test_an_amendment_the_document_does_not_need_is_told(amendment: Any) -> None:
    document: Any = {amendment.said: 1}
    for name in reversed(amendment.place):
        document = {name: document}
    read = amended(document, (amendment,))
    with pytest.raises(AmendmentStale, match=f"does not say {amendment.said}"):
        amended(read, (amendment,))
    with pytest.raises(AmendmentStale):
        amended({}, (amendment,))
