"""The broker as the relay uses it: messages go into queues, and queues have a length."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from rigtasks.errors import Retryable


class BrokerUnavailable(Retryable):
    """The broker does not answer; what was sent may have arrived."""


class Broker(Protocol):
    """Carries hints. Every method raises `BrokerUnavailable` while it does not answer."""

    def send(self, task: str, queue: str, args: tuple[object, ...]) -> None:
        """Put a message into a queue."""
        ...

    def length(self, queue: str) -> int:
        """Return how many messages nobody has taken yet."""
        ...

    def ping(self) -> None:
        """Make sure that it answers."""
        ...


class CeleryBroker:
    """Redis or Valkey through Celery.

    Args:
        celery: the application that knows the broker.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery

    def send(self, task: str, queue: str, args: tuple[object, ...]) -> None:
        """Put a message into a queue."""
        with _answering():
            # Celery's own way of showing the arguments takes as long as publishing the message.
            self._celery.send_task(
                task,
                args=args,
                queue=queue,
                ignore_result=True,
                argsrepr=repr(args),
                kwargsrepr="{}",
            )

    def length(self, queue: str) -> int:
        """Return how many messages nobody has taken yet."""
        with self._client() as client:
            length: int = client.llen(queue)
            return length

    def ping(self) -> None:
        """Make sure that it answers."""
        with self._client() as client:
            client.ping()

    @contextmanager
    def _client(self) -> Iterator[Any]:
        with _answering(), self._celery.connection_for_write() as connection:
            yield connection.default_channel.client


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (OperationalError, RedisError, OSError) as error:
        raise BrokerUnavailable(str(error)) from error
