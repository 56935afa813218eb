"""The whole stack: its first start, what it takes while idle, and how soon its agents run."""

import time

from bench import idle, label_to_agent
from bench.place import Place
from bench.result import Report, result
from bench.stack import warm_stack

#: A run whose label is taken off ends within a heartbeat.
_SETTINGS = {"RIG_HEARTBEAT_SECONDS": "1"}


def run(place: Place) -> Report:
    """Start one stack on an empty folder and measure everything that needs a whole one."""
    place.close()  # its servers are children of this process, and would be counted with the stack
    began = time.perf_counter()
    with warm_stack(place, settings=_SETTINGS) as stack:
        started = time.perf_counter() - began
        resting = idle.look_at(stack, short=place.short)
        working = label_to_agent.measure_on(stack, short=place.short)
    ready = result("idle stack, first start to ready", "s", started)
    return Report(
        results=[*working.results, *resting.results, ready],
        notes=[*working.notes, *resting.notes],
    )
