"""Remember answers with their entity tags: a 304 costs nothing of the hourly limit."""

import threading
from collections import OrderedDict
from typing import Final

import msgspec

_MOST_ENTRIES: Final = 2_000
_MOST_BYTES: Final = 32 * 1024 * 1024


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of GitHub and the tag that asks for a newer one."""

    etag: str
    body: bytes
    link: str


class EntityCache:
    """A bounded memory of answers, the oldest use forgotten first."""

    def __init__(self, *, most_bytes: int = _MOST_BYTES) -> None:
        self._entries: OrderedDict[tuple[str, ...], Remembered] = OrderedDict()
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...]) -> Remembered | None:
        """Return what is remembered for an identity, address and media type."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def put(self, key: tuple[str, ...], entry: Remembered) -> None:
        """Remember an answer, unless it alone would fill a tenth of the memory."""
        with self._lock:
            self._drop(key)
            if len(entry.body) > self._most_bytes // 10:
                return
            self._entries[key] = entry
            self._bytes += len(entry.body)
            while self._bytes > self._most_bytes or len(self._entries) > _MOST_ENTRIES:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: tuple[str, ...]) -> None:
        dropped = self._entries.pop(key, None)
        if dropped is not None:
            self._bytes -= len(dropped.body)
