"""Build what a process works with, once, after any fork. The only place that knows every part."""

import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from rigtasks.agent.assignment import RunLimits
from rigtasks.agent.provider import Provider
from rigtasks.agent.providers.claude import ClaudeProvider, claude_upstream, find_claude
from rigtasks.agent.providers.codex import CodexProvider, codex_upstream, find_codex
from rigtasks.agent.providers.command import CommandProvider
from rigtasks.agent.providers.scripted import ScriptedProvider
from rigtasks.agent.sandbox import Bounds, Level, Probe, find_toolchain, probe
from rigtasks.agent.supervisor import Timers as AgentTimers
from rigtasks.budget.prices import Tokens, Vendor, price_micro_usd
from rigtasks.conductor.alone import alone_with
from rigtasks.conductor.canary_plan import CanaryPlan
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.shared_limits import SharedLimits
from rigtasks.config import ConfigurationError, Settings, load_settings
from rigtasks.errors import Permanent
from rigtasks.eventstore.claims import REVIEW_QUEUE, Limits
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.eventstore.rate_limits import RateLimits
from rigtasks.github.client import UNHURRIED, GitHub, GitHubSettings, Pace
from rigtasks.github.identities import AppCredentials, Credentials, PersonalToken, Role
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.lifecycle.state import Stage
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
        provider=lambda stage: provider_for(chosen, stage),
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


def check_agents(queues: Iterable[str]) -> None:
    """Make sure that a worker of these queues could start an agent.

    Raises:
        ConfigurationError: the walls are missing, or the provider is not set up.
    """
    chosen = settings()
    _walls(chosen)
    for queue in queues:
        provider_for(chosen, Stage.REVIEW if queue == REVIEW_QUEUE else Stage.IMPLEMENT)


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


def provider_for(chosen: Settings, stage: Stage) -> Provider:
    """Return the agent's command line for a stage.

    Raises:
        ConfigurationError: it is not set up.
    """
    match chosen.provider:
        case "scripted":
            return ScriptedProvider()
        case "command":
            return _command(chosen, stage)
        case "claude":
            model, key = _priced_model(chosen, Vendor.ANTHROPIC), _model_key(chosen)
            with _as_configuration():
                return ClaudeProvider(
                    binary=find_claude(),
                    model=model,
                    upstream=claude_upstream(key, chosen.model_api_url),
                )
        case "codex":
            model, key = _priced_model(chosen, Vendor.OPENAI), _model_key(chosen)
            with _as_configuration():
                return CodexProvider(
                    binary=find_codex(),
                    model=model,
                    upstream=codex_upstream(key, chosen.model_api_url),
                )
        case unknown:
            raise ConfigurationError(
                f"RIG_PROVIDER={unknown} is unknown: it is claude, codex, command or scripted"
            )


def _command(chosen: Settings, stage: Stage) -> Provider:
    line = chosen.reviewer_command if stage is Stage.REVIEW else chosen.provider_command
    if not line:
        name = "RIG_REVIEWER_COMMAND" if stage is Stage.REVIEW else "RIG_PROVIDER_COMMAND"
        raise ConfigurationError(
            f"{name} is not set: give the agent's command line, or RIG_PROVIDER=scripted"
        )
    cost = chosen.cost_per_call_usd
    if cost is None:
        raise ConfigurationError(
            "RIG_COST_PER_CALL_USD is not set: nobody can tell what the command costs, so "
            "no budget could hold; give its price per call, 0 for a free one"
        )
    return CommandProvider(
        argv=tuple(shlex.split(line)),
        network=chosen.run_network,
        cost_micro_usd_per_call=round(cost * _MICRO),
    )


def _priced_model(chosen: Settings, vendor: Vendor) -> str:
    """Return the model to ask for; without a price no budget could hold."""
    if not chosen.model:
        raise ConfigurationError(f"RIG_MODEL is not set: name the model {chosen.provider} asks")
    if price_micro_usd(Tokens(output=1), model=chosen.model, vendor=vendor) is None:
        raise ConfigurationError(
            f"RIG_MODEL={chosen.model} has no list price, so no budget could hold: name a model "
            f"that {vendor.value} sells"
        )
    return chosen.model


def _model_key(chosen: Settings) -> str:
    key = chosen.model_api_key.get_secret_value()
    if not key:
        raise ConfigurationError(
            f"RIG_MODEL_API_KEY is not set: {chosen.provider} needs a key; it stays with the "
            "worker, outside the agent's walls"
        )
    return key


@contextmanager
def _as_configuration() -> Iterator[None]:
    """Let what a provider lacks stop a worker at its start, with one sentence."""
    try:
        yield
    except ConfigurationError:
        raise
    except Permanent as missing:
        raise ConfigurationError(str(missing)) from missing
