"""GitHub is asked once for each webhook that never arrived."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conductor_scene import app_credentials, github_settings, make_conductor

from rigtasks.conductor.context import Conductor
from rigtasks.conductor.reconcile import ask_for_lost_deliveries
from rigtasks.eventstore.database import stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.eventstore.switches import RIG
from rigtasks.github.identities import Role
from rigtasks.local.github.hub import Options
from rigtasks.local.github.model import Delivery
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.local.ports import any_free_port
from rigtasks.testing.judged_github import JudgedGitHub


@pytest.fixture
def unheard(tmp_path: Path) -> Iterator[SandboxGitHub]:
    """A GitHub whose webhooks go where nobody listens."""
    url = f"http://127.0.0.1:{any_free_port()}/"
    options = Options(data_dir=tmp_path / "github", webhook_url=url, run_ci=False)
    with JudgedGitHub(options) as running:
        yield running


@pytest.fixture
def rig(unheard: SandboxGitHub, database_url: str, tmp_path: Path) -> Iterator[Conductor]:
    database = open_database(database_url, application_name="tests")
    with Seeder(unheard.url, unheard.admin_token) as seeder:
        maria = seeder.person("maria", email="maria@example.invalid")
        seeder.create_repository("acme/shop", files={"a": "b\n"}, roles={"maria": "write"})
        maria.create_issue("acme/shop", "Prices are cut", "1.6")
        settings = github_settings(unheard, app_credentials(seeder))
        while not unheard.services.webhooks.idle():
            time.sleep(0.02)
        yield make_conductor(stores_on(database), settings, tmp_path / "clones", database_url)
    database.close()


def attempts(unheard: SandboxGitHub) -> list[Delivery]:
    with unheard.state.lock:
        return list(unheard.state.deliveries.all())


def test_each_lost_delivery_is_asked_for_once(rig: Conductor, unheard: SandboxGitHub) -> None:
    lost = {one.guid for one in attempts(unheard)}
    assert lost

    first = ask_for_lost_deliveries(rig)
    second = ask_for_lost_deliveries(rig)

    assert (first.asked, second.asked) == (len(lost), 0)
    again = [one for one in attempts(unheard) if one.redelivery]
    assert {one.guid for one in again} == lost
    assert len(again) == len(lost)


def test_nothing_is_asked_for_while_the_rig_is_paused(
    rig: Conductor, unheard: SandboxGitHub
) -> None:
    lost = {one.guid for one in attempts(unheard)}
    rig.stores.switches.set(RIG, reason="maintenance", actor="anna")

    assert ask_for_lost_deliveries(rig).asked == 0
    assert not any(one.redelivery for one in attempts(unheard))

    rig.stores.switches.lift(RIG, actor="anna")
    assert ask_for_lost_deliveries(rig).asked == len(lost)


def test_two_that_ask_at_once_ask_once(rig: Conductor, unheard: SandboxGitHub) -> None:
    lost = {one.guid for one in attempts(unheard)}

    with ThreadPoolExecutor(2) as pool:
        asked = list(pool.map(lambda _: ask_for_lost_deliveries(rig).asked, range(2)))

    assert sum(asked) == len(lost)
    assert len([one for one in attempts(unheard) if one.redelivery]) == len(lost)


def test_what_arrived_in_the_end_is_not_asked_for(rig: Conductor, unheard: SandboxGitHub) -> None:
    lost = {one.guid for one in attempts(unheard)}
    for guid in lost:
        rig.stores.database.rows(
            "INSERT INTO deliveries (delivery_id, event, headers, status)"
            " VALUES (%s, 'issues', '{}', 'done')",
            (guid,),
        )

    assert ask_for_lost_deliveries(rig).asked == 0
    view = rig.github.app_view(Role.CONDUCTOR)
    assert view is not None
    assert {one.guid for one in view.lost_deliveries(since=attempts(unheard)[0].delivered_at)}
