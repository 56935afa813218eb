"""Everything the store offers, over one database."""

from dataclasses import dataclass

from rigtasks.eventstore.activity import Activities
from rigtasks.eventstore.artifacts import Artifacts
from rigtasks.eventstore.canaries import Canaries
from rigtasks.eventstore.channel import NOTIFY
from rigtasks.eventstore.claims import Claims
from rigtasks.eventstore.connection import Rows
from rigtasks.eventstore.deliveries import Deliveries
from rigtasks.eventstore.liveness import Heartbeats, Reports, Ticks, WakeUps
from rigtasks.eventstore.lost_deliveries import LostDeliveries
from rigtasks.eventstore.outbox import Outbox
from rigtasks.eventstore.queries import Issues
from rigtasks.eventstore.rate_limits import RateLimits
from rigtasks.eventstore.repositories import Repositories
from rigtasks.eventstore.run_tokens import RunTokens
from rigtasks.eventstore.store import EventStore, PostgresEventStore
from rigtasks.eventstore.switches import Switches


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The event store and the tables beside it."""

    database: Rows
    events: EventStore
    claims: Claims
    outbox: Outbox
    deliveries: Deliveries
    issues: Issues
    repositories: Repositories
    artifacts: Artifacts
    switches: Switches
    heartbeats: Heartbeats
    wake_ups: WakeUps
    ticks: Ticks
    reports: Reports
    run_tokens: RunTokens
    rate_limits: RateLimits
    lost_deliveries: LostDeliveries
    activities: Activities
    canaries: Canaries

    def tell_relays(self) -> None:
        """Tell the relays that the outbox has new entries."""
        self.database.rows(NOTIFY)


def stores_on(database: Rows) -> Stores:
    """Return the stores over a pool or over one connection."""
    return Stores(
        database=database,
        events=PostgresEventStore(database),
        claims=Claims(database),
        outbox=Outbox(database),
        deliveries=Deliveries(database),
        issues=Issues(database),
        repositories=Repositories(database),
        artifacts=Artifacts(database),
        switches=Switches(database),
        heartbeats=Heartbeats(database),
        wake_ups=WakeUps(database),
        ticks=Ticks(database),
        reports=Reports(database),
        run_tokens=RunTokens(database),
        rate_limits=RateLimits(database),
        lost_deliveries=LostDeliveries(database),
        activities=Activities(database),
        canaries=Canaries(database),
    )
