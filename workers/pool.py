"""Celery's process pool, replacing a task process at once when it has ended."""

import time
from typing import Any

from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool

_REAPED_WITHIN = 1.0
_PAUSE = 0.001


class PromptAsynPool(AsynPool):  # type: ignore[misc]  # celery ships no types
    """Notices the end of a process that its pipe announces.

    The pipe closes a moment before the kernel lets the process be waited for. Celery looks only in
    that moment, sees a living process, and then not again before its timer of 5 s: a worker whose
    process serves one run would hear no bell in all that time.
    """

    def _event_process_exit(self, hub: Any, proc: Any) -> None:
        deadline = time.monotonic() + _REAPED_WITHIN
        while proc.exitcode is None and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        super()._event_process_exit(hub, proc)


class PromptPool(TaskPool):  # type: ignore[misc]  # celery ships no types
    """The prefork pool of the rig's workers."""

    Pool = PromptAsynPool
