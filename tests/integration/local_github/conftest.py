from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from common_ground import Ground, Town, new_ground, open_town
from forge_scene import SECRET, SHOP, MakeScene, Receiver, Scene

from rigtasks.local.github import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.testing.judged_github import JudgedGitHub


@pytest.fixture
def make_scene(tmp_path: Path) -> Iterator[MakeScene]:
    """Build scenes; what is given goes to the repository, `options` to the sandbox."""
    with ExitStack() as stack:

        def make(*, options: dict[str, Any] | None = None, **repository: Any) -> Scene:
            receiver = stack.enter_context(Receiver())
            settings = {
                "data_dir": tmp_path / "forge",
                "webhook_url": receiver.url,
                "webhook_secret": SECRET,
                "run_ci": False,
                **(options or {}),
            }
            sandbox = stack.enter_context(JudgedGitHub(Options(**settings)))
            seeder = stack.enter_context(Seeder(sandbox.url, sandbox.admin_token))
            owner = seeder.person("olga", name="Olga", email="olga@example.invalid")
            given = {"files": SHOP, "roles": {"olga": "admin"}, **repository}
            seeder.create_repository("acme/shop", **given)
            folder = tmp_path / "copies"
            folder.mkdir()
            scene = Scene(sandbox, seeder, receiver, folder, "acme/shop", owner)
            stack.callback(lambda: [api.close() for api in scene.opened])
            return scene

        yield make


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    return make_scene()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One sandbox for all tests that only need a repository of their own."""
    with open_town(tmp_path_factory.mktemp("town") / "forge") as running:
        yield running


@pytest.fixture
def ground(town: Town, tmp_path: Path) -> Ground:
    return new_ground(town, tmp_path)
