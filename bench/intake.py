"""Webhooks accepted per second, each durable, against a handler that only checks signatures.

Both run under the same server with the same settings, in turns, on the same machine; the load
comes from a process of its own.
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from bench.result import Result, result
from rigtasks.local.ports import LOOPBACK, any_free_port

CLIENTS = 16
ROUNDS = 5
SECONDS_PER_ROUND = 2.0
WARM_UP_SECONDS = 1.0
START_SECONDS = 20.0
SECRET = "bench-secret"  # noqa: S105 - of a server that lives for seconds
ROOT = Path(__file__).parent.parent

#: How the receiver is served; the handler it is compared with gets the same.
SERVER_OPTIONS = ("--interface", "wsgi", "--workers", "1", "--no-ws", "--log-level", "error")


class Load(TypedDict):
    """What the load process measured in one round."""

    accepted: int
    refused: int
    seconds: float
    latencies_ms: list[float]


def run(database_url: str, *, short: bool = False) -> list[Result]:
    """Measure intake on a migrated database whose commits are flushed to disk."""
    rounds, seconds = (1, 0.5) if short else (ROUNDS, SECONDS_PER_ROUND)
    with (
        _serve("webhook_receiver.wsgi:app", database_url) as receiver,
        _serve("bench.intake_baseline:app", database_url) as baseline,
    ):
        for port in (receiver, baseline):
            _load(port, min(seconds, WARM_UP_SECONDS))
        loads = [(_load(receiver, seconds), _load(baseline, seconds)) for _ in range(rounds)]
    stored, verified = zip(*loads, strict=True)
    return [
        result(
            "webhooks accepted, 20 kB, durable, 16 clients (limit: Flask, verify only)",
            "per s", _rate(stored), _rate(verified),
        ),
        result("webhook answer p50", "ms", _latency(stored, 0.5), _latency(verified, 0.5)),
        result("webhook answer p99", "ms", _latency(stored, 0.99), _latency(verified, 0.99)),
    ]  # fmt: skip


def _rate(loads: tuple[Load, ...]) -> float:
    return statistics.median(each["accepted"] / each["seconds"] for each in loads)


def _latency(loads: tuple[Load, ...], share: float) -> float:
    """Return the latency that this share of all requests stayed below, whatever their round."""
    latencies = sorted(one for each in loads for one in each["latencies_ms"])
    return latencies[int(len(latencies) * share)]


@contextlib.contextmanager
def _serve(application: str, database_url: str) -> Iterator[int]:
    port = any_free_port()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "RIG_WEBHOOK_SECRET": SECRET,
        "PYTHONPATH": str(ROOT),
    }
    options = (*SERVER_OPTIONS, "--host", LOOPBACK, "--port", str(port))
    server = subprocess.Popen(  # noqa: S603 - our own server
        (sys.executable, "-m", "granian", *options, application), env=environment
    )
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server on port {port} did not start")


def _load(port: int, seconds: float) -> Load:
    command = (sys.executable, "-m", "bench.intake_load", str(port), str(seconds), str(CLIENTS))
    done = subprocess.run(  # noqa: S603 - our own load process
        (*command, SECRET), cwd=ROOT, check=True, capture_output=True, text=True
    )
    load: Load = json.loads(done.stdout)
    if load["refused"]:
        raise RuntimeError(f"{load['refused']} deliveries were refused under load")
    return load
