"""A worker whose processes serve one task each, as those of the agents."""

import os
import time

import redis
from celery import Celery

STARTED = "started"

app = Celery("short_lived", broker=os.environ.get("REDIS_URL"))
app.conf.update(
    worker_pool="workers.pool:PromptPool",
    worker_consumer="workers.consumer:PromptConsumer",
    worker_send_task_events=True,
    worker_max_tasks_per_child=1,
    worker_concurrency=1,
    worker_disable_prefetch=True,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
)


@app.task
def note_process() -> None:
    redis.Redis.from_url(os.environ["REDIS_URL"]).rpush(STARTED, f"{os.getpid()} {time.time()}")
