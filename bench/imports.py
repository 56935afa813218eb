"""How long `import rigtasks` takes in a fresh interpreter, and what a worker loads on top."""

import os
import subprocess
import sys
import time

from bench.place import Place
from bench.result import Report, result

TRIES = 5
_MILLI = 1000
#: What the modules that make an application want to be told; nothing is connected to.
_SETTINGS = os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1/none"}


def run(place: Place) -> Report:
    """Measure from the start of the interpreter to its end; the best of a few tries."""
    tries = 2 if place.short else TRIES
    bare = _best("sys", tries)
    modules = ("rigtasks", "rigtasks.celery", "rigtasks.cli.main", "webhook_receiver.app")
    return Report(
        results=[
            result(f"import {name} (limit: an empty program)", "ms", _best(name, tries), bare)
            for name in modules
        ]
    )


def _best(module: str, tries: int) -> float:
    return min(_once(f"import {module}") for _ in range(tries))


def _once(program: str) -> float:
    began = time.perf_counter()
    subprocess.run((sys.executable, "-c", program), env=_SETTINGS, check=True)  # noqa: S603 - our own
    return (time.perf_counter() - began) * _MILLI
