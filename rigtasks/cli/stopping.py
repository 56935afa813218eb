"""The signals that ask a foreground command to stop, turned into one call."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopped_by_signals(ask: Callable[[], None]) -> Iterator[None]:
    """Call `ask` for each stop signal meanwhile, so that nothing is cut in half."""

    def heard(_number: int, _frame: FrameType | None) -> None:
        ask()

    before = {number: signal.signal(number, heard) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
