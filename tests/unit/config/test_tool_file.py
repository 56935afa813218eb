"""The operator's list of tools is read once, and a wrong one is named with its variable."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from rigtasks.config import ConfigurationError, Settings
from rigtasks.routing.tools import DEFAULT_TOOLS, Tool


def settings(path: Path | None) -> Settings:
    return Settings(DATABASE_URL=SecretStr("postgresql://x"), tools_file=path)


def test_without_a_file_there_is_the_short_list() -> None:
    assert settings(None).tool_list is DEFAULT_TOOLS


def test_a_file_replaces_the_short_list(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    path.write_text('{"tools": {"own": {"run": ["get-own", "{prefix}"]}}}')

    assert settings(path).tool_list.tools == {"own": Tool(run=("get-own", "{prefix}"))}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "No such file"),
        ("tools: {}", "it must be a JSON object with `tools`"),
        ('{"tools": {"ruff": {"pip": "ruff"}}}', "`ruff` needs `pip` with an exact version"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "tools.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ConfigurationError) as refused:
        settings(path).tool_list  # noqa: B018 - reading it is the point

    assert str(refused.value).startswith(f"RIG_TOOLS_FILE={path} cannot be used: ")
    assert says in str(refused.value)
