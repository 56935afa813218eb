"""What README and docs name exists: links, paths, variables, verbs."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

from rigtasks.cli.main import app
from rigtasks.config import Settings

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
#: Where variables that are no settings are set or read.
CODE = ("rigtasks", "workers", "beat", "webhook_receiver", "tests/conftest.py")
FOLDERS = ("rigtasks", "workers", "beat", "webhook_receiver", "tests", "docs", "bench", "helm")

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})(?:/[\w.*-]+)+/?")
VARIABLE = re.compile(r"\bRIG_[A-Z0-9_]+\b")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
VERB = re.compile(r"(?:^|[\s=\"'])rig((?: [a-z][a-z-]*)+)((?: +--?[a-z][\w-]*)*)")


def page(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(path: Path) -> str:
    return FENCE.sub("", page(path))


def commands(path: Path) -> Iterator[str]:
    """Yield what a reader may type: spans, and the lines of console blocks."""
    yield from (span for span in SPAN.findall(prose(path)) if span.startswith(("rig ", "RIG_")))
    for kind, block in FENCE.findall(page(path)):
        if kind == "console":
            for line in block.splitlines():
                yield line.removeprefix("$ ").partition(" #")[0]


def anchors(path: Path) -> set[str]:
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in HEADING.findall(prose(path)))
    return {title.strip().replace(" ", "-") for title in kept}


@cache
def known_variables() -> set[str]:
    prefix = Settings.model_config.get("env_prefix", "")
    settings = {f"{prefix}{name}".upper() for name in Settings.model_fields}
    sources = [ROOT / name for name in CODE]
    files = [file for one in sources for file in (one.rglob("*.py") if one.is_dir() else [one])]
    return settings.union(*(VARIABLE.findall(page(file)) for file in files))


def named(path: Path) -> Iterator[str]:
    return (span for span in SPAN.findall(prose(path)) if PATH.fullmatch(span))


def unknown_verbs(words: list[str]) -> list[str]:
    """Return the words up to the first that is no verb of `rig`; nothing where all are known."""
    group: object = typer.main.get_command(app)
    for position, word in enumerate(words, start=1):
        verbs = getattr(group, "commands", None)
        if verbs is None:
            return []
        if word not in verbs:
            return words[:position]
        group = verbs[word]
    return []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
class TestPage:
    def test_every_relative_link_leads_somewhere(self, path: Path) -> None:
        broken = []
        for link in LINK.findall(prose(path)):
            target, _, anchor = link.partition("#")
            if "://" in target:
                continue
            found = (path.parent / target).resolve() if target else path
            if not found.exists() or (anchor and anchor not in anchors(found)):
                broken.append(link)

        assert broken == []

    def test_every_path_that_is_named_exists(self, path: Path) -> None:
        missing = [name for name in named(path) if not (ROOT / name).exists()]

        assert missing == []

    def test_every_variable_that_is_named_is_read_somewhere(self, path: Path) -> None:
        assert set(VARIABLE.findall(page(path))) - known_variables() == set()

    def test_every_verb_that_is_shown_is_one_of_the_command_line(self, path: Path) -> None:
        shown = [found[0].split() for line in commands(path) for found in VERB.findall(line)]

        wrong = [unknown_verbs(words) for words in shown]

        assert [words for words in wrong if words] == []


def test_the_pages_name_enough_for_these_tests_to_mean_something() -> None:
    shown = [one for path in PAGES for line in commands(path) for one in VERB.findall(line)]

    assert len([name for path in PAGES for name in named(path)]) > 20
    assert len([link for path in PAGES for link in LINK.findall(prose(path))]) > 10
    assert len(shown) > 10


def test_a_verb_a_path_or_a_variable_that_is_not_there_is_noticed() -> None:
    assert unknown_verbs(["serve", "nothing"]) == ["serve", "nothing"]
    assert unknown_verbs(["serve", "relay"]) == []
    assert "RIG_NO_SUCH_SETTING" not in known_variables()
    assert not (ROOT / "rigtasks/nowhere").exists()
