"""Several client processes that begin at the same moment."""

import multiprocessing
import time
from collections.abc import Callable
from typing import Any

CLIENTS = 8
_READY_SECONDS = 30.0


def together(
    work: Callable[..., Any], *arguments: object, clients: int = CLIENTS
) -> tuple[list[Any], float]:
    """Run `work(client number, begin, *arguments)` in processes of their own.

    `work` prepares itself, calls `begin()` and measures from there on.

    Returns:
        What each client returned, and the seconds from the common start to the last answer.
    """
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(clients + 1)
    answers = spawn.SimpleQueue()
    processes = [
        spawn.Process(target=_run, args=(work, number, barrier, answers, arguments))
        for number in range(clients)
    ]
    for process in processes:
        process.start()
    barrier.wait(_READY_SECONDS)
    began = time.perf_counter()
    found = [answers.get() for _ in processes]
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    for answer in found:
        if isinstance(answer, Exception):
            raise answer
    return found, seconds


def _run(
    work: Callable[..., Any], number: int, barrier: Any, answers: Any, arguments: tuple[object, ...]
) -> None:
    try:
        answers.put(work(number, lambda: barrier.wait(_READY_SECONDS), *arguments))
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        answers.put(RuntimeError(f"client {number}: {error!r}"))
