"""A database, and `rig` as an operator types it."""

import sys
from collections.abc import Iterator

import pytest
from operator_scene import Answer, Typed

from rigtasks.cli.main import main
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.database import Stores, stores_on


@pytest.fixture
def stores(database_url: str) -> Iterator[Stores]:
    connection = Connection(database_url, application_name="tests")
    yield stores_on(connection)
    connection.close()


@pytest.fixture
def rig(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    for name in ("RIG_APPS_FILE", "RIG_GITHUB_TOKEN", "RIG_SANDBOX_GITHUB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("LOGNAME", "ada")

    def typed(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["rig", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Answer(code=int(ended.value.code or 0), out=written.out, err=written.err)

    return typed
