import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import redis
from celery import Celery

from rigtasks.testing.services import TemporaryValkey

TASKS = 6
LOOKS_AGAIN_AFTER = 5.0


def test_a_worker_with_one_process_per_task_goes_on_at_once_after_each(tmp_path: Path) -> None:
    # given a worker that replaces its process after every task, and tasks that wait
    with TemporaryValkey() as valkey, (tmp_path / "worker.log").open("wb") as log:
        with Celery("sender", broker=valkey.url) as sender:
            for _ in range(TASKS):
                sender.send_task("short_lived.note_process", ignore_result=True)
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "short_lived", "worker", "--without-mingle"],
            cwd=Path(__file__).parent,
            env=os.environ | {"REDIS_URL": valkey.url},
            stdout=log,
            stderr=log,
        )
        try:
            # when it works through them
            with redis.Redis.from_url(
                valkey.url, decode_responses=True, socket_timeout=90
            ) as broker:
                found = [broker.blpop(["started"], timeout=60) for _ in range(TASKS)]
        finally:
            worker.terminate()
            worker.wait(30)

    # then each has a process of its own, and none waits until the pool looks again by its timer
    started = [answer[1].split() for answer in found if answer is not None]
    assert len({pid for pid, _ in started}) == TASKS
    moments = [float(moment) for _, moment in started]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert max(gaps) < LOOKS_AGAIN_AFTER * 0.8
