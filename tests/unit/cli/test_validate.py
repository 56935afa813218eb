"""`rig config validate`."""

import json
from pathlib import Path

import pytest

from rigtasks.cli.failures import ExitCode
from rigtasks.cli.validate import validate_file


def test_a_good_file_is_called_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / ".rig-agent.yaml"
    path.write_text("stack: python\n")

    assert validate_file(path, as_json=False) is ExitCode.OK
    assert capsys.readouterr().out == f"{path}: valid\n"


def test_a_mistake_is_shown_at_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / ".rig-agent.yaml"
    path.write_text("testCommand: make\nstack: no\n")

    assert validate_file(path, as_json=False) is ExitCode.INVALID
    written = capsys.readouterr()
    assert written.err.startswith(f"{path}:2:8: ")
    assert written.out == ""


def test_a_missing_file_is_not_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = validate_file(tmp_path / "absent.yaml", as_json=True)

    problem = json.loads(capsys.readouterr().err)
    assert code is ExitCode.NOT_FOUND
    assert problem["code"] == "not-found"
    assert problem["line"] is None
