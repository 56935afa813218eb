"""Durations as people type them."""

import re

from rigtasks.errors import Rejected

_DURATION = re.compile(r"([1-9][0-9]{0,5})(s|m|h|d)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def duration_seconds(text: str) -> float:
    """Return the seconds of a duration such as `90s`, `30m`, `2h` or `1d`.

    Raises:
        Rejected: it is none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise Rejected(
            f"{text!r} is no duration: write 90s, 30m, 2h or 1d", code="duration-invalid"
        )
    return int(found[1]) * _SECONDS[found[2]]
