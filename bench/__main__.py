"""Measure the rig on this machine: `python -m bench`; `--help` lists the options.

Prints one table and writes it to `bench/results.json`. Exits with 1 when a bench could not run,
and with 1 for a missed goal where `--strict` asks for that.
"""

import argparse
import json
import os
import platform
import sys
import time
import traceback
from pathlib import Path

from bench.goals import missed
from bench.place import ROOT, bench_place
from bench.registry import BENCHES
from bench.result import Result
from bench.table import table

RESULTS = ROOT / "bench" / "results.json"


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen benches and return the exit code."""
    chosen = _options().parse_args(arguments)
    names = chosen.only or [bench.name for bench in BENCHES]
    results: list[Result] = []
    failed: list[str] = []
    _say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {platform.platform()}", err=True)
    with bench_place(short=chosen.short) as place:
        for bench in BENCHES:
            if bench.name not in names:
                continue
            began = time.monotonic()
            try:
                report = bench.run(place)
            except Exception:  # noqa: BLE001 - named below; the other figures are still wanted
                traceback.print_exc()
                failed.append(bench.name)
                continue
            results += report.results
            _say(f"{bench.name}: {time.monotonic() - began:.0f} s", err=True)
            for note in report.notes:
                _say(f"{note}\n", err=True)
    chosen.output.write_text(json.dumps(results, indent=2) + "\n")
    _say(table(results))
    short_of = missed(results)
    for name in short_of:
        _say(f"goal missed: {name}")
    for name in failed:
        _say(f"could not run: {name}")
    return int(bool(failed or (chosen.strict and short_of)))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[bench.name for bench in BENCHES],
        help="run this bench; may be repeated",
    )
    parser.add_argument("--short", action="store_true", help="a few seconds each, rough figures")
    parser.add_argument("--strict", action="store_true", help="fail when a goal is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes")
    return parser


def _say(text: str, *, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
