"""No entry of the list is without a replay, and no test replays what is not in the list."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "incidents.py"
TITLED = ("dispatch", "queue", "liveness", "review", "merge")


@pytest.fixture(scope="module")
def book() -> ModuleType:
    spec = importlib.util.spec_from_file_location("incidents_page", PAGE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_incident_has_a_replay(book: ModuleType) -> None:
    replayed = {each for one in book.replays() for each in one.incidents}

    assert [one.id for one in book.incidents() if one.id not in replayed] == []


def test_no_test_replays_what_is_not_in_the_list(book: ModuleType) -> None:
    known = [one.id for one in book.incidents()]

    assert len(known) == len(set(known))
    assert {each for one in book.replays() for each in one.incidents} <= set(known)


def test_every_class_has_incidents_that_nobody_told_of(book: ModuleType) -> None:
    assert tuple(book.classes()) == TITLED
    assert {one.kind for one in book.incidents()} == set(TITLED)
    for name in TITLED:
        assert f"{name}-1" in {one.id for one in book.incidents() if one.kind == name}


def test_a_named_replay_says_in_its_name_what_it_replays(book: ModuleType) -> None:
    for one in book.replays():
        if one.path.startswith("tests/incidents/"):
            first = one.incidents[0].lower().replace("-", "_")
            assert one.name.startswith(f"test_{first}_"), one


def test_the_page_is_current(book: ModuleType) -> None:
    assert book.PAGE.read_text() == book.page(), "run python docs/incidents.py"
