"""What the whole stack takes while it has nothing to do: memory, processes, time to start."""

import time

from bench.place import Place
from bench.result import Report, result
from bench.stack import warm_stack
from rigtasks.local.memory import MEGABYTE, measure, memory_table, stack_processes

SETTLE_SECONDS = 10.0


def run(place: Place) -> Report:
    """Start the stack, let it settle, and look at every process of it."""
    place.close()  # its servers are children of this process, and would be counted with the stack
    began = time.perf_counter()
    with warm_stack(place) as stack:
        started = time.perf_counter() - began
        time.sleep(1.0 if place.short else SETTLE_SECONDS)
        rows = measure(stack_processes(stack.data_dir))
    unexplained = [row.name for row in rows if row.reason.startswith("no reason")]
    return Report(
        results=[
            result("idle stack, memory (PSS)", "MB", sum(row.bytes for row in rows) / MEGABYTE),
            result("idle stack, processes", "", len(rows)),
            result("idle stack, processes above 80 MB", "", sum(bool(row.reason) for row in rows)),
            result("idle stack, first start to ready", "s", started),
        ],
        notes=[
            memory_table(rows),
            *(f"above 80 MB without a known reason: {name}" for name in unexplained),
        ],
    )
