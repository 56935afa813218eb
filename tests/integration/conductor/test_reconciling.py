"""No webhook ever comes: what GitHub shows is found, repaired once, and written down."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import requests
from conductor_scene import FIXED, MakeScene, Scene
from msgspec import structs

from rigtasks.conductor.attention import Matter
from rigtasks.conductor.comparison import finding
from rigtasks.conductor.repairs import repair
from rigtasks.github.client import GitHub
from rigtasks.github.governor import UNHURRIED, Governor
from rigtasks.github.identities import AppCredentials, RepositoryRef, Role
from rigtasks.github.limits import Admission, MemoryLimits, Spending
from rigtasks.github.pulls import read_all_open
from rigtasks.github.tokens import AppTokens
from rigtasks.github.transport import Transport
from rigtasks.lifecycle.commands import Cancel
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.labels import READY
from rigtasks.shell import COMPARE_TASK, RECONCILE_TASK, REPAIR_TASK
from rigtasks.tasks.carrying import carry
from rigtasks.tasks.reconciling import compare_repository, reconcile_all

OPERATOR = Actor(kind=ActorKind.OPERATOR, id="ops")
_EVENTS = """
SELECT jsonb_agg(jsonb_build_array(e.event_id, e.type) ORDER BY e.position) FROM events AS e
"""


def found(scene: Scene) -> list[tuple[str, int]]:
    """Compare the scene's repository and return what is to be looked at."""
    compare_repository(scene.conductor, scene.repository)
    entries = [one for one in scene.conductor.stores.outbox.take() if one.task == REPAIR_TASK]
    for one in entries:
        scene.conductor.stores.outbox.failed(one.id, error="not by this test", most=1)
    return [(one.args[0], one.args[3]) for one in entries]


def reconcile(scene: Scene) -> list[str]:
    """Let the reconciler go through the scene's repository once, and return the outcomes."""
    rig = scene.conductor
    compare_repository(rig, scene.repository)
    outcomes = []
    for one in rig.stores.outbox.take():
        if one.task != REPAIR_TASK:
            continue
        outcomes.append(carry(rig.stores, one.id, partial(_repair, scene, *one.args)))
    return outcomes


def _repair(scene: Scene, matter: str, repo_id: int, repo: str, number: int, what: str) -> str:
    repository = RepositoryRef(id=repo_id, full_name=repo)
    one = finding(repository, Matter(matter), number, what)
    return repair(scene.conductor, one, cause=uuid4())


def history(scene: Scene) -> Any:
    return scene.conductor.stores.database.rows(_EVENTS)[0][0]


def repairs(scene: Scene) -> list[str]:
    events = scene.conductor.stores.events.events(scene.stream)
    return [one.event.what for one in events if one.event.type == "STATE_REPAIRED"]  # type: ignore[attr-defined]


def file_and_label(scene: Scene) -> None:
    scene.conductor.stores.heartbeats.beat(
        holder="tests",
        agent="dev-e-python",
        queue="dev-e-python",
        version="1",
        config_hash="",
        isolation="none",
    )
    scene.number = int(scene.maria.create_issue(scene.repo, "Prices are cut", "1.6")["number"])
    scene.maria.label(scene.repo, scene.number, READY)


@pytest.mark.incident("A1")
def test_a_label_nobody_told_of_is_taken_in_by_whoever_set_it(scene: Scene) -> None:
    file_and_label(scene)

    outcomes = reconcile(scene)

    assert outcomes == ["routed to dev-e-python"]
    assert scene.types() == ["ISSUE_APPROVED", "STATE_REPAIRED"]
    assert scene.state.approved_by == "maria"
    assert repairs(scene) == ["the label was not taken in; it led to ISSUE_APPROVED"]
    actors = {one.actor.id for one in scene.conductor.stores.events.events(scene.stream)}
    assert actors == {"reconciler"}


