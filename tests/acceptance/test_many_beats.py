"""Any number of Beats ring; each job runs once in each of its periods."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from running_rig import RunningRig, wait_until

SWEEP_SECONDS = 1.0
_SWEEPS = ("expired_leases", "stale_deliveries", "wake_ups")
_PERIODS = """
SELECT count(*), count(DISTINCT period_start),
       round(extract(epoch FROM max(period_start) - min(period_start)) / %s) + 1
  FROM ticks WHERE job = %s AND period_start > %s
"""


@pytest.fixture
def beats(rig: RunningRig) -> Iterator[list[subprocess.Popen[bytes]]]:  # noqa: ARG001  # ends first
    """More Beats beside the stack's own; a test adds as many as it wants."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for beat in started:
        beat.terminate()
    assert [beat.wait(30) for beat in started] == [0] * len(started)


def add_beats(rig: RunningRig, beats: list[subprocess.Popen[bytes]], *, total: int) -> None:
    """Start Beats until so many ring, and wait until each has rung."""
    while len(beats) + 1 < total:
        name = f"beat-{len(beats) + 2}"
        beat = ("celery", "-A", "rigtasks", "beat", "--loglevel", "INFO")
        beats.append(rig.start(name, *beat))
    for number in range(2, total + 1):
        log = rig.data_dir / "logs" / f"beat-{number}.log"
        wait_until(partial(_rings, log), f"a ring of beat {number}", seconds=90)


def _rings(log: Path) -> bool:
    return b"Sending due task" in log.read_bytes()


@pytest.mark.timeout(300)
def test_two_then_five_beats_run_each_job_once_a_period(
    rig: RunningRig, beats: list[subprocess.Popen[bytes]]
) -> None:
    for total in (2, 5):
        add_beats(rig, beats, total=total)
        ((began,),) = rig.rows("SELECT clock_timestamp()")

        def begun(job: str, began: object = began) -> tuple[int, int, int]:
            rows, periods, length = rig.rows(_PERIODS, SWEEP_SECONDS, job, began)[0]
            return rows, periods, int(length or 0)

        wait_until(lambda: min(begun(job)[1] for job in _SWEEPS) >= 4, f"four sweeps of {total}")
        for job in _SWEEPS:
            rows, periods, length = begun(job)
            assert rows == periods, f"{job} began a period twice with {total} Beats"
            assert periods <= length
    succeeded = dict(rig.rows("SELECT name, detail FROM watchers"))
    assert {*_SWEEPS, "reconcile_due", "reconcile"} <= set(succeeded)
