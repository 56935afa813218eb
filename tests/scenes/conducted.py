"""One sandbox GitHub for the session; a repository and a database of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor_scene import (
    FILES,
    MakeScene,
    Scene,
    app_credentials,
    github_settings,
    make_conductor,
    token_credentials,
)

from rigtasks.eventstore.database import stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.github.identities import RepositoryRef
from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.testing.judged_github import JudgedGitHub


@pytest.fixture(scope="session")
def conducted_github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxGitHub]:
    options = Options(data_dir=tmp_path_factory.mktemp("sandbox"), run_ci=False)
    with JudgedGitHub(options) as running:
        yield running


@pytest.fixture
def make_scene(
    conducted_github: SandboxGitHub,
    database_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[MakeScene]:
    """Build a scene; with `tokens` the rig acts with those of two people instead of its Apps."""
    database = open_database(database_url, application_name="conductor")
    with Seeder(conducted_github.url, conducted_github.admin_token) as seeder:

        def make(
            *,
            tokens: bool = False,
            files: dict[str, str] | None = None,
        ) -> Scene:
            maria, owner, second = (
                seeder.person(login, email=f"{login}@example.invalid")
                for login in ("maria", "omar", "review-account")
            )
            roles = {"maria": "write", "omar": "admin", "review-account": "write"}
            made = seeder.create_repository(
                f"acme/shop-{abs(hash(request.node.nodeid)):x}",
                files={**FILES, **(files or {})},
                roles=roles,
            )
            credentials = token_credentials(owner, second) if tokens else app_credentials(seeder)
            settings = github_settings(conducted_github, credentials)
            return Scene(
                conductor=make_conductor(
                    stores_on(database), settings, tmp_path / "clones", database_url
                ),
                github_settings=settings,
                seeder=seeder,
                maria=maria,
                repository=RepositoryRef(id=made["id"], full_name=made["full_name"]),
                folder=tmp_path,
                operator=owner,
            )

        yield make
    database.close()


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    return make_scene()
