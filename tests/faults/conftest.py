"""One rig behind proxies for the whole session, and the table of what became of each fault."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty_rig import FaultyRig
from outcomes import Outcomes, table
from running_rig import new_data_dir
from shared_rigs import SHARED_RIGS
from shop import Town
from times import ALL, SETTINGS

from rigtasks.local.github.seeding import Seeder

RESULTS = Path("faults/results.json")
_outcomes = Outcomes()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make faults` has the time for."""
    if ALL:
        return
    left_out = [item for item in items if item.get_closest_marker("make_faults")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _outcomes.all:
        terminalreporter.section("faults")
        for line in table(_outcomes.all):
            terminalreporter.write_line(line)


def pytest_sessionfinish() -> None:
    if ALL and _outcomes.all:
        _outcomes.write(RESULTS)


@pytest.fixture(scope="session")
def outcomes() -> Outcomes:
    """What came of the faults so far."""
    return _outcomes


@pytest.fixture(scope="session")
def rig() -> Iterator[FaultyRig]:
    """The shared rig; its timers run at a twentieth of their time."""
    running = FaultyRig(new_data_dir(), SETTINGS)
    with SHARED_RIGS.running(Path(__file__).parent, running.close):
        running.wait_ready()
        yield running


@pytest.fixture(scope="session")
def town(rig: FaultyRig) -> Iterator[Town]:
    """The sandbox GitHub of the shared rig, with people in it."""
    with Seeder.for_data_dir(rig.addresses["github"], rig.data_dir / "github") as seeder:
        yield Town(rig, seeder)
