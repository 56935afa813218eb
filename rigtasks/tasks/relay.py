"""The relay: turn outbox rows into Celery messages, keep a bell in a queue that has work, sweep.

A process of its own, any number of them. Postgres tells it that rows were added (LISTEN); a short
poll behind that makes sure that nothing depends on being told.
"""

import select
import signal
import time
from collections.abc import Callable
from types import FrameType

import psycopg2
import psycopg2.extensions
import structlog
from celery import Celery

from rigtasks.config import Settings
from rigtasks.errors import RigError
from rigtasks.eventstore.channel import LISTEN
from rigtasks.eventstore.connection import Connection, DatabaseUnavailable, connect
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.outbox import TakenEntry
from rigtasks.schedule import HINTS
from rigtasks.shell import WORK_TASK
from rigtasks.tasks.broker import Broker, BrokerUnavailable, CeleryBroker
from rigtasks.tasks.sweeps import Sweeps, sweeps_on

_log = structlog.get_logger("rig.relay")

_POLL_SECONDS = 0.25
_BATCH = 100
_RETRY_SECONDS = 1.0
_HEALTH_SECONDS = 5.0


class Relay:
    """Publishes what is due.

    Args:
        stores: where the outbox is.
        broker: where messages go.
        republish_seconds: when an entry that is not done comes round again, and how often queues
            with claimable work are topped up; scaled.
        ping_seconds: how often an empty queue gets a bell all the same, so that its workers show
            that they hear; scaled.
        queues: the agent queues.
        sweeps: what is to be looked after, so that busy conductors keep nothing waiting.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        stores: Stores,
        broker: Broker,
        *,
        republish_seconds: float,
        ping_seconds: float,
        queues: tuple[str, ...],
        sweeps: Sweeps,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stores = stores
        self._broker = broker
        self._monotonic = monotonic
        self.republish_seconds = republish_seconds
        self._ping_seconds = ping_seconds
        self._queues = queues
        self._sweeps = sweeps
        self._next_sweep = 0.0
        self._next_top_up = 0.0
        self._next_ping = monotonic() + ping_seconds
        self._next_health = 0.0

    def turn(self) -> int:
        """Publish what is due now; return how much that was."""
        entries = self._stores.outbox.take(most=_BATCH, repeat_seconds=self.republish_seconds)
        if entries:
            self._publish(entries)
        now = self._monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + self._sweeps.period_seconds
            self._sweep()
        if now >= self._next_top_up:
            self._next_top_up = now + self.republish_seconds
            self._top_up()
        if now >= self._next_ping:
            self._next_ping = now + self._ping_seconds
            self._ping()
        if now >= self._next_health:
            self._next_health = now + _HEALTH_SECONDS
            self._report_health()
        return len(entries)

    def _sweep(self) -> None:
        try:
            outcome = self._sweeps.run()
        except DatabaseUnavailable:
            raise
        except RigError as error:
            self._stores.reports.service("sweeps", ok=False, detail=str(error))
        else:
            self._stores.reports.service("sweeps", ok=True, detail=outcome)

    def _publish(self, entries: tuple[TakenEntry, ...]) -> None:
        published: list[int] = []
        missing: dict[str, int] = {}
        for entry in entries:
            own = () if entry.kind == "hint" else (entry.id,)
            try:
                if entry.again and not self._is_missing(entry.queue, missing):
                    continue
                self._broker.send(entry.task, entry.queue, (*own, *entry.args))
            except BrokerUnavailable as error:
                rest = [one.id for one in entries if one.id not in published]
                self._stores.outbox.not_published(
                    rest, error=f"Redis: {error}", retry_after=_RETRY_SECONDS
                )
                self._stores.reports.service("redis", ok=False, detail=str(error))
                _log.warning("redis does not answer", waiting=len(rest), error=str(error))
                break
            published.append(entry.id)
        self._stores.outbox.published(published)

    def _top_up(self) -> None:
        """Put as many bells into each queue as it has claimable issues and no message for."""
        for queue, claimable in self._stores.outbox.claimable_by_queue().items():
            try:
                missing = claimable - self._broker.length(queue)
                for _ in range(missing):
                    self._broker.send(WORK_TASK, queue, (queue, "topped up"))
            except BrokerUnavailable as error:
                self._stores.reports.service("redis", ok=False, detail=str(error))
                return
            if missing > 0:
                _log.info("topped up", queue=queue, bells=missing)
        self._stores.reports.watcher_succeeded(HINTS, "every queue has its bells")

    def _ping(self) -> None:
        """Ring once in every empty queue; a queue nobody serves holds one bell, not more."""
        try:
            for queue in self._queues:
                if self._broker.length(queue) == 0:
                    self._broker.send(WORK_TASK, queue, (queue, "ping"))
        except BrokerUnavailable as error:
            self._stores.reports.service("redis", ok=False, detail=str(error))

    def _is_missing(self, queue: str, missing: dict[str, int]) -> bool:
        """Say whether a queue holds fewer messages than entries that wait for an answer from it.

        Args:
            queue: the queue of an entry that was published before.
            missing: the messages that each queue lacks, less one for each that was asked for here.
        """
        if queue not in missing:
            missing[queue] = self._stores.outbox.awaited(queue) - self._broker.length(queue)
        missing[queue] -= 1
        return missing[queue] >= 0

    def _report_health(self) -> None:
        try:
            self._broker.ping()
        except BrokerUnavailable as error:
            self._stores.reports.service("redis", ok=False, detail=str(error))
            return
        self._stores.reports.service("redis", ok=True, detail="answers")
        self._stores.reports.service("relay", ok=True, detail="publishes")


class Ear:
    """Waits for the outbox's notification; deaf for a while when Postgres is away."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._connection: psycopg2.extensions.connection | None = None

    def wait(self, seconds: float) -> None:
        """Return after a notification, or after some seconds without one."""
        try:
            if self._connection is None:
                self._connection = connect(self._database_url, application_name="rig relay ear")
                with self._connection.cursor() as cursor:
                    cursor.execute(LISTEN)
                return
            ready, _, _ = select.select([self._connection], [], [], seconds)
            if ready:
                self._connection.poll()
                self._connection.notifies.clear()
        except (DatabaseUnavailable, psycopg2.Error, OSError) as error:
            _log.warning("not listening", error=str(error))
            self._connection = None
            time.sleep(seconds)


def run(settings: Settings, celery: Celery) -> None:
    """Publish until SIGTERM or SIGINT."""
    url = settings.database_url.get_secret_value()
    # What a relay writes is repeated when it gets lost, so its hints wait for no flush.
    stores = stores_on(Connection(url, application_name="rig relay", flushed=False))
    relay = Relay(
        stores,
        CeleryBroker(celery),
        republish_seconds=settings.scaled(settings.republish_seconds),
        ping_seconds=settings.scaled(settings.ping_seconds),
        queues=settings.queues,
        sweeps=sweeps_on(stores, settings),
    )
    ear = Ear(url)
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _log.info("relay ready", republish_seconds=relay.republish_seconds)
    while not stopping:
        try:
            busy = relay.turn() == _BATCH
        except DatabaseUnavailable as error:
            _log.warning("postgres does not answer", error=str(error))
            time.sleep(_RETRY_SECONDS)
            continue
        if not busy:
            ear.wait(_POLL_SECONDS)
