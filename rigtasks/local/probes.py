"""How the stack tells that a process works."""

import re
import urllib.error
import urllib.request
from collections.abc import Callable

from rigtasks.local.ports import LOOPBACK

PROBE_SECONDS = 2.0
OK = 200


def says(pattern: bytes) -> Callable[[bytes], bool]:
    """Return a probe that is content once the process wrote a line matching the pattern."""
    expression = re.compile(pattern)

    def probe(output: bytes) -> bool:
        return expression.search(output) is not None

    return probe


def answers(port: int, path: str) -> Callable[[bytes], bool]:
    """Return a probe that asks a loopback HTTP server for a page and wants a 200."""
    url = f"http://{LOOPBACK}:{port}{path}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def probe(_output: bytes) -> bool:
        try:
            with opener.open(url, timeout=PROBE_SECONDS) as answer:
                return bool(answer.status == OK)
        except (urllib.error.URLError, OSError):
            return False  # not listening yet

    return probe
