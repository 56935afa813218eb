"""What a worker brings to every run, built once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rigtasks.agent.assignment import RunLimits
from rigtasks.agent.provider import Provider
from rigtasks.agent.sandbox import Bounds, Level, Toolchain
from rigtasks.agent.supervisor import Timers
from rigtasks.eventstore.claims import Limits
from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.state import Stage
from rigtasks.routing.internal import InternalRepositories
from rigtasks.routing.offers import Choice, Offers
from rigtasks.routing.tools import ToolList
from rigtasks.runs.credentials import CredentialRequests
from rigtasks.shell import IssueShell


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerKit:
    """A worker's collaborators and settings.

    Args:
        stores: the event store and the tables beside it.
        shell: gives the run's reports to its issue.
        credentials: where the run asks for its read-only token.
        provider: the agent's command line, by stage and by what was chosen.
        offers: what a repository may choose.
        level: the walls around agents, as probed at the start.
        tools: the interpreters that sandboxed commands find.
        bounds: how much of the machine each command of a run may take.
        limits: how many claims may be live.
        internal: the rig's own repositories, where agents never work.
        run_limits: the rig's own limits of one implementing run.
        review_limits: and of one reviewing run.
        setup_network: whether a repository's setupCommand may reach the network.
        tool_list: the tools that a repository may have installed for its runs.
        timers: of one call of the agent, unscaled.
        time_scale: multiplies every timer.
        lease_seconds: how long a claim lives without a heartbeat, scaled.
        heartbeat_seconds: how often it is renewed, scaled.
        grace_seconds: what a stopped run may take to get its unfinished work out of the checkout.
        token_patience: how long to wait for the token, in seconds.
        work_dir: where checkouts are made and removed again.
        shutting_down: whether the worker was told to stop.
        now: the time in UTC, for commits.
        database_url: for the lease keeper's own connection.
    """

    stores: Stores
    shell: IssueShell
    credentials: CredentialRequests
    provider: Callable[[Stage, Choice], Provider]
    offers: Offers
    level: Level
    tools: Toolchain
    bounds: Bounds
    limits: Limits
    internal: InternalRepositories
    run_limits: RunLimits
    review_limits: RunLimits
    setup_network: bool
    tool_list: ToolList
    timers: Timers
    time_scale: float
    lease_seconds: float
    heartbeat_seconds: float
    grace_seconds: float
    token_patience: float
    work_dir: Path
    shutting_down: Callable[[], bool]
    now: Callable[[], datetime]
    database_url: str