def test_a_second_run_changes_nothing(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.turn_green()
    assert reconcile(scene) == ["attended: in_review"]
    before = history(scene)

    again = reconcile(scene)

    assert again == ["attended: in_review"]
    assert history(scene) == before
    assert scene.types()[-2:] == ["CI_PASSED", "STATE_REPAIRED"]


def test_two_runs_at_once_repair_once(scene: Scene) -> None:
    file_and_label(scene)
    one = finding(scene.repository, Matter.INTAKE, scene.number, "the label was not taken in")

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(repair, scene.conductor, one, cause=uuid4()) for _ in range(2)]
        outcomes = {run.result() for run in runs}

    assert "routed to dev-e-python" in outcomes
    assert scene.types() == ["ISSUE_APPROVED", "STATE_REPAIRED"]


def test_a_closed_and_an_unlabelled_issue_are_withdrawn(scene: Scene) -> None:
    scene.label()
    closed = scene.stream
    scene.maria.edit_issue(scene.repo, scene.number, state="closed")
    scene.label("Another")
    scene.maria.unlabel(scene.repo, scene.number, READY)

    outcomes = reconcile(scene)

    assert sorted(outcomes) == [
        "cancelled: the issue was closed",
        f"cancelled: the label {READY} was removed",
    ]
    assert scene.types()[-2:] == ["ISSUE_CANCELLED", "STATE_REPAIRED"]
    ended = scene.conductor.stores.events.load(closed).state
    assert ended is not None
    assert ended.lane is Lane.CANCELLED


def test_an_issue_that_an_operator_cancelled_stays_cancelled_until_a_new_label(
    scene: Scene,
) -> None:
    scene.label()
    scene.conductor.shell.tell(
        scene.stream,
        Cancel(reason="not wanted", by="ops"),
        actor=OPERATOR,
        cause=uuid4(),
    )

    assert found(scene) == []


def test_a_refused_issue_waits_for_a_new_label(make_scene: MakeScene) -> None:
    scene = make_scene(files={CONFIG_PATH: "stack: cobol\n"})
    file_and_label(scene)
    reconcile(scene)
    assert scene.types() == ["ISSUE_REFUSED", "STATE_REPAIRED"]
    assert found(scene) == []

    time.sleep(1.1)  # GitHub tells the time of a label in whole seconds
    scene.maria.unlabel(scene.repo, scene.number, READY)
    scene.maria.label(scene.repo, scene.number, READY)

    assert found(scene) == [("intake", scene.number)]


