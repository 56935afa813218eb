"""Issues whose runs take so long that they can be caught in the middle."""

import psutil
from faulty_rig import FaultyRig, family
from running_rig import Json, wait_until
from shop import CONFIG, Issue

SLOW = f"{CONFIG}setupCommand: sleep 4\n"
SLOWER = f"{CONFIG}setupCommand: sleep 15\n"


def begun(issue: Issue, rig: FaultyRig, *, count: int = 1) -> tuple[Json, list[psutil.Process]]:
    """Return the newest run of an issue and its agent's processes, once it works."""
    run = issue.wait("WORK_STARTED", count=count)["data"]
    agents = wait_until(lambda: rig.agents_of(run["run_id"]), "an agent's process")
    everything = [each for agent in agents for each in family(agent)]
    return run, everything
