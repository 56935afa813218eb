"""What the whole stack takes while it has nothing to do: memory and processes."""

import time

from bench.result import Report, result
from rigtasks.local.memory import MEGABYTE, measure, memory_table, stack_processes
from rigtasks.local.stack import LocalStack

SETTLE_SECONDS = 10.0


def look_at(stack: LocalStack, *, short: bool) -> Report:
    """Let a stack settle that was just started, and look at every process of it."""
    time.sleep(1.0 if short else SETTLE_SECONDS)
    rows = measure(stack_processes(stack.data_dir))
    unexplained = [row.name for row in rows if row.reason.startswith("no reason")]
    return Report(
        results=[
            result("idle stack, memory (PSS)", "MB", sum(row.bytes for row in rows) / MEGABYTE),
            result("idle stack, processes", "", len(rows)),
            result("idle stack, processes above 80 MB", "", sum(bool(row.reason) for row in rows)),
        ],
        notes=[
            memory_table(rows),
            *(f"above 80 MB without a known reason: {name}" for name in unexplained),
        ],
    )
