"""`rig` as it is typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rigtasks.lifecycle.events import EVENT_TYPES

HEAVY = {
    "alembic",
    "celery",
    "flask",
    "github",
    "kombu",
    "psycopg2",
    "pydantic",
    "redis",
    "requests",
    "sqlalchemy",
}
GROUPS = ("serve", "db", "events", "config", "stack", "issue", "repo", "outbox")


def rig(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("RIG_", "DATAB"))
    }
    return subprocess.run(
        [sys.executable, "-m", "rigtasks.cli", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**environment, "NO_COLOR": "1", "COLUMNS": "120"},
    )


@pytest.mark.parametrize("module", ["rigtasks", "rigtasks.cli.main", "rigtasks.cli.failures"])
def test_starting_up_loads_nothing_heavy(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert HEAVY & set(loaded.stdout.split()) == set()


def test_help_names_every_group_and_verb() -> None:
    answer = rig("--help")

    assert answer.returncode == 0
    for word in ("up", "demo", "version", "pause", "resume", "deliveries", *GROUPS):
        assert f" {word} " in answer.stdout
    assert answer.stderr == ""


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_explains_itself(group: str) -> None:
    assert rig(group, "--help").returncode == 0


def test_an_unknown_verb_is_a_usage_error() -> None:
    answer = rig("dance")

    assert answer.returncode == 2
    assert answer.stdout == ""


def test_version_is_for_people_and_for_programs() -> None:
    assert rig("version").stdout.startswith("rig 0.")
    assert json.loads(rig("version", "--json").stdout)["rig"].startswith("0.")


def test_event_types_are_the_whole_catalogue() -> None:
    catalogue = json.loads(rig("events", "types", "--json").stdout)
    lines = rig("events", "types").stdout.splitlines()

    assert [entry["type"] for entry in catalogue] == list(EVENT_TYPES)
    assert [line.split()[0] for line in lines] == list(EVENT_TYPES)
    assert all(entry["description"] for entry in catalogue)


def test_missing_settings_are_named_with_exit_code_3() -> None:
    answer = rig("db", "migrate")

    assert answer.returncode == 3
    assert "DATABASE_URL" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_folder_without_a_stack_has_no_memory_to_show(tmp_path: Path) -> None:
    answer = rig("stack", "memory", cwd=tmp_path)

    assert answer.returncode == 5
    assert "no stack is running" in answer.stderr
    assert answer.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_removing_asks_first(tmp_path: Path) -> None:
    (tmp_path / ".rig").mkdir()
    (tmp_path / ".rig/kept").touch()

    asked = rig("stack", "remove", cwd=tmp_path)
    assert asked.returncode == 0
    assert (tmp_path / ".rig/kept").exists()

    assert rig("stack", "remove", "--yes", cwd=tmp_path).returncode == 0
    assert not (tmp_path / ".rig").exists()
