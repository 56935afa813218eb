"""One sandbox GitHub for the session; a repository and a database of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor_scene import FILES, MakeScene, Scene, app_credentials, make_conductor

from rigtasks.eventstore.database import stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.github.identities import Credentials, RepositoryRef, Role
from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.github.server import SandboxGitHub


@pytest.fixture(scope="session")
def conducted_github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxGitHub]:
    options = Options(data_dir=tmp_path_factory.mktemp("sandbox"), run_ci=False)
    with SandboxGitHub(options) as running:
        yield running


@pytest.fixture
def make_scene(
    conducted_github: SandboxGitHub,
    database_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[MakeScene]:
    """Build a scene; `credentials` replace the Apps, `files` and `roles` go to the repository."""
    database = open_database(database_url, application_name="conductor")
    with Seeder(conducted_github.url, conducted_github.admin_token) as seeder:

        def make(
            *,
            credentials: dict[Role, Credentials] | None = None,
            files: dict[str, str] | None = None,
            roles: dict[str, str] | None = None,
        ) -> Scene:
            maria = seeder.person("maria", name="Maria", email="maria@example.invalid")
            made = seeder.create_repository(
                f"acme/shop-{abs(hash(request.node.nodeid)):x}",
                files={**FILES, **(files or {})},
                roles={"maria": "write", **(roles or {})},
            )
            return Scene(
                conductor=make_conductor(
                    stores_on(database),
                    conducted_github,
                    credentials or app_credentials(seeder),
                    tmp_path / "clones",
                    database_url,
                ),
                seeder=seeder,
                maria=maria,
                repository=RepositoryRef(id=made["id"], full_name=made["full_name"]),
                folder=tmp_path,
            )

        yield make
    database.close()


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    return make_scene()
