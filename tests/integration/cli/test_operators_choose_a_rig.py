"""The rig that a verb is about is found by its folder or by the environment."""

from pathlib import Path

import msgspec
import pytest
from operator_scene import REF, Typed, approve

from rigtasks.eventstore.database import Stores
from rigtasks.local.stack import Addresses


def test_a_running_stack_is_found_by_its_folder(
    rig: Typed,
    stores: Stores,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approve(stores)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    addresses = Addresses(
        web="",
        flower="",
        github="https://github.com",
        webhook_secret="",
        database_url=database_url,
        redis_url="",
        pid=1,
    )
    (tmp_path / "addresses.json").write_bytes(msgspec.json.encode(addresses))

    answer = rig("issue", "list", "--data-dir", str(tmp_path))

    assert answer.code == 0
    assert REF in answer.out


def test_no_stack_and_no_database_is_said(
    rig: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.chdir(tmp_path)

    answer = rig("issue", "list")

    assert (answer.code, answer.out) == (3, "")
    assert "no stack is running" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_away_ends_with_7(rig: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")

    assert rig("issue", "list").code == 7
    assert rig("pause", "--reason", "maintenance").code == 7
