"""Celery's consumer, handing a task to its process before it tells anybody of it."""

from typing import Any

from celery.worker.consumer import Consumer

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
