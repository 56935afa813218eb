"""Nothing that the store in memory does stays outside this suite.

The tests of this folder run on Postgres and in memory alike, so a method that one of them calls is
compared. Which ones they call is read from their source.
"""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from rigtasks.eventstore.database import Stores
from rigtasks.testing.memory_store import MemoryDatabase
from rigtasks.testing.memory_stores import stores_in

HERE = Path(__file__).parent
#: What the fixtures of both sides are called, and the house that stands behind one of them.
BOTH_SIDES = frozenset({"stores", "house"})
HOUSE = "House"

Asked = frozenset[tuple[str, str]]


def asked_for(source: str) -> Asked:
    """Return `part, method` of every call on the store, wherever both sides are at hand."""
    found: set[tuple[str, str]] = set()
    for function, owner in _functions(ast.parse(source)):
        names = {one.arg for one in function.args.args}
        holders = (names & BOTH_SIDES) | ({"self"} if owner == HOUSE else set())
        for node in ast.walk(function):
            match node:
                case ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id=holder), attr=part), attr=method
                ) if holder in holders:
                    found.add((part, method))
    return frozenset(found)


def _functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, str | None]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node, None
        if isinstance(node, ast.ClassDef):
            yield from ((one, node.name) for one in node.body if isinstance(one, ast.FunctionDef))


def offered() -> Asked:
    """Return `part, method` of all that the store in memory answers by itself."""
    memory = stores_in(MemoryDatabase())
    seams = get_type_hints(Stores)
    return frozenset(
        (field.name, name)
        for field in fields(Stores)
        for name in vars(type(getattr(memory, field.name)))
        if type(getattr(memory, field.name)).__module__.startswith("rigtasks.testing.")
        and field.name != "database"
        and not name.startswith("_")
        and hasattr(seams[field.name], name)
    )


def test_every_method_of_the_store_in_memory_is_compared_with_postgres() -> None:
    compared = frozenset().union(*(asked_for(one.read_text()) for one in HERE.glob("*.py")))

    known = offered()

    assert {("events", "append"), ("claims", "claim"), ("deliveries", "settle")} <= known
    assert sorted(known - compared) == []


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("def test_a(stores): stores.outbox.take()", {("outbox", "take")}),
        ("def receive(stores, name): stores.outbox.take(); stores.issues.idle()",
         {("outbox", "take"), ("issues", "idle")}),
        ("class House:\n  def tell(self): self.events.append()", {("events", "append")}),
        ("class Other:\n  def tell(self): self.events.append()", set()),
        ("def test_a(postgres): postgres.outbox.take()", set()),
        ("def test_a(stores): outbox.take()", set()),
    ],
)  # fmt: skip
def test_only_what_both_sides_are_asked_counts(source: str, asked: set[tuple[str, str]]) -> None:
    assert asked_for(source) == asked
