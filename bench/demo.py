"""How long the whole demo takes, from the command to its exit, with every merge checked in git."""

import json
import subprocess
import sys
import time

from bench.place import ROOT, Place
from bench.result import Report, result

PATIENCE_SECONDS = 180.0


def run(_place: Place) -> Report:
    """Run `rig demo --json` once, on a stack of its own."""
    began = time.perf_counter()
    done = subprocess.run(
        (sys.executable, "-m", "rigtasks.cli", "demo", "--json"),
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        raise RuntimeError(f"the demo ended with {done.returncode}:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if not told["ok"]:
        raise RuntimeError("the demo says that not all its issues were merged")
    longest = max(issue["seconds"] for issue in told["issues"])
    return Report(
        results=[
            result("demo, command to exit", "s", seconds),
            result("issue of the demo, label to merge, the longer one", "s", longest),
        ]
    )
