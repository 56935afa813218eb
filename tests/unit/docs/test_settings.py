"""Every setting is known, explained, and shown as it can be written."""

import re
from pathlib import Path

import pytest

from rigtasks.config import Settings, load_settings

ROOT = Path(__file__).parents[3]
PACKAGES = ("rigtasks", "workers", "beat", "webhook_receiver")
READ = re.compile(r"environ(?:ment)?(?:\.get\(|\[)\s*\"(RIG_\w+)\"")


def test_every_variable_that_is_read_is_a_setting() -> None:
    known = {f"RIG_{name.upper()}" for name in Settings.model_fields}

    read = {
        (name, str(path.relative_to(ROOT)))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in READ.findall(path.read_text())
    }

    assert any(name == "RIG_PROVIDER" for name, _ in read)
    assert [(name, path) for name, path in sorted(read) if name not in known] == []


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_says_what_it_is_for(name: str) -> None:
    description = Settings.model_fields[name].description or ""

    assert description.endswith(".")
    assert "|" not in description
    assert "\n" not in description


def test_defaults_are_shown_as_they_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    # given the page's own defaults as an environment
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    shown = re.findall(r"^\| `(\w+)` \| .+ \| `(.+)` \|$", page, re.MULTILINE)
    for name, default in shown:
        monkeypatch.setenv(name, default)
    monkeypatch.setenv("DATABASE_URL", "postgresql://rig@localhost/rig")

    # then they are read, and change nothing
    assert len(shown) > 20
    chosen = load_settings()
    for name, _ in shown:
        field = name.removeprefix("RIG_").lower()
        assert getattr(chosen, field) == Settings.model_fields[field].default, name
