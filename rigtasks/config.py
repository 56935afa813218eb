"""Every setting of the rig, from the environment, checked once at start.

Durations are seconds. `RIG_TIME_SCALE` multiplies every timer, so that a demo or a test runs the
same code with short waits.
"""

from functools import cached_property
from pathlib import Path

import msgspec
from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from rigtasks.config_files import AppFile, ConfigurationError, read_apps, read_tool_list
from rigtasks.github.identities import Role
from rigtasks.lifecycle.breaker import BreakerLimits
from rigtasks.lifecycle.lateness import Patience
from rigtasks.lifecycle.timers import Timers
from rigtasks.routing.offers import Offers
from rigtasks.routing.tools import DEFAULT_TOOLS, ToolList

__all__ = ["AppFile", "ConfigurationError", "Limits", "Settings", "load_settings"]

#: What a rig that is open to all is told, and what to do about it.
OPEN_TO_ALL = "RIG_OWNERS is not set: whoever installs the App has agents work there, at your cost"
CLOSE_TO_STRANGERS = """name whose repositories the rig works for: RIG_OWNERS='["your-account"]'"""
#: How long the conductor may take to get a token from GitHub and seal it.
_ANSWER_SECONDS = 15.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs may be live at once; None means no limit."""

    total: int | None
    per_repository: int | None
    per_queue: int | None


class Settings(BaseSettings):
    """The settings of every process of the rig."""

    model_config = SettingsConfigDict(env_prefix="RIG_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(
        validation_alias=AliasChoices("DATABASE_URL"), description="Postgres of the rig, as a URL."
    )
    redis_url: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("REDIS_URL"),
        description="Redis or Valkey for messages, as a URL; all but the web process need it.",
    )
    data_dir: Path = Field(
        default=Path(".rig"),
        description="Folder of checkouts, clones, liveness files; of the local stack's everything.",
    )
    time_scale: float = Field(
        default=1.0, gt=0, description="Multiplies every timer; below 1 everything happens sooner."
    )

    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that GitHub signs webhooks with; the web process needs it to start.",
    )
    webhook_secret_previous: SecretStr = Field(
        default=SecretStr(""),
        description="The secret before, accepted as well while it is being changed.",
    )
    api_token: SecretStr = Field(
        default=SecretStr(""),
        description="Token that opens the dashboard and the API to callers behind a proxy.",
    )

    github_api_url: str = Field(
        default="https://api.github.com", description="Address of GitHub's REST API."
    )
    github_web_url: str = Field(
        default="",
        description="Address of GitHub's pages and repositories, where it is not github.com.",
    )
    sandbox_github: bool = Field(
        default=False,
        description="Whether GitHub is the sandbox: its agents may do without walls.",
    )
    apps_file: Path | None = Field(
        default=None, description="JSON file with the three GitHub Apps, their ids and key files."
    )
    github_token: SecretStr = Field(
        default=SecretStr(""),
        description="Personal token of author and conductor, instead of the Apps.",
    )
    github_read_token: SecretStr = Field(
        default=SecretStr(""), description="Personal token that runs clone with; read only."
    )
    github_reviewer_token: SecretStr = Field(
        default=SecretStr(""), description="Personal token of a second account, which reviews."
    )

    internal_repositories: tuple[str, ...] = Field(
        default=(),
        description="Names of the rig's own repositories, where agents never work, nor in forks; "
        "one that is renamed later stays known.",
    )
    internal_repository_ids: tuple[int, ...] = Field(
        default=(), description="Their ids, for those renamed before the rig saw them."
    )
    trusted_user_ids: tuple[int, ...] = Field(
        default=(), description="Accounts whose label counts without write permission."
    )
    owners: tuple[str, ...] = Field(
        default=(),
        description="Accounts the rig works for; all others are strangers. None is everybody.",
    )
    queues: tuple[str, ...] = Field(
        default=("dev-e-node", "dev-e-dotnet", "dev-e-python", "ios", "review-e"),
        description="Agent queues that have workers; an issue for another one is refused.",
    )

    provider: str = Field(
        default="command",
        description="The agent: `claude`, `codex`, `command`, or `scripted`, the demo's rules.",
    )
    provider_command: str = Field(
        default="", description="Command line of the agent that implements."
    )
    reviewer_command: str = Field(default="", description="Command line of the agent that reviews.")
    cost_per_call_usd: float | None = Field(
        default=None,
        ge=0,
        description="What one call of the command costs, in dollars; 0 for a free one.",
    )
    model: str = Field(default="", description="Model that claude or codex is to use.")
    model_api_url: str = Field(
        default="", description="Address of the model's API, where it is not the vendor's."
    )
    model_api_key: SecretStr = Field(
        default=SecretStr(""), description="Key of the model's API; agents never see it."
    )
    offered_models: dict[str, tuple[str, ...]] = Field(
        default={},
        description="Providers, each with its models, that a repository may choose besides.",
    )
    offered_api_keys: dict[str, SecretStr] = Field(
        default={}, description="Keys of the model's API for offered providers other than the own."
    )
    offered_api_urls: dict[str, str] = Field(
        default={}, description="Addresses of their APIs, where they are not the vendors'."
    )
    tool_path: str = Field(
        default="",
        description="Folders of programs that sandboxed commands find, separated by `:`.",
    )
    tools_file: Path | None = Field(
        default=None,
        description="JSON file with the tools that repositories may have; a short list without it.",
    )
    run_network: bool = Field(
        default=False, description="Whether the agent's command has the network."
    )
    setup_network: bool = Field(
        default=False, description="Whether a repository's setupCommand has the network."
    )
    run_memory_mb: int = Field(
        default=4096,
        ge=256,
        description="Memory that one command of a run may hold with all it starts, in MB.",
    )
    run_processes: int = Field(
        default=1024,
        ge=32,
        description="Processes and threads that one command of a run may have with all it starts.",
    )

    limit_total: int | None = Field(default=16, description="Claims that may be live at once.")
    limit_per_repository: int | None = Field(
        default=4, description="Live claims of one repository."
    )
    limit_per_queue: int | None = Field(default=8, description="Live claims of one queue.")
    max_attempts: int = Field(
        default=3, ge=1, description="Runs with wrong work after which a person is asked."
    )
    max_review_loops: int = Field(
        default=3,
        ge=0,
        description="Rounds of review and red checks after which a person is asked.",
    )
    max_lost_runs: int = Field(
        default=5,
        ge=1,
        description="Runs that died with their worker after which a person is asked.",
    )
    max_cost_usd: float = Field(
        default=5.0, gt=0, description="What one issue may cost, in dollars."
    )

    lease_seconds: float = Field(
        default=60.0, gt=0, description="How long a claim lives without a heartbeat."
    )
    heartbeat_seconds: float = Field(
        default=15.0,
        gt=0,
        validate_default=True,
        description="How often a run renews its lease; less than two thirds of it.",
    )
    grace_seconds: float = Field(
        default=5.0,
        ge=0,
        validate_default=True,
        description="What a stopped run may take to hand its unfinished work over; not scaled, and "
        "less than two thirds of the lease. Whatever stops workers has to give them 10 seconds "
        "more: `rig up` gives 20 in all.",
    )
    republish_seconds: float = Field(
        default=30.0,
        gt=0,
        description="When an unanswered message is published again, and queues are topped up.",
    )
    sweep_seconds: float = Field(
        default=10.0,
        gt=0,
        description="How often expired leases, due wake-ups and stale deliveries are looked for.",
    )
    ping_seconds: float = Field(
        default=120.0,
        gt=0,
        description="How often an empty queue gets a bell, for its workers to show themselves.",
    )
    review_scan_seconds: float = Field(
        default=300.0,
        gt=0,
        description="How often an issue in review is looked at although nothing was heard of it.",
    )
    reconcile_seconds: float = Field(
        default=300.0,
        gt=0,
        description="How often GitHub is gone through for what no webhook told.",
    )
    orphan_seconds: float = Field(
        default=86_400.0,
        gt=0,
        description="How long nothing may move an issue until it is an orphan; after as long again "
        "a person is called.",
    )
    silent_seconds: float = Field(
        default=1800.0,
        gt=0,
        description="How long a run may show no progress until its issue is taken from it.",
    )
    review_wait_seconds: float = Field(
        default=1200.0, gt=0, description="How long a review may wait for somebody to take it."
    )
    merge_wait_seconds: float = Field(
        default=900.0, gt=0, description="How long an approved pull request may wait for its merge."
    )
    reminder_seconds: float = Field(
        default=1800.0,
        gt=0,
        description="How long a person who is waited for is left alone; twice as long each time.",
    )
    base_watch_seconds: float = Field(
        default=7200.0,
        gt=0,
        description="How long after a merge of the rig its checks on the base branch are watched.",
    )
    absence_seconds: float = Field(
        default=900.0,
        ge=60,
        description="How long GitHub has to hide an issue, at two looks, until it counts as gone.",
    )
    breaker_rounds: int = Field(
        default=30, ge=1, description="Runs of one issue in the window that open its breaker."
    )
    breaker_comments: int = Field(
        default=20, ge=1, description="Comments by bots in the window that open it."
    )
    breaker_labels: int = Field(
        default=20, ge=1, description="Labels set or taken off by bots in the window that open it."
    )
    breaker_seconds: float = Field(
        default=3600.0, gt=0, description="How far back the breaker of an issue looks."
    )
    canary_repository: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)?$",
        description="Repository in which the rig files an issue to see itself work; none is off.",
    )
    canary_seconds: float = Field(default=3600.0, gt=0, description="How often it does so.")
    canary_limit_seconds: float = Field(
        default=1800.0, gt=0, description="How long that issue may take to its merge."
    )
    implement_minutes: float = Field(
        default=90.0, gt=0, le=240, description="How long one run may implement."
    )
    review_minutes: float = Field(
        default=30.0, gt=0, le=60, description="How long one run may review."
    )

    @field_validator("github_api_url", "github_web_url", "model_api_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("heartbeat_seconds", "grace_seconds")
    @classmethod
    def _while_a_claim_lives(cls, value: float, known: ValidationInfo) -> float:
        """A holder stops at two thirds of its lease; what is later than that never happens."""
        lease = known.data.get("lease_seconds")
        if lease is not None and value >= lease * 2 / 3:
            raise ValueError(
                f"{value:g} s is too long: it has to be less than {lease * 2 / 3:g} s, two thirds "
                "of RIG_LEASE_SECONDS, because a run that cannot renew its claim stops there"
            )
        return value

    def scaled(self, seconds: float) -> float:
        """Return a duration in seconds, shrunk or stretched by the time scale."""
        return seconds * self.time_scale

    @property
    def runs_folder(self) -> Path:
        """Return where runs have their checkouts."""
        return self.data_dir / "runs"

    @property
    def clones_folder(self) -> Path:
        """Return where commits are received and pushed from."""
        return self.data_dir / "clones"

    @property
    def timers(self) -> Timers:
        """Return the timers of every issue, scaled."""
        return Timers(review_scan=self.review_scan_seconds).scaled(self.time_scale)

    @property
    def patience(self) -> Patience:
        """Return how long the watchers of issues wait, scaled."""
        return Patience(
            silent=self.scaled(self.silent_seconds),
            review=self.scaled(self.review_wait_seconds),
            merge=self.scaled(self.merge_wait_seconds),
            person=self.scaled(self.reminder_seconds),
            longest=self.scaled(Patience().longest),
        )

    @property
    def breaker(self) -> BreakerLimits:
        """Return how much may happen around one issue, its window scaled."""
        return BreakerLimits(
            rounds=self.breaker_rounds,
            comments=self.breaker_comments,
            labels=self.breaker_labels,
            window=self.scaled(self.breaker_seconds),
        )

    @property
    def token_patience(self) -> float:
        """Return how long a run waits for its token, scaled: a lost message comes again in time.

        GitHub's share of the answer takes as long as it takes, whatever the scale.
        """
        return self.scaled(2 * self.republish_seconds) + _ANSWER_SECONDS

    @property
    def limits(self) -> Limits:
        """Return the caps on live runs."""
        return Limits(
            total=self.limit_total,
            per_repository=self.limit_per_repository,
            per_queue=self.limit_per_queue,
        )

    @cached_property
    def apps(self) -> dict[Role, AppFile]:
        """Return the GitHub Apps by role; empty where a personal token is used.

        Raises:
            ConfigurationError: the file is missing, unreadable or lacks a role.
        """
        return {} if self.apps_file is None else read_apps(self.apps_file)

    @cached_property
    def tool_list(self) -> ToolList:
        """Return the tools that repositories may have installed.

        Raises:
            ConfigurationError: the file is missing or unreadable, or an entry of it is wrong.
        """
        return DEFAULT_TOOLS if self.tools_file is None else read_tool_list(self.tools_file)

    @property
    def offers(self) -> Offers:
        """Return the agents that a repository may choose among; the rig's own model comes first."""
        models = {name: tuple(given) for name, given in self.offered_models.items()}
        if self.model:
            models[self.provider] = tuple(
                dict.fromkeys((self.model, *models.get(self.provider, ())))
            )
        return Offers(provider=self.provider, models=models)

    @property
    def is_open_to_all(self) -> bool:
        """Say whether the rig works for whoever lets it reach a repository."""
        return not self.owners and not self.sandbox_github

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Return the secrets a delivery may be signed with, the current one first.

        Raises:
            ConfigurationError: there is none.
        """
        secrets = (
            self.webhook_secret.get_secret_value(),
            self.webhook_secret_previous.get_secret_value(),
        )
        usable = tuple(secret for secret in secrets if secret)
        if not secrets[0]:
            raise ConfigurationError(
                "RIG_WEBHOOK_SECRET is not set; set it to the secret of the GitHub webhook. "
                "Without it anybody could start agents, so the receiver does not start"
            )
        return usable


def load_settings(**known: str) -> Settings:
    """Return the settings of this process.

    Args:
        known: variables that its environment lacks.

    Raises:
        ConfigurationError: a setting is missing or wrong; every one is named.
    """
    try:
        return Settings.model_validate(known)
    except ValidationError as error:
        problems = "; ".join(
            f"{_variable(str(item['loc'][0]))}: {item['msg']}" for item in error.errors()
        )
        raise ConfigurationError(f"the rig's settings cannot be used: {problems}") from error


def _variable(name: str) -> str:
    return name if name.isupper() else f"RIG_{name.upper()}"