def test_checks_and_reviews_nobody_told_of_lead_to_the_merge(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    scene.turn_green()
    number = scene.pull()
    scene.operator.call(
        "POST",
        f"/repos/{scene.repo}/pulls/{number}/reviews",
        {"event": "APPROVE", "commit_id": scene.state.head_sha},
    )

    outcomes = reconcile(scene)

    assert outcomes[0].startswith("merged: ")
    assert scene.types()[-2:] == ["MERGED", "ISSUE_DONE"]
    assert len(repairs(scene)) == 1
    assert repairs(scene)[0].endswith("it led to CI_PASSED, REVIEW_PASSED")


def test_a_merge_by_a_person_is_found(scene: Scene) -> None:
    scene.ready_to_merge()
    scene.maria.label(scene.repo, scene.pull(), "do-not-merge")
    scene.maria.merge(scene.repo, scene.pull(), merge_method="squash")

    reconcile(scene)

    assert scene.state.lane is Lane.DONE
    assert scene.types()[-3:] == ["MERGE_OUTSIDE_RIG", "ISSUE_DONE", "STATE_REPAIRED"]


def test_a_closed_pull_request_and_a_new_head_are_found(scene: Scene) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    scene.publish()
    assert scene.state.branch is not None
    pushed = scene.push_as_person(scene.state.branch, {"notes.txt": "mine\n"})

    reconcile(scene)

    assert scene.state.head_sha == pushed
    assert repairs(scene) == [
        f"the head of pull request #{scene.pull()} is {pushed}; it led to PR_UPDATED"
    ]
    scene.maria.call("PATCH", f"/repos/{scene.repo}/pulls/{scene.pull()}", {"state": "closed"})

    reconcile(scene)

    assert scene.state.lane is Lane.QUEUED
    assert scene.types()[-2:] == ["PR_CLOSED", "STATE_REPAIRED"]


def test_a_waiting_issue_that_somebody_elses_merge_solved_is_refused(scene: Scene) -> None:
    scene.label()
    scene.push_as_person("theirs", {"price.py": FIXED})
    pull = scene.maria.create_pull(
        scene.repo, head="theirs", base="main", title="Mine", body=f"Closes #{scene.number}"
    )
    scene.maria.merge(scene.repo, int(pull["number"]), merge_method="squash")
    scene.maria.edit_issue(scene.repo, scene.number, state="open")

    outcomes = reconcile(scene)

    assert outcomes[0].startswith("refused: ")
    assert scene.state.refusal_code == "already_solved"
    assert found(scene) == []


def test_a_list_that_did_not_change_costs_nothing_of_the_hourly_limit(scene: Scene) -> None:
    scene.label()
    reconcile(scene)

    before = spent(scene)
    compare_repository(scene.conductor, scene.repository)
    unchanged = spent(scene) - before

    assert unchanged == 0


def spent(scene: Scene) -> int:
    """Return what GitHub counted of the conductor's hour; asking that is free."""
    settings = scene.github_settings
    app = settings.credentials[Role.CONDUCTOR]
    assert isinstance(app, AppCredentials)
    tokens = AppTokens(Transport(settings.api_url, Governor(UNHURRIED)), app, key="conductor")
    token = tokens.for_repository(scene.repository, {"metadata": "read"})
    answer = requests.get(
        f"{settings.api_url}/rate_limit",
        headers={"Authorization": f"Bearer {token.value}"},
        timeout=10,
    )
    used: int = answer.json()["rate"]["used"]
    return used


class _Spy(MemoryLimits):
    """A book that remembers whose limits were asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def admit(self, identity: str, resource: str, spending: Spending) -> Admission:
        self.asked.append(identity)
        return super().admit(identity, resource, spending)


def test_limits_are_those_of_the_installation(scene: Scene) -> None:
    book = _Spy()
    github = GitHub(scene.github_settings, book=book)

    read_all_open(github.api(Role.CONDUCTOR, scene.repository))
    read_all_open(github.api(Role.AUTHOR, scene.repository))

    asked = [identity for identity in book.asked if not identity.endswith("/app")]
    assert [identity.split("/")[0] for identity in asked] == ["conductor", "author"]
    assert all(identity.split("/")[1].isdigit() for identity in asked)


def test_going_through_everything_lists_the_installed_repositories(make_scene: MakeScene) -> None:
    scene = make_scene()

    outcome = reconcile_all(scene.conductor)

    entries = [one for one in scene.conductor.stores.outbox.take() if one.task == COMPARE_TASK]
    assert [scene.repository.id, scene.repo] in [list(one.args) for one in entries]
    assert outcome.endswith("0 lost deliveries asked for")
    assert RECONCILE_TASK not in {one.task for one in entries}


def test_with_personal_tokens_the_known_repositories_are_gone_through(
    make_scene: MakeScene,
) -> None:
    scene = make_scene(tokens=True)
    scene.label()

    reconcile_all(scene.conductor)

    entries = [one for one in scene.conductor.stores.outbox.take() if one.task == COMPARE_TASK]
    assert [list(one.args) for one in entries] == [[scene.repository.id, scene.repo]]


def test_repositories_of_strangers_are_left_alone(scene: Scene) -> None:
    intake = structs.replace(scene.conductor.intake, owners=frozenset({"somebody-else"}))
    rig = replace(scene.conductor, intake=intake)

    assert reconcile_all(rig).startswith("0 repositories")
