"""The Celery application that `celery -A rigtasks` finds.

Redis carries hints and may be wiped at any moment: nothing here acknowledges, prefetches, waits
with an ETA or keeps a result. What each worker type needs is set from `-Q` by `workers/`,
and the schedule by `beat/`; both are loaded by name, because they stand above this module.
"""

from typing import Any

from celery import Celery
from celery.apps.worker import Worker
from kombu.entity import Exchange
from kombu.entity import Queue as Mailbox

from rigtasks.config import load_settings
from rigtasks.routing.stack import Queue
from rigtasks.tasks.dropped import survive_poison

#: What every Celery process of the rig loads. A worker loads its tasks when its type is known:
#: what cannot write to GitHub does not even hold the code for it.
IMPORTS = ("beat.ending", "beat.schedule", "workers.startup")


class QuietWorker(Worker):  # type: ignore[misc]  # celery ships no types
    """A worker that neither gossips nor mingles: Postgres knows who works on what."""

    def prepare_args(self, **kwargs: Any) -> dict[str, Any]:
        """Switch off the steps that cost a second at start and tell nobody anything."""
        return {**kwargs, "without_gossip": True, "without_mingle": True}


class RigCelery(Celery):  # type: ignore[misc]  # celery ships no types
    """The application with the rig's own worker class."""

    @property
    def Worker(self) -> type[QuietWorker]:  # noqa: N802  # Celery's name
        """Return the worker class bound to this application."""
        bound: type[QuietWorker] = self.subclass_with_self(QuietWorker)
        return bound


def _mailbox(name: str) -> Mailbox:
    """Describe a queue whose messages are gone once they are read.

    Kombu would note each as unacknowledged, in a transaction that the task waits for, and put it
    back when a connection breaks: a second copy of something that Postgres repeats anyway.
    """
    exchange = Exchange(name)  # type: ignore[no-untyped-call]
    return Mailbox(name, exchange, routing_key=name, no_ack=True)  # type: ignore[no-untyped-call]


def make_app() -> RigCelery:
    """Return the application with the rig's settings."""
    settings = load_settings()
    survive_poison()
    application = RigCelery("rigtasks", broker=settings.redis_url.get_secret_value() or None)
    application.conf.update(
        imports=IMPORTS,
        accept_content=["json"],
        task_serializer="json",
        task_acks_late=False,
        task_ignore_result=True,
        result_backend=None,
        task_queues=[_mailbox(queue.value) for queue in Queue],
        task_default_queue="conductor",
        task_track_started=False,
        task_send_sent_event=True,
        worker_send_task_events=True,
        worker_pool="workers.pool:PromptPool",
        worker_consumer="workers.consumer:PromptConsumer",
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_proc_alive_timeout=30.0,
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "socket_connect_timeout": 5,
            "socket_timeout": 30,
            "socket_keepalive": True,
            "health_check_interval": 15,
        },
        task_publish_retry=True,
        task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5},
        beat_max_loop_interval=5,
        # Postgres knows which period of a job was begun. Celery's own file, closed by a signal in
        # the middle of a turn, would only end Beat with an error.
        beat_scheduler="beat.ending:EndingScheduler",
        timezone="UTC",
        enable_utc=True,
    )
    return application


app = make_app()
