"""Finding out which walls a machine has."""

import pytest

from rigtasks.agent.sandbox import Level, probe


def test_the_probe_runs_a_real_sandbox() -> None:
    answer = probe()

    assert answer.level is Level.BUBBLEWRAP, answer.reason


def test_a_machine_without_bwrap_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    answer = probe()

    assert answer.level is Level.NONE
    assert "install the package bubblewrap" in answer.reason
