"""Wall clocks that are wrong, for one process and all that it starts.

libfaketime cannot be used: it breaks the sleep of Python 3.11 and newer (docs/decisions/0035).
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path

_SOURCE = Path(__file__).with_name("wrong_clock.c")


def off_by(folder: Path, *, hours: int) -> Mapping[str, str]:
    """Return the environment of a process whose wall clock is so far off; waits stay as they are.

    Args:
        folder: where the library is built.
        hours: how far its clock is ahead, or behind where it is negative.
    """
    library = folder / "wrong_clock.so"
    if not library.exists():
        built = ("cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE))
        subprocess.run(built, check=True, capture_output=True)
    return {"LD_PRELOAD": str(library), "WRONG_CLOCK_SECONDS": str(hours * 3600)}
