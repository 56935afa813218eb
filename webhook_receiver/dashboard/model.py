"""Everything the page shows, loaded with a fixed number of short questions."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from rigtasks.lifecycle.state import Lane
from webhook_receiver.reading.condition import Health, active_switches, dead_tasks
from webhook_receiver.reading.issues import (
    counts_by_state,
    issues_by_progress,
    issues_held,
    issues_needing_somebody,
)
from webhook_receiver.reading.paging import database_time
from webhook_receiver.reading.records import NamedEvent, list_deliveries, newest_events
from webhook_receiver.reading.runs import list_agents, list_runs
from webhook_receiver.reading.views import (
    AgentView,
    DeadTaskView,
    DeliveryView,
    IssueView,
    RunView,
    SwitchView,
)

MOST_NEEDING = 20
MOST_HELD = 10
MOST_DEAD = 5
MOST_QUARANTINED = 5
MOST_ISSUES = 40
MOST_RUNS = 15
MOST_AGENTS = 50
MOST_EVENTS = 25
MOST_DELIVERIES = 15

_WORKING = (Lane.ASSIGNED, Lane.IN_PROGRESS)
_REVIEWING = (Lane.IN_REVIEW, Lane.CHANGES_REQUESTED, Lane.READY_TO_MERGE)


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the page at one moment, `as_of` by the database's clock."""

    as_of: datetime
    health: Health
    switches: tuple[SwitchView, ...]
    counts: dict[str, int]
    needing: tuple[IssueView, ...]
    held: tuple[IssueView, ...]
    dead: tuple[DeadTaskView, ...]
    quarantined: tuple[DeliveryView, ...]
    issues: tuple[IssueView, ...]
    runs: tuple[RunView, ...]
    agents: tuple[AgentView, ...]
    events: tuple[NamedEvent, ...]
    deliveries: tuple[DeliveryView, ...]

    @property
    def needs_you(self) -> int:
        """Count what waits for a person."""
        return len(self.needing) + len(self.dead) + len(self.quarantined)

    @property
    def queued(self) -> int:
        """Count the issues that wait for a worker."""
        return self._count(Lane.QUEUED)

    @property
    def working(self) -> int:
        """Count the issues a worker holds."""
        return self._count(*_WORKING)

    @property
    def reviewing(self) -> int:
        """Count the issues between pull request and merge."""
        return self._count(*_REVIEWING)

    @property
    def done(self) -> int:
        """Count the issues that reached their base branch."""
        return self._count(Lane.DONE)

    @property
    def total(self) -> int:
        """Count every issue ever seen."""
        return sum(self.counts.values())

    def _count(self, *lanes: Lane) -> int:
        return sum(self.counts.get(str(lane), 0) for lane in lanes)


def load_overview(connection: Connection, health: Health) -> Overview:
    """Read the page's content."""
    return Overview(
        as_of=database_time(connection),
        health=health,
        switches=active_switches(connection),
        counts=counts_by_state(connection),
        needing=issues_needing_somebody(connection, most=MOST_NEEDING),
        held=issues_held(connection, most=MOST_HELD),
        dead=dead_tasks(connection, most=MOST_DEAD),
        quarantined=list_deliveries(connection, limit=MOST_QUARANTINED, status="quarantined").items,
        issues=issues_by_progress(connection, most=MOST_ISSUES),
        runs=list_runs(connection, limit=MOST_RUNS, live_first=True).items,
        agents=list_agents(connection, limit=MOST_AGENTS).items,
        events=newest_events(connection, most=MOST_EVENTS),
        deliveries=list_deliveries(connection, limit=MOST_DELIVERIES).items,
    )
