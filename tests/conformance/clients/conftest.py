"""A judged sandbox GitHub for clients that nobody here wrote."""

import re
from collections.abc import Iterator
from queue import Queue

import pytest
from client_town import FILES, SECRET, Town

from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.testing.judged_github import JudgedGitHub
from rigtasks.testing.mailbox import Arrived, mailbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seeder, "Queue[Arrived]"]]:
    folder = tmp_path_factory.mktemp("sandbox")
    with mailbox() as (address, webhooks):
        options = Options(data_dir=folder, webhook_url=address, webhook_secret=SECRET, run_ci=False)
        with (
            JudgedGitHub(options) as running,
            Seeder(running.url, running.admin_token) as seeder,
        ):
            yield seeder, webhooks


@pytest.fixture
def town(sandbox: tuple[Seeder, "Queue[Arrived]"], request: pytest.FixtureRequest) -> Town:
    seeder, webhooks = sandbox
    mona = seeder.person("mona", name="Mona", email="mona@example.invalid")
    repo = f"octo/{re.sub(r'[^a-z0-9]+', '-', request.node.name).strip('-')}"
    seeder.create_repository(repo, files=FILES, roles={"mona": "admin"}, private=True)
    return Town(seeder.url, repo, mona, seeder.apps(), webhooks)
