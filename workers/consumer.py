"""Celery's consumer: hands a task over before it tells of it, and counts what it cannot read."""

from typing import Any

from celery.worker.consumer import Consumer

from rigtasks.tasks.dropped import note_dropped

#: Long enough for a task to have reached its process, in seconds.
_EVENTS_WAIT = 0.02


class PromptConsumer(Consumer):  # type: ignore[misc]  # celery ships no types
    """Publishes the events for Flower a moment later.

    Celery publishes that a task was received in the same turn of its loop in which it would give
    the task to a process, and the process waits for that.
    """

    hub: Any

    def on_send_event_buffered(self) -> None:
        """Let the events be published soon."""
        if self.hub:
            self.hub.call_later(_EVENTS_WAIT, self._flush_events)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Drop a message whose body cannot be decoded."""
        super().on_decode_error(message, exc)
        note_dropped(_queue_of(message), exc)

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """Drop a message that names no task."""
        super().on_unknown_message(body, message)
        note_dropped(_queue_of(message), "it names no task")

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Drop a message for a task that does not exist."""
        super().on_unknown_task(body, message, exc)
        note_dropped(_queue_of(message), f"no task is called {exc}")

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Drop a message whose arguments are none."""
        super().on_invalid_task(body, message, exc)
        note_dropped(_queue_of(message), exc)


def _queue_of(message: Any) -> str:
    return str((message.delivery_info or {}).get("routing_key") or "unnamed")
