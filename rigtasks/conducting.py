"""Build what the conductor works with, once, after any fork: it alone writes to GitHub."""

from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from rigtasks.bootstrap import internal_of, now, settings, shell, stores
from rigtasks.conductor.alone import alone_with
from rigtasks.conductor.canary_plan import CanaryPlan
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.shared_limits import SharedLimits
from rigtasks.config import ConfigurationError, Settings
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.rate_limits import RateLimits
from rigtasks.github.client import UNHURRIED, GitHub, GitHubSettings, Pace
from rigtasks.github.identities import AppCredentials, Credentials, PersonalToken, Role
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.routing.facts import IntakePolicy
from rigtasks.routing.labels import READY
from rigtasks.routing.stack import Queue
from rigtasks.workspace.clean_clones import GitCleanClones

_MICRO = 1_000_000
_PUBLIC_HOST = "github.com"


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
            internal=internal_of(chosen),
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
        clones=GitCleanClones(chosen.clones_folder),
        now=now,
        alone=partial(alone_with, chosen.database_url.get_secret_value()),
        canary=_canary(chosen),
        base_watch=chosen.scaled(chosen.base_watch_seconds),
        absence=chosen.scaled(chosen.absence_seconds),
    )


@cache
def limit_book() -> SharedLimits:
    """Return GitHub's limits as every process of the rig shares them.

    What is written there is made good by GitHub's next answer, so it waits for no flush.
    """
    url = settings().database_url.get_secret_value()
    return SharedLimits(RateLimits(Connection(url, application_name="rig limits", flushed=False)))


def _canary(chosen: Settings) -> CanaryPlan | None:
    if not chosen.canary_repository:
        return None
    return CanaryPlan(
        repository=chosen.canary_repository,
        period=chosen.scaled(chosen.canary_seconds),
        limit=chosen.scaled(chosen.canary_limit_seconds),
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
