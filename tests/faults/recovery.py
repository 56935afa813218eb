"""How long the rig takes to work again."""

import time

from faulty_rig import FaultyRig
from running_rig import wait_until

_PUBLISHES = "SELECT 1 FROM service_status WHERE name = 'relay' AND ok AND as_of > %s"


def back_after(rig: FaultyRig) -> float:
    """Return the seconds until the receiver is healthy and the relay publishes again."""
    began, since = time.monotonic(), rig.now()
    wait_until(lambda: rig.answers() == 200, "a healthy receiver")
    wait_until(lambda: rig.rows(_PUBLISHES, since), "the relay")
    return time.monotonic() - began
