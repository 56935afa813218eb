"""End Beat on SIGTERM at once, also in the middle of a message.

Celery's own handler closes the connection that a message may be on its way through, and raises the
exit from there. The driver's cleanup fails on what was closed, its error takes the exit's place,
and Beat goes on as if nobody had asked. Here the handler raises only, and an exit that is lost on
its way is asked for again at the next tick.
"""

import signal
from types import FrameType
from typing import Any, NoReturn

from celery.beat import Scheduler
from celery.signals import beat_init

_asked: list[int] = []


class EndingScheduler(Scheduler):  # type: ignore[misc]  # celery ships no types
    """Celery's scheduler in memory, which ends when it was asked to."""

    def tick(self, *arguments: Any, **options: Any) -> Any:
        """Ring what is due, unless a signal asked for the end."""
        if _asked:
            raise SystemExit
        return super().tick(*arguments, **options)


@beat_init.connect  # type: ignore[untyped-decorator]  # celery ships no types
def end_at_once(**_: Any) -> None:
    """Take the signals from Celery's handler."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    _asked.append(number)
    raise SystemExit
