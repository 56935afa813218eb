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
    """One item with the thread that waits for it."""

    __slots__ = ("batch", "bell", "error", "item", "leads", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.batch: list[_Waiting[Item, Result]] = [self]
        self.bell = threading.Lock()
        self.bell.acquire()


class GroupCommit(Generic[Item, Result]):
    """Writes items in batches; each `submit` returns when its own item is durable.

    Whoever finds nobody writing writes at once; the others wait. A leader that is through hands
    the lead, together with everything that waits by then, to the first of the waiting: one that
    went on leading would never answer its own request.

    Args:
        write: stores a batch and returns one result or exception per item, in order. When it
            raises, everybody in the batch is told the same. One thread at a time is in it.
        largest: items per batch.
    """

    def __init__(self, write: Write[Item, Result], *, largest: int = LARGEST_BATCH) -> None:
        self._write = write
        self._largest = largest
        self._lock = threading.Lock()
        self._led = False
        self._queue: deque[_Waiting[Item, Result]] = deque()

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
            if self._led:
                self._queue.append(mine)
            else:
                self._led = mine.leads = True
        if not mine.leads:
            mine.bell.acquire()
        if mine.leads:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        return mine.result  # type: ignore[return-value] # set whenever there is no error

    def _lead(self, leader: _Waiting[Item, Result]) -> None:
        try:
            _fill(leader.batch, self._write)
        finally:
            self._hand_on()
            for each in leader.batch:
                if each is not leader:
                    each.bell.release()

    def _hand_on(self) -> None:
        with self._lock:
            if not self._queue:
                self._led = False
                return
            size = min(len(self._queue), self._largest)
            batch = [self._queue.popleft() for _ in range(size)]
            heir = batch[0]
            heir.batch, heir.leads = batch, True
        heir.bell.release()


def _fill(batch: Sequence[_Waiting[Item, Result]], write: Write[Item, Result]) -> None:
    try:
        answers = write([each.item for each in batch])
        for each, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                each.error = answer
            else:
                each.result = answer
    except BaseException as error:
        for each in batch:
            each.error = error
        raise
