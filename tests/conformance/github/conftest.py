"""A sandbox GitHub with one repository, the rig's three Apps and two people."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_town import BRANCH, FIXED, Town, Work, settings

from rigtasks.github.client import GitHub
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.pulls import open_pull_request
from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.testing.judged_github import JudgedGitHub


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxGitHub]:
    options = Options(data_dir=tmp_path_factory.mktemp("sandbox"), run_ci=False)
    with JudgedGitHub(options) as running:
        yield running


@pytest.fixture
def town(sandbox: SandboxGitHub, request: pytest.FixtureRequest) -> Iterator[Town]:
    with Seeder(sandbox.url, sandbox.admin_token) as seeder:
        mona, stranger = seeder.person("mona"), seeder.person("stranger")
        name = f"octo/shop-{abs(hash(request.node.nodeid)):x}"
        created = seeder.create_repository(
            name,
            files={
                "price.py": "def price(x):\n    return int(x)\n",
                "docs/CODEOWNERS": "* @mona\n",
            },
            roles={"mona": "write", "stranger": "read"},
            private=False,
        )
        yield Town(
            sandbox=sandbox,
            seeder=seeder,
            github=GitHub(settings(sandbox, seeder.apps())),
            shop=RepositoryRef(id=created["id"], full_name=created["full_name"]),
            mona=mona,
            stranger=stranger,
        )


@pytest.fixture
def work(town: Town, tmp_path: Path) -> Work:
    town.mona.create_issue(town.shop.full_name, "Prices are rounded down", "Please round.")
    return Work(town, tmp_path / "work")


@pytest.fixture
def pull(town: Town, work: Work) -> int:
    work.push(work.commit({"price.py": FIXED}))
    opened = open_pull_request(
        town.api(Role.AUTHOR), branch=BRANCH, base="main", title="Round prices", body="Closes #1"
    )
    assert not opened.adopted
    return opened.pull_request.number
