"""GitHub answers 404 for what was moved away, for what it lags behind with and for what it hides.

One look does not tell these apart, so none ends an issue that somebody may be working on.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from conductor_scene import FIXED, Scene
from issue_moves import move

from rigtasks.conductor.report import report
from rigtasks.conductor.withdrawal import Wish, cancel_withdrawn
from rigtasks.errors import NotNow
from rigtasks.eventstore.outbox import TakenEntry
from rigtasks.github.api import Api
from rigtasks.github.client import GitHub
from rigtasks.github.errors import NotFound, Refusal
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.issues import look_for_issue
from rigtasks.lifecycle.state import Lane
from rigtasks.shell import ABSENCE_TASK
from rigtasks.tasks.entries import look_for_absent


@dataclass
class Hidden:
    """The paths below a repository that GitHub does not answer for now, each with its status."""

    statuses: dict[str, int] = field(default_factory=dict)

    def look(self, path: str) -> None:
        status = self.statuses.get(path)
        if status is not None:
            raise NotFound(Refusal(method="GET", path=path, status=status, message="Not Found"))


class _HidingApi:
    """A way to GitHub on which some paths are not answered for."""

    def __init__(self, api: Api, hidden: Hidden) -> None:
        self._api = api
        self._hidden = hidden

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def get(self, path: str, shape: Any, **query: str | int) -> Any:
        self._hidden.look(path)
        return self._api.get(path, shape, **query)

    def pages(self, path: str, shape: Any, **query: str | int) -> Any:
        self._hidden.look(path)
        return self._api.pages(path, shape, **query)


class _HidingGitHub(GitHub):
    """A GitHub that does not answer for some paths."""

    hidden: Hidden

    def api(self, role: Role, repository: RepositoryRef) -> Api:
        return _HidingApi(super().api(role, repository), self.hidden)  # type: ignore[return-value]  # what it lacks, it passes on


@pytest.fixture
def hidden(scene: Scene) -> Hidden:
    github = _HidingGitHub(scene.github_settings)
    github.hidden = Hidden()
    scene.conductor = dataclasses.replace(scene.conductor, github=github)
    return github.hidden


def hide(scene: Scene, hidden: Hidden, *, listed: bool = False) -> None:
    hidden.statuses[f"/issues/{scene.number}"] = 404
    if not listed:
        scene.maria.unlabel(scene.repo, scene.number, scene.conductor.label)


def looks_to_come(scene: Scene, *, later: float) -> list[TakenEntry]:
    """Return the looks for absent issues that are due some seconds from now."""
    database = scene.conductor.stores.database
    database.rows(
        "UPDATE outbox SET available_at = available_at - make_interval(secs => %s)", (later,)
    )
    taken: Iterable[TakenEntry] = scene.conductor.stores.outbox.take(repeat_seconds=0.0)
    return [one for one in taken if one.task == ABSENCE_TASK]


def test_one_that_github_hides_for_a_moment_is_not_cancelled(scene: Scene, hidden: Hidden) -> None:
    scene.label()
    hide(scene, hidden)

    assert scene.wake() == f"waits: {Wish.UNKNOWN}"
    assert scene.wake() == f"waits: {Wish.UNKNOWN}"

    # it is looked for once more, a quarter of an hour later
    assert looks_to_come(scene, later=890) == []
    (look,) = looks_to_come(scene, later=11)
    hidden.statuses.clear()
    scene.maria.label(scene.repo, scene.number, scene.conductor.label)
    assert look_for_absent(scene.conductor, look.id, *look.args) == f"ignored: {Wish.WANTED}"
    assert scene.state.lane is Lane.QUEUED
    assert looks_to_come(scene, later=1_000) == []


@pytest.mark.parametrize("pull_request", [False, True], ids=["waiting", "with a pull request"])
def test_one_that_stays_hidden_is_cancelled(scene: Scene, *, pull_request: bool) -> None:
    # given an issue that went where the rig may not look, without a word
    scene.label()
    if pull_request:
        scene.implement({"price.py": FIXED})
        scene.publish()
    move(scene, other_number=True, private=True)
    wish, _ = cancel_withdrawn(scene.conductor, scene.stream, cause=uuid4())
    assert wish is Wish.UNKNOWN
    assert not scene.state.terminal
    with pytest.raises(NotNow, match="does not show"):
        report(scene.conductor, scene.stream)

    (look,) = looks_to_come(scene, later=901)
    said = look_for_absent(scene.conductor, look.id, *look.args)

    assert said == "cancelled: the issue was transferred"
    assert scene.state.lane is Lane.CANCELLED
    told = report(scene.conductor, scene.stream)
    assert told == "ignored: the issue was transferred, so nobody can read it there"


def test_one_that_is_listed_with_its_label_is_there(scene: Scene, hidden: Hidden) -> None:
    scene.label()
    hide(scene, hidden, listed=True)

    wish, _ = cancel_withdrawn(scene.conductor, scene.stream, cause=uuid4())

    assert wish is Wish.WANTED
    assert looks_to_come(scene, later=1_000) == []


@pytest.mark.parametrize("status", [404, 410], ids=["no access", "issues switched off"])
def test_where_no_issue_is_shown_nothing_is_known_of_one(
    scene: Scene, hidden: Hidden, status: int
) -> None:
    scene.label()
    hidden.statuses = {f"/issues/{scene.number}": status, "/issues": status}
    api = scene.conductor.repository_api(Role.CONDUCTOR, scene.repository)

    with pytest.raises(NotFound):
        cancel_withdrawn(scene.conductor, scene.stream, cause=uuid4(), is_gone=True)
    with pytest.raises(NotFound):
        look_for_issue(api, scene.number)

    assert scene.state.lane is Lane.QUEUED
