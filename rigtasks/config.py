"""Every setting of the rig, from the environment, checked once at start.

Durations are seconds. `RIG_TIME_SCALE` multiplies every timer, so that a demo or a test runs the
same code with short waits.
"""

from functools import cached_property
from pathlib import Path

import msgspec
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rigtasks.errors import Permanent
from rigtasks.github.identities import Role
from rigtasks.lifecycle.timers import Timers


class ConfigurationError(Permanent):
    """A setting is missing or wrong; the message names it and says what to set."""


class AppFile(msgspec.Struct, frozen=True, kw_only=True):
    """One GitHub App as the apps file names it: its id and the file with its private key."""

    app_id: int
    private_key_path: str


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs may be live at once; None means no limit."""

    total: int | None
    per_repository: int | None
    per_queue: int | None


class Settings(BaseSettings):
    """The settings of every process of the rig."""

    model_config = SettingsConfigDict(env_prefix="RIG_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(validation_alias=AliasChoices("DATABASE_URL"))
    redis_url: SecretStr = Field(default=SecretStr(""), validation_alias=AliasChoices("REDIS_URL"))
    data_dir: Path = Path(".rig")
    time_scale: float = Field(default=1.0, gt=0)

    webhook_secret: SecretStr = SecretStr("")
    webhook_secret_previous: SecretStr = SecretStr("")
    api_token: SecretStr = SecretStr("")

    github_api_url: str = "https://api.github.com"
    github_web_url: str = ""
    sandbox_github: bool = False
    apps_file: Path | None = None
    github_token: SecretStr = SecretStr("")
    github_read_token: SecretStr = SecretStr("")
    github_reviewer_token: SecretStr = SecretStr("")

    internal_repositories: tuple[str, ...] = ()
    internal_repository_ids: tuple[int, ...] = ()
    trusted_user_ids: tuple[int, ...] = ()
    owners: tuple[str, ...] = ()
    queues: tuple[str, ...] = ("dev-e-node", "dev-e-dotnet", "dev-e-python", "ios", "review-e")

    provider: str = "command"
    provider_command: str = ""
    reviewer_command: str = ""
    cost_per_call_usd: float | None = Field(default=None, ge=0)
    tool_path: str = ""
    run_network: bool = False
    setup_network: bool = False
    run_memory_mb: int = Field(default=4096, ge=256)
    run_processes: int = Field(default=1024, ge=32)

    limit_total: int | None = 16
    limit_per_repository: int | None = 4
    limit_per_queue: int | None = 8
    max_attempts: int = Field(default=3, ge=1)
    max_review_loops: int = Field(default=3, ge=0)
    max_lost_runs: int = Field(default=5, ge=1)
    max_cost_usd: float = Field(default=5.0, gt=0)

    heartbeat_seconds: float = Field(default=15.0, gt=0)
    lease_seconds: float = Field(default=60.0, gt=0)
    republish_seconds: float = Field(default=30.0, gt=0)
    sweep_seconds: float = Field(default=10.0, gt=0)
    ping_seconds: float = Field(default=120.0, gt=0)
    review_scan_seconds: float = Field(default=300.0, gt=0)
    implement_minutes: float = Field(default=90.0, gt=0, le=240)
    review_minutes: float = Field(default=30.0, gt=0, le=60)

    @field_validator("github_api_url", "github_web_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    def scaled(self, seconds: float) -> float:
        """Return a duration in seconds, shrunk or stretched by the time scale."""
        return seconds * self.time_scale

    @property
    def timers(self) -> Timers:
        """Return the timers of every issue, scaled."""
        return Timers(review_scan=self.review_scan_seconds).scaled(self.time_scale)

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
        if self.apps_file is None:
            return {}
        try:
            raw = self.apps_file.read_bytes()
            apps = msgspec.json.decode(raw, type=dict[Role, AppFile])
        except (OSError, msgspec.MsgspecError) as error:
            raise ConfigurationError(
                f"RIG_APPS_FILE={self.apps_file} cannot be used: {error}; it must be a JSON object "
                'with "author", "reviewer" and "conductor", each {"app_id", "private_key_path"}'
            ) from error
        missing = sorted(role for role in Role if role not in apps)
        if missing:
            raise ConfigurationError(f"RIG_APPS_FILE={self.apps_file} lacks {', '.join(missing)}")
        return apps

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


def load_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        ConfigurationError: a setting is missing or wrong; every one is named.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{_variable(str(item['loc'][0]))}: {item['msg']}" for item in error.errors()
        )
        raise ConfigurationError(f"the rig's settings cannot be used: {problems}") from error


def _variable(name: str) -> str:
    return name if name.isupper() else f"RIG_{name.upper()}"
