"""Build what every process works with and what a worker brings to its runs, once, after any fork.

Nothing here loads what writes to GitHub; that is in `rigtasks.conducting`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from rigtasks.agent.assignment import RunLimits
from rigtasks.agent.sandbox import Bounds, Level, Probe, find_toolchain, probe
from rigtasks.agent.supervisor import Timers as AgentTimers
from rigtasks.config import ConfigurationError, Settings, load_settings
from rigtasks.eventstore.claims import REVIEW_QUEUE, Limits
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.lifecycle.state import Stage
from rigtasks.offered_agents import check_names, provider_for
from rigtasks.routing.internal import InternalRepositories, internal_repositories
from rigtasks.runs.credential_requests import PostgresCredentialRequests
from rigtasks.runs.kit import WorkerKit
from rigtasks.shell import IssueShell


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return load_settings()


@cache
def stores() -> Stores:
    """Return the tables of this process, on a pool of its own."""
    database = open_database(
        settings().database_url.get_secret_value(), application_name="rig", pool_size=4
    )
    return stores_on(database)


@cache
def shell() -> IssueShell:
    """Return the shell that gives commands to issues."""
    return IssueShell(stores(), settings().timers)


@cache
def isolation() -> Probe:
    """Return the walls this machine gives, found out by trying, once."""
    return probe()


@cache
def worker_kit(holder: str) -> WorkerKit:
    """Return what a worker brings to every run.

    Raises:
        ConfigurationError: the walls are missing, or the provider is not set up.
    """
    chosen = settings()
    walls = _walls(chosen)
    stop_file = shutdown_file(chosen.data_dir, holder)
    return WorkerKit(
        stores=stores(),
        shell=shell(),
        credentials=PostgresCredentialRequests(stores()),
        provider=lambda stage, choice: provider_for(chosen, stage, choice),
        offers=chosen.offers,
        level=walls.level,
        tools=find_toolchain(Path(one) for one in chosen.tool_path.split(":") if chosen.tool_path),
        bounds=Bounds(memory_bytes=chosen.run_memory_mb << 20, processes=chosen.run_processes),
        limits=Limits(
            total=chosen.limit_total,
            per_repository=chosen.limit_per_repository,
            per_queue=chosen.limit_per_queue,
        ),
        internal=internal_of(chosen),
        run_limits=RunLimits(max_seconds=chosen.implement_minutes * 60),
        setup_network=chosen.setup_network,
        tool_list=chosen.tool_list,
        review_limits=RunLimits(max_seconds=chosen.review_minutes * 60),
        timers=AgentTimers(),
        time_scale=chosen.time_scale,
        lease_seconds=chosen.scaled(chosen.lease_seconds),
        heartbeat_seconds=chosen.scaled(chosen.heartbeat_seconds),
        grace_seconds=chosen.grace_seconds,
        token_patience=chosen.token_patience,
        work_dir=chosen.runs_folder,
        shutting_down=stop_file.exists,
        now=now,
        database_url=chosen.database_url.get_secret_value(),
    )


def check_offers() -> None:
    """Make sure that what repositories may choose from can be read.

    Raises:
        ConfigurationError: it cannot.
    """
    settings().tool_list  # noqa: B018 - reading it is the check
    check_names(settings().offers)


def check_agents(queues: Iterable[str]) -> None:
    """Make sure that a worker of these queues could start an agent.

    Raises:
        ConfigurationError: the walls are missing, or the provider is not set up.
    """
    chosen = settings()
    _walls(chosen)
    for queue in queues:
        if queue == REVIEW_QUEUE:
            provider_for(chosen, Stage.REVIEW, chosen.offers.usual)
        else:
            for choice in chosen.offers.every:
                provider_for(chosen, Stage.IMPLEMENT, choice)


def _walls(chosen: Settings) -> Probe:
    walls = isolation()
    if walls.level is Level.NONE and not chosen.sandbox_github:
        raise ConfigurationError(
            f"agents have no walls on this machine ({walls.reason}): install bubblewrap; without "
            "walls only repositories of the sandbox GitHub are worked on"
        )
    return walls


def shutdown_file(data_dir: Path, holder: str) -> Path:
    """Return the file whose presence tells the runs of a worker to stop."""
    return data_dir / "alive" / f"{holder}.stopping"


def now() -> datetime:
    """Return the time of this process."""
    return datetime.now(UTC)


def internal_of(chosen: Settings) -> InternalRepositories:
    """Return the repositories no agent works on."""
    return internal_repositories(
        ids=chosen.internal_repository_ids, names=chosen.internal_repositories
    )
