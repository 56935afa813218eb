"""Group commit: one transaction for everything that waits, led by one of the waiting."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGEST_BATCH = 64


class _Waiting(Generic[Item, Result]):
    """One item with the thread that waits for it."""

    __slots__ = ("bell", "error", "item", "leads", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.bell = threading.Lock()
        self.bell.acquire()


class GroupCommit(Generic[Item, Result]):
    """Writes items in batches; each `submit` returns when its own item is durable.

    The first to come leads: it writes what waits in one call, then hands the lead to somebody
    who is still waiting. A leader that went on leading would never answer its own request.

    Args:
        write: stores a batch and returns one result or exception per item, in order. When it
            raises, everybody in the batch is told the same.
        largest: items per batch.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        *,
        largest: int = LARGEST_BATCH,
    ) -> None:
        self._write = write
        self._largest = largest
        self._lock = threading.Lock()
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._led = False

    @property
    def waiting(self) -> int:
        """Count the items that no batch has taken yet."""
        with self._lock:
            return len(self._queue)

    def submit(self, item: Item) -> Result:
        """Store one item together with whatever else waits.

        Raises:
            Exception: whatever `write` raised or returned for this item.
        """
        mine: _Waiting[Item, Result] = _Waiting(item)
        with self._lock:
            self._queue.append(mine)
            mine.leads, self._led = not self._led, True
        if not mine.leads:
            mine.bell.acquire()
        if mine.leads:
            self._lead()
        if mine.error is not None:
            raise mine.error
        return mine.result  # type: ignore[return-value] # set whenever there is no error

    def _lead(self) -> None:
        with self._lock:
            size = min(len(self._queue), self._largest)
            batch = [self._queue.popleft() for _ in range(size)]
        try:
            self._fill(batch)
        finally:
            self._hand_on()
            for each in batch:
                if not each.leads:
                    each.bell.release()

    def _fill(self, batch: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            answers = self._write([each.item for each in batch])
            for each, answer in zip(batch, answers, strict=True):
                if isinstance(answer, Exception):
                    each.error = answer
                else:
                    each.result = answer
        except BaseException as error:
            for each in batch:
                each.error = error
            raise

    def _hand_on(self) -> None:
        with self._lock:
            if not self._queue:
                self._led = False
                return
            heir = self._queue[0]
            heir.leads = True
        heir.bell.release()
