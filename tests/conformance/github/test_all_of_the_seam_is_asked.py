"""No method of the seam to GitHub stays outside this suite.

A test calls the seam itself or one of the typed functions over it; both are read from the source.
"""

import ast
from pathlib import Path
from typing import Any

import pytest

import rigtasks.github
from rigtasks.github.api import Api, Identities
from rigtasks.github.installations import AppView

HERE = Path(__file__).parent
TYPED = Path(rigtasks.github.__path__[0])
#: These ask the GitHub in memory and the sandbox alike.
BOTH_SIDES = (
    "test_reads_and_writes.py",
    "test_what_people_do.py",
    "test_survives_faults.py",
    "test_what_faults_tell.py",
    "test_webhooks_on_their_way.py",
    "memory_town.py",
    "sandbox_town.py",
)
#: By what the seam is called where it is used.
HOLDERS = {Api: {"api"}, Identities: {"github"}, AppView: {"view"}}


def called_on(tree: ast.AST, holders: set[str]) -> set[str]:
    """Return the methods that are called on one of some names, also where it is an attribute."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                found |= {method} if name in holders else set()
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name), attr=method)):
                found |= {method} if name in holders else set()
            case _:
                pass
    return found


def names_used(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def asked_by(sources: list[str], typed: list[str], seam: type[Any]) -> set[str]:
    """Return the methods of a seam that tests call, or functions that tests use and that call on.

    Args:
        sources: of the tests.
        typed: of the functions over the seam.
        seam: the protocol.
    """
    trees = [ast.parse(one) for one in sources]
    used = set().union(*(names_used(tree) for tree in trees))
    functions = {
        node.name: node
        for one in typed
        for node in ast.walk(ast.parse(one))
        if isinstance(node, ast.FunctionDef)
    }
    reached: set[str] = set()
    ahead = {name for name in used if name in functions}
    while ahead:
        reached |= ahead
        ahead = set().union(*(names_used(functions[name]) for name in ahead))
        ahead = {name for name in ahead if name in functions} - reached
    called = [called_on(tree, HOLDERS[seam]) for tree in trees]
    called += [called_on(functions[name], HOLDERS[seam]) for name in reached]
    return set().union(*called)


def methods(seam: type[Any]) -> set[str]:
    return {name for name, value in vars(seam).items() if callable(value) and name[0] != "_"}


@pytest.mark.parametrize("seam", tuple(HOLDERS))
def test_every_method_of_the_seam_is_asked_on_both_sides(seam: type[Any]) -> None:
    sources = [(HERE / name).read_text() for name in BOTH_SIDES]
    typed = [one.read_text() for one in TYPED.glob("*.py")]

    assert methods(seam) - asked_by(sources, typed, seam) == set()


def test_what_no_test_reaches_is_not_asked() -> None:
    typed = ["def read(api): return api.get('/')", "def over(api): return read(api)"]
    unused = ["def other(api): api.delete('/')"]

    assert asked_by(["def test(town): over(town.api)"], typed + unused, Api) == {"get"}
    assert asked_by(["def test(api): api.pause(1)"], typed, Api) == {"pause"}
