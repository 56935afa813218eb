"""Build what a process works with, once, after any fork. The only place that knows every part."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from rigtasks.agent.assignment import RunLimits
from rigtasks.agent.sandbox import Bounds, Level, Probe, find_toolchain, probe
from rigtasks.agent.supervisor import Timers as AgentTimers
from rigtasks.conductor.alone import alone_with
from rigtasks.conductor.canary_plan import CanaryPlan
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.shared_limits import SharedLimits
from rigtasks.config import ConfigurationError, Settings, load_settings
from rigtasks.eventstore.claims import REVIEW_QUEUE, Limits
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.eventstore.rate_limits import RateLimits
from rigtasks.github.client import UNHURRIED, GitHub, GitHubSettings, Pace
from rigtasks.github.identities import AppCredentials, Credentials, PersonalToken, Role
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.lifecycle.state import Stage
from rigtasks.offered_agents import check_names, provider_for
from rigtasks.routing.facts import IntakePolicy
from rigtasks.routing.internal import InternalRepositories, internal_repositories
from rigtasks.routing.labels import READY
from rigtasks.routing.stack import Queue
from rigtasks.runs.credential_requests import PostgresCredentialRequests
from rigtasks.runs.kit import WorkerKit
from rigtasks.shell import IssueShell
from rigtasks.workspace.clean_clones import GitCleanClones

_MICRO = 1_000_000
_PUBLIC_HOST = "github.com"


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
def limit_book() -> SharedLimits:
    """Return GitHub's limits as every process of the rig shares them.

    What is written there is made good by GitHub's next answer, so it waits for no flush.
    """
    url = settings().database_url.get_secret_value()
    return SharedLimits(RateLimits(Connection(url, application_name="rig limits", flushed=False)))


@cache
def isolation() -> Probe:
    """Return the walls this machine gives, found out by trying, once."""
    return probe()


@cache
def conductor() -> Conductor:
    """Return the conductor's collaborators.

    Raises:
        ConfigurationError: an identity has no credentials.
    """
    chosen = settings()
    return Conductor(
        stores=stores(),
        shell=shell(),
        github=GitHub(_github(chosen), book=limit_book()),
        intake=IntakePolicy(
            internal=_internal(chosen),
            queues=frozenset(Queue(name) for name in chosen.queues),
            trusted_accounts=frozenset(chosen.trusted_user_ids),
            owners=frozenset(owner.strip().lower() for owner in chosen.owners),
            tools=chosen.tool_list,
            offers=chosen.offers,
        ),
        label=READY,
        limits=IssueLimits(
            max_attempts=chosen.max_attempts,
            max_review_loops=chosen.max_review_loops,
            max_lost_runs=chosen.max_lost_runs,
            max_cost_micro_usd=round(chosen.max_cost_usd * _MICRO),
        ),
        app_ids={role: app.app_id for role, app in chosen.apps.items()},
        mail_host=_mail_host(chosen),
        clones=GitCleanClones(chosen.data_dir / "clones"),
        now=_now,
        alone=partial(alone_with, chosen.database_url.get_secret_value()),
        canary=_canary(chosen),
        base_watch=chosen.scaled(chosen.base_watch_seconds),
    )


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
        internal=_internal(chosen),
        run_limits=RunLimits(max_seconds=chosen.implement_minutes * 60),
        setup_network=chosen.setup_network,
        tool_list=chosen.tool_list,
        review_limits=RunLimits(max_seconds=chosen.review_minutes * 60),
        timers=AgentTimers(),
        time_scale=chosen.time_scale,
        lease_seconds=chosen.scaled(chosen.lease_seconds),
        heartbeat_seconds=chosen.scaled(chosen.heartbeat_seconds),
        token_patience=chosen.token_patience,
        work_dir=chosen.data_dir / "runs",
        shutting_down=stop_file.exists,
        now=_now,
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


def _canary(chosen: Settings) -> CanaryPlan | None:
    if not chosen.canary_repository:
        return None
    return CanaryPlan(
        repository=chosen.canary_repository,
        period=chosen.scaled(chosen.canary_seconds),
        limit=chosen.scaled(chosen.canary_limit_seconds),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _internal(chosen: Settings) -> InternalRepositories:
    return internal_repositories(
        ids=chosen.internal_repository_ids, names=chosen.internal_repositories
    )


def _github(chosen: Settings) -> GitHubSettings:
    return GitHubSettings(
        api_url=chosen.github_api_url,
        credentials=_credentials(chosen),
        pace=UNHURRIED if chosen.sandbox_github else Pace(),
        time_scale=chosen.time_scale,
        web_url=chosen.github_web_url or None,
    )


def _credentials(chosen: Settings) -> dict[Role, Credentials]:
    apps = chosen.apps
    if apps:
        return {
            role: AppCredentials(
                app_id=str(app.app_id), private_key=Path(app.private_key_path).read_text()
            )
            for role, app in apps.items()
        }
    token = chosen.github_token.get_secret_value()
    if not token:
        raise ConfigurationError(
            "the rig has no GitHub identity: set RIG_APPS_FILE to the three Apps, or for trying "
            "it out RIG_GITHUB_TOKEN and RIG_GITHUB_READ_TOKEN to personal tokens"
        )
    read_only = chosen.github_read_token.get_secret_value() or None
    reviewer = chosen.github_reviewer_token.get_secret_value() or token
    return {
        Role.AUTHOR: PersonalToken(token=token, read_only_token=read_only),
        Role.REVIEWER: PersonalToken(token=reviewer),
        Role.CONDUCTOR: PersonalToken(token=token),
    }


def _mail_host(chosen: Settings) -> str:
    """Return the host of GitHub's no-reply addresses; an enterprise server uses its own name."""
    if chosen.sandbox_github or not chosen.github_web_url:
        return _PUBLIC_HOST
    return urlsplit(chosen.github_web_url).hostname or _PUBLIC_HOST
