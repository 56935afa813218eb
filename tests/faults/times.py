"""How fast the shared rig's time runs, and whether there is time for every fault."""

import os
from collections.abc import Mapping

#: Every fault: `make faults`. Otherwise the most telling ones, for which `make test` has the time.
ALL = os.environ.get("RIG_FAULTS") == "all"
SCALE = 0.05
LEASE_SECONDS = 6.0
"""A busy machine must not lose the claims of living workers."""
SWEEP_SECONDS = 2.0
REPUBLISH_SECONDS = 3.0
RECONCILE_SECONDS = 30.0

SETTINGS: Mapping[str, str] = {
    "RIG_PROVIDER": "scripted",
    "RIG_TIME_SCALE": str(SCALE),
    "RIG_LEASE_SECONDS": str(LEASE_SECONDS / SCALE),
    "RIG_HEARTBEAT_SECONDS": str(LEASE_SECONDS / SCALE / 4),
    "RIG_SWEEP_SECONDS": str(SWEEP_SECONDS / SCALE),
    "RIG_REPUBLISH_SECONDS": str(REPUBLISH_SECONDS / SCALE),
    "RIG_RECONCILE_SECONDS": str(RECONCILE_SECONDS / SCALE),
    "RIG_PING_SECONDS": "1200",
    # On a busy machine the usual 5 s may be too few for git.
    "RIG_GRACE_SECONDS": "40",
    "RIG_QUEUES": '["dev-e-python", "review-e"]',
}
