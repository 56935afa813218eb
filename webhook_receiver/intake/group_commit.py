"""Group commit: one transaction for everything that waits, led by one of the waiting."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Write: TypeAlias = Callable[[Sequence[Item]], Sequence[Result | Exception]]

LARGEST_BATCH = 64


class _Waiting(Generic[Item, Result]):
    """One item with the thread that waits for it; with a writer it leads its batch."""

    __slots__ = ("batch", "bell", "error", "item", "result", "writer")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.writer: Write[Item, Result] | None = None
        self.batch: list[_Waiting[Item, Result]] = [self]
        self.bell = threading.Lock()
        self.bell.acquire()


class GroupCommit(Generic[Item, Result]):
    """Writes items in batches; each `submit` returns when its own item is durable.

    Whoever finds a writer free uses it at once; the others wait. A leader that is through hands
    its writer, together with everything that waits by then, to the first of the waiting: one
    that went on leading would never answer its own request.

    Args:
        writers: each stores a batch and returns one result or exception per item, in order. When
            it raises, everybody in the batch is told the same. A second writer computes while the
            first one waits for the disk; each is used by one thread at a time.
        largest: items per batch.
    """

    def __init__(
        self, writers: Sequence[Write[Item, Result]], *, largest: int = LARGEST_BATCH
    ) -> None:
        self._free = list(writers)
        self._largest = largest
        self._lock = threading.Lock()
        self._queue: deque[_Waiting[Item, Result]] = deque()

    @property
    def waiting(self) -> int:
        """Count the items that no batch has taken yet."""
        with self._lock:
            return len(self._queue)

    def submit(self, item: Item) -> Result:
        """Store one item together with whatever else waits.

        Raises:
            Exception: whatever the writer raised or returned for this item.
        """
        mine: _Waiting[Item, Result] = _Waiting(item)
        with self._lock:
            if self._free:
                mine.writer = self._free.pop()
            else:
                self._queue.append(mine)
        if mine.writer is None:
            mine.bell.acquire()
        if mine.writer is not None:
            self._lead(mine, mine.writer)
        if mine.error is not None:
            raise mine.error
        return mine.result  # type: ignore[return-value] # set whenever there is no error

    def _lead(self, leader: _Waiting[Item, Result], writer: Write[Item, Result]) -> None:
        try:
            _fill(leader.batch, writer)
        finally:
            self._hand_on(writer)
            for each in leader.batch:
                if each is not leader:
                    each.bell.release()

    def _hand_on(self, writer: Write[Item, Result]) -> None:
        with self._lock:
            if not self._queue:
                self._free.append(writer)
                return
            size = min(len(self._queue), self._largest)
            batch = [self._queue.popleft() for _ in range(size)]
            heir = batch[0]
            heir.batch, heir.writer = batch, writer
        heir.bell.release()


def _fill(batch: Sequence[_Waiting[Item, Result]], writer: Write[Item, Result]) -> None:
    try:
        answers = writer([each.item for each in batch])
        for each, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                each.error = answer
            else:
                each.result = answer
    except BaseException as error:
        for each in batch:
            each.error = error
        raise
