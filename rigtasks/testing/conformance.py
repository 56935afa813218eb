"""Count what is held against material nobody here wrote, for the page that says so."""

import threading
from collections import Counter
from pathlib import Path

import msgspec

#: What a judge is called that is no document but a client: its requests are counted.
REQUESTS = "requests that the sandbox GitHub answered to"
#: Where a session of the tests leaves its counts.
COUNTS = Path(__file__).parents[2] / ".conformance.json"


class Check(msgspec.Struct, frozen=True, order=True):
    """One kind of check.

    Args:
        judge: the document that decides, such as `@octokit/openapi-webhooks`.
        subject: the event, endpoint or query that was judged.
    """

    judge: str
    subject: str


class _Count(msgspec.Struct, frozen=True):
    check: Check
    count: int


class Tally:
    """Counts checks, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Check] = Counter()

    def add(self, judge: str, subject: str, count: int = 1) -> None:
        """Count checks of one kind."""
        with self._lock:
            self._counts[Check(judge, subject)] += count

    def packed(self) -> bytes:
        """Return the counts of this process as JSON, for another one to add."""
        return _pack(dict(self._counts))

    def add_packed(self, counts: bytes) -> None:
        """Add the counts of another process."""
        with self._lock:
            self._counts.update(_unpack(counts))

    def summary(self) -> list[str]:
        """Say in a line for each judge what was held against it."""
        judges = sorted({check.judge for check in self._counts})
        return [
            f"{judge}: {sum(counts)} {unit(judge)} of {len(counts)} kinds"
            for judge in judges
            for counts in [[n for check, n in self._counts.items() if check.judge == judge]]
        ]

    def write(self, path: Path = COUNTS) -> None:
        """Write the counts of this session; of what it did not check, earlier ones stay."""
        if not self._counts:
            return
        known = read_counts(path) | dict(self._counts)
        path.write_bytes(msgspec.json.format(_pack(known)))


def unit(judge: str) -> str:
    """Return what is counted under a judge."""
    return "requests" if judge.startswith(REQUESTS) else "checks"


def read_counts(path: Path = COUNTS) -> dict[Check, int]:
    """Return the counts that the last sessions left; empty where there was none."""
    return _unpack(path.read_bytes()) if path.exists() else {}


def _pack(counts: dict[Check, int]) -> bytes:
    return msgspec.json.encode([_Count(check, counts[check]) for check in sorted(counts)])


def _unpack(counts: bytes) -> dict[Check, int]:
    rows = msgspec.json.decode(counts, type=list[_Count])
    return {row.check: row.count for row in rows}


#: The tally of this process.
TALLY = Tally()
