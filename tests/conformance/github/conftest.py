"""Each test of the seam twice: on the GitHub in memory, and on the sandbox over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_town import MemoryTown
from sandbox_town import SandboxTown
from towns import BRANCH, FIXED, Town, Work

from rigtasks.github.identities import Role
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


@pytest.fixture(params=["memory", "sandbox"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    if request.param == "memory":
        yield MemoryTown()
        return
    sandbox: SandboxGitHub = request.getfixturevalue("sandbox")
    with Seeder(sandbox.url, sandbox.admin_token) as seeder:
        name = f"octo/shop-{abs(hash(request.node.nodeid)):x}"
        yield SandboxTown(sandbox, seeder, name, tmp_path)


@pytest.fixture
def work(town: Town) -> Work:
    town.create_issue("Prices are rounded down", "Please round.")
    return town.work()


@pytest.fixture
def pull(town: Town, work: Work) -> int:
    work.push(work.commit({"price.py": FIXED}))
    opened = open_pull_request(
        town.api(Role.AUTHOR), branch=BRANCH, base="main", title="Round prices", body="Closes #1"
    )
    assert not opened.adopted
    return opened.pull_request.number
