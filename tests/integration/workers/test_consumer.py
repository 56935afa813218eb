import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from celery import Celery

from rigtasks.testing.services import TemporaryValkey

TOLD = ["task-received", "task-started", "task-succeeded"]


def test_events_that_are_published_a_moment_later_all_arrive_in_order(tmp_path: Path) -> None:
    # given somebody who listens to events, and a worker that publishes them after the hand-over
    told: list[str] = []
    with TemporaryValkey() as valkey, (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "short_lived", "worker", "--without-mingle"],
            cwd=Path(__file__).parent,
            env=os.environ | {"REDIS_URL": valkey.url},
            stdout=log,
            stderr=log,
        )
        try:
            with Celery("listener", broker=valkey.url) as listener, listener.connection() as link:

                def take(event: dict[str, Any]) -> None:
                    if event["type"] == "worker-online":
                        listener.send_task("short_lived.note_process", ignore_result=True)
                    if event["type"].startswith("task-"):
                        told.append(event["type"])
                    receiver.should_stop = len(told) == len(TOLD)

                # when it works on one task
                receiver = listener.events.Receiver(link, handlers={"*": take})
                receiver.capture(limit=None, timeout=30, wakeup=False)
        finally:
            worker.terminate()
            worker.wait(30)

    # then Flower would have heard of it once, from beginning to end
    assert told == TOLD
