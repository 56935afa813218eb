"""Wall clocks that are wrong: libfaketime under one process and all that it starts."""

from collections.abc import Mapping
from pathlib import Path

_PLACES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/local/lib/faketime/libfaketimeMT.so.1")


def off_by(*, hours: int) -> Mapping[str, str]:
    """Return the environment of a process whose wall clock is so far off; waits stay as they are.

    Raises:
        AssertionError: libfaketime is not installed.
    """
    found = [path for place in _PLACES for path in Path("/").glob(place.removeprefix("/"))]
    assert found, "libfaketime is not installed (Debian package: libfaketime)"
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME": f"{hours:+d}h",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
