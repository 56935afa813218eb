"""The client against our sandbox GitHub and against one that nobody here wrote."""

import json
from collections.abc import Iterator

import places
import pytest
from client_calls import CALLS, ClientCall, differences

from rigtasks.testing.conformance import TALLY
from rigtasks.testing.known_differences import EMULATE, stale, unknown
from rigtasks.testing.material import material_path

VERSION = json.loads(material_path("emulate/package.json").read_bytes())["version"]
EMULATE_JUDGE = f"calls of the client against emulate@{VERSION}"
SANDBOX_JUDGE = "calls of the client against the sandbox GitHub"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[places.Sandbox]:
    with places.sandbox(tmp_path_factory.mktemp("sandbox")) as backend:
        yield backend


@pytest.fixture(scope="module")
def emulate() -> Iterator[places.Emulate]:
    with places.emulate() as backend:
        yield backend


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_the_sandbox_answers_the_client_as_github_would(
    sandbox: places.Sandbox, call: ClientCall
) -> None:
    looked, found = differences(call, sandbox)
    assert found == []
    TALLY.add(SANDBOX_JUDGE, call.__name__, looked)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_emulate_answers_the_client_but_for_what_is_written_down(
    emulate: places.Emulate, call: ClientCall
) -> None:
    looked, found = differences(call, emulate)
    known = tuple(each for each in EMULATE if each.difference.startswith(f"{call.__name__}: "))
    assert (unknown(found, known), stale(found, known)) == ([], [])
    if held := looked - len(found):
        TALLY.add(EMULATE_JUDGE, call.__name__, held)


def test_every_difference_written_down_names_its_call() -> None:
    names = {call.__name__ for call in CALLS}
    assert {each.difference.partition(":")[0] for each in EMULATE} <= names
