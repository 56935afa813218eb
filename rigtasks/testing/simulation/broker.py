"""Redis in a simulation: lists that can be emptied, be away, and take a message without a word."""

from collections import defaultdict, deque
from collections.abc import Callable

from rigtasks.tasks.broker import BrokerUnavailable

Message = tuple[str, tuple[object, ...]]


class SimulatedBroker:
    """A `Broker`; `down` makes every call fail.

    Args:
        sent: called after a message is in its queue and before its sender knows.
        repeats: says whether a message that was taken is in its queue again.
    """

    def __init__(self, sent: Callable[[], None], repeats: Callable[[], bool]) -> None:
        self._sent = sent
        self._repeats = repeats
        self.queues: dict[str, deque[Message]] = defaultdict(deque)
        self.down = False

    def send(self, task: str, queue: str, args: tuple[object, ...]) -> None:
        """Put a message into a queue."""
        self.ping()
        self.queues[queue].append((task, args))
        self._sent()

    def length(self, queue: str) -> int:
        """Return how many messages nobody has taken yet."""
        self.ping()
        return len(self.queues[queue])

    def ping(self) -> None:
        """Make sure that it answers."""
        if self.down:
            raise BrokerUnavailable("Redis does not answer")

    def take(self, queue: str) -> Message | None:
        """Take the oldest message, as a worker does that has acknowledged it at once."""
        waiting = self.queues[queue]
        if not waiting or self.down:
            return None
        taken = waiting.popleft()
        if self._repeats():
            waiting.append(taken)
        return taken

    def forget(self) -> None:
        """Lose the newest message of every queue."""
        for waiting in self.queues.values():
            if waiting:
                waiting.pop()

    def flush(self) -> None:
        """Lose everything."""
        self.queues.clear()
