import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from rigtasks.testing.services import TemporaryValkey


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_beat_ends_at_once_in_the_middle_of_a_message(
    tmp_path: Path, number: signal.Signals
) -> None:
    # given a Beat that rings, and a broker that then answers nobody
    log = tmp_path / "beat.log"
    with TemporaryValkey() as valkey, log.open("wb") as output:
        beat = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "rigtasks", "beat", "--loglevel", "INFO"],
            cwd=tmp_path,
            env=os.environ
            | {
                "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
                "REDIS_URL": valkey.url,
                "RIG_DATA_DIR": str(tmp_path),
                "RIG_TIME_SCALE": "0.05",
            },
            stdout=output,
            stderr=output,
        )
        try:
            _rings_anew(log)
            with redis.Redis.from_url(valkey.url) as client:
                client.client_pause(60_000)
            _hangs(log)

            # when it is asked to end
            asked = time.monotonic()
            beat.send_signal(number)

            # then it ends, though the message is on its way
            assert beat.wait(10) == 0, log.read_text()
            assert time.monotonic() - asked < 10
        finally:
            beat.kill()
            beat.wait(10)


def _hangs(log: Path, seconds: float = 60.0) -> None:
    """Wait until nothing was sent for several periods."""
    deadline = time.monotonic() + seconds
    while True:
        before = log.read_bytes().count(b"Sending due task")
        time.sleep(2.0)
        if log.read_bytes().count(b"Sending due task") == before:
            return
        assert time.monotonic() < deadline, log.read_text()


def _rings_anew(log: Path, seconds: float = 60.0) -> None:
    """Wait until a message is sent that was not sent yet."""
    before, deadline = log.read_bytes().count(b"Sending due task"), time.monotonic() + seconds
    while log.read_bytes().count(b"Sending due task") == before:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
