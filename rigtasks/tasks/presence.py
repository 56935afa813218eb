"""Tell the store that a process of a worker is there, and which walls it puts around agents."""

import hashlib
from uuid import UUID

from rigtasks import __version__
from rigtasks.agreed_settings import agreed_settings
from rigtasks.bootstrap import isolation, settings, stores


def announce(*, holder: str, queue: str, runs_agents: bool, run_id: UUID | None = None) -> None:
    """Write one heartbeat for a process that can take work of a queue, or works on a run of it."""
    level = isolation().level if runs_agents else "conductor"
    stores().heartbeats.beat(
        holder=f"{holder}/{queue}",
        agent=queue,
        queue=queue,
        version=__version__,
        config_hash=_config_hash(),
        isolation=str(level),
        run_id=run_id,
        agreed=agreed_settings(settings(), queue=queue),
    )


def _config_hash() -> str:
    """Return a short digest of the settings, without any secret in it."""
    shown = settings().model_dump_json(
        exclude={"database_url", "redis_url", "webhook_secret", "webhook_secret_previous",
                 "github_token", "api_token"}
    )  # fmt: skip
    return hashlib.sha256(shown.encode()).hexdigest()[:12]
