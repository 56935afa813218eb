"""One running stack for the whole session, and a town of small repositories on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_rig import RunningRig, new_data_dir
from shared_rigs import SHARED_RIGS
from shop import ALSO_INTERNAL, INTERNAL, Town

from rigtasks.testing.answer_book import JudgedSeeder

SETTINGS = {
    "RIG_PROVIDER": "scripted",
    "RIG_OFFERED_MODELS": '{"command": []}',  # what a repository may choose instead
    "RIG_PROVIDER_COMMAND": "sed -i s/5000/4999/ shop/prices.py",
    "RIG_COST_PER_CALL_USD": "0",
    "RIG_TOOLS_FILE": str(Path(__file__).with_name("tools.json")),
    "RIG_TIME_SCALE": "0.05",
    "RIG_LEASE_SECONDS": "120",  # 6 s: a busy machine must not lose claims of living workers
    "RIG_HEARTBEAT_SECONDS": "30",
    "RIG_SWEEP_SECONDS": "20",
    "RIG_REPUBLISH_SECONDS": "60",
    "RIG_PING_SECONDS": "1200",  # a minute: each ping is a new process of four workers
    "RIG_RECONCILE_SECONDS": "6000",  # five minutes: webhooks arrive here
    "RIG_LIMIT_PER_REPOSITORY": "1",
    "RIG_INTERNAL_REPOSITORIES": f'["{INTERNAL}", "{ALSO_INTERNAL}"]',
}
FOLDER = Path(__file__).parent
LAST = "test_what_holds_in_the_end.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Look at what holds in the end after everything else here has happened."""
    own = [item for item in items if FOLDER in item.path.parents]
    in_order = iter(sorted(own, key=lambda item: item.path.name == LAST))
    items[:] = [next(in_order) if FOLDER in item.path.parents else item for item in items]


@pytest.fixture(scope="session")
def rig() -> Iterator[RunningRig]:
    """The shared stack; its timers run at a twentieth of their time."""
    running = RunningRig(new_data_dir(), SETTINGS)
    with SHARED_RIGS.running(FOLDER, running.close):
        running.wait_ready()
        yield running


@pytest.fixture(scope="session")
def town(rig: RunningRig) -> Iterator[Town]:
    """The sandbox GitHub of the shared stack, with people in it; what they see is judged."""
    address = rig.addresses["github"]
    with JudgedSeeder.for_data_dir(address, rig.data_dir / "github") as seeder:
        yield Town(rig, seeder)
