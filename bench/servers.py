"""How long the embedded Postgres and Valkey take to start on data they already have."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from bench.place import Place
from bench.result import Report, result
from rigtasks.local.postgres import PostgresServer
from rigtasks.local.valkey import ValkeyServer

STARTS = 5


def run(place: Place) -> Report:
    """Start both side by side, as the stack does, after a first start that made their data."""
    with place.folder() as folder:
        cold = _start_and_stop(folder)
        warm = [_start_and_stop(folder) for _ in range(1 if place.short else STARTS)]
        PostgresServer(data_dir=folder).remove()
    return Report(
        results=[
            result("servers, warm start: Postgres and Valkey", "s", median(warm)),
            result("servers, first start on an empty folder", "s", cold),
        ]
    )


def _start_and_stop(folder: Path) -> float:
    postgres, valkey = PostgresServer(data_dir=folder), ValkeyServer(data_dir=folder)
    began = time.perf_counter()
    try:
        with ThreadPoolExecutor(max_workers=2) as pool:
            for started in (pool.submit(postgres.start), pool.submit(valkey.start)):
                started.result()
        return time.perf_counter() - began
    finally:
        valkey.stop()
        postgres.stop()
