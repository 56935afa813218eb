"""What the path from webhook to claim is measured against: a task that only says it has begun."""

import os
import time

import redis
from celery import Celery

QUEUE = "bench-bare"
STARTED = "bench-bare-started"
_URL = os.environ.get("REDIS_URL", "redis://")

app = Celery("bare", broker=_URL)
app.conf.update(
    task_ignore_result=True, task_default_queue=QUEUE, broker_connection_retry_on_startup=True
)
_redis = redis.Redis.from_url(_URL)


@app.task  # type: ignore[untyped-decorator]  # celery ships no types
def begin() -> None:
    """Note the machine-wide clock at once, then hand it over."""
    now = time.perf_counter()
    _redis.rpush(STARTED, repr(now))
