"""Run a module as `python -m` does, with the garbage collector out of the way.

    python -m rigtasks.local.quick_start celery -A rigtasks beat

A process of the stack makes half a million objects while it loads its libraries, and keeps nearly
all of them. Looking through them again and again took a third of the time of its start and of its
end.
"""

import gc
import runpy
import sys

OBJECTS_BETWEEN_LOOKS = (50_000, 20, 100)
"""How many new objects bring a look at the youngest, and how many looks one at the older ones."""


def run(module: str) -> None:
    """Run a module as the main program; `sys.argv` holds its arguments from index 1 on."""
    gc.set_threshold(*OBJECTS_BETWEEN_LOOKS)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        gc.freeze()


if __name__ == "__main__":
    del sys.argv[0]
    run(sys.argv[0])
