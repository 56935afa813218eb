"""The committed reference page is the one the table gives."""

from pathlib import Path

from rigtasks.routing.agent_config import parse_agent_config
from rigtasks.routing.keys import KEYS
from rigtasks.routing.reference import render_reference

PAGE = Path(__file__).parents[3] / "docs" / "rig-agent-yaml.md"


def test_the_committed_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_reference()


def test_the_page_names_every_key_and_its_example_is_accepted() -> None:
    page = render_reference()

    names = [key.name for key in KEYS] + [each.name for key in KEYS for each in key.keys]
    assert [name for name in names if f"`{name}`" not in page] == []
    assert parse_agent_config(page.split("```yaml\n")[1].split("```")[0].encode()).tools
