"""A relay and the sweeps it looks after, on a real store."""

from celery import Celery
from task_lives import HOURLY, shell_on

from rigtasks.eventstore.database import Stores
from rigtasks.tasks.broker import CeleryBroker
from rigtasks.tasks.relay import Relay
from rigtasks.tasks.sweeps import Sweeps

#: What another one has just looked after.
_NOT_ITS_OWN = ("reconcile_due", "base_branches_due", "canary_due")


def sweeps_of(
    stores: Stores, *, answer_seconds: float = 60.0, orphan_seconds: float = 86_400.0
) -> Sweeps:
    return Sweeps(
        stores=stores,
        shell=shell_on(stores),
        answer_seconds=answer_seconds,
        orphan_seconds=orphan_seconds,
        periods=HOURLY,
    )


def relay_on(stores: Stores, broker: str, *, sweeping: bool = True) -> Relay:
    """Return a relay that waits for nothing; the rarer sweeps, or all, are another's."""
    celery = Celery("tests", broker=broker)
    celery.conf.update(
        broker_transport_options={
            "socket_connect_timeout": 1,
            "max_retries": 1,
            "interval_start": 0,
        },
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.01},
        broker_connection_retry=False,
    )
    for job, period in HOURLY.items():
        if job in _NOT_ITS_OWN or not sweeping:
            stores.ticks.begin(job, period_seconds=period)
    return Relay(
        stores,
        CeleryBroker(celery),
        republish_seconds=0.0,
        ping_seconds=3600.0,
        queues=(),
        sweeps=sweeps_of(stores),
    )
