"""A worker's collaborators on a real store, whose runs wait for a token that nobody gives them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rigtasks.agent.assignment import RunLimits
from rigtasks.agent.providers.scripted import ScriptedProvider
from rigtasks.agent.sandbox import Bounds, Level, find_toolchain
from rigtasks.agent.supervisor import Timers as AgentTimers
from rigtasks.eventstore.claims import Limits
from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.timers import Timers
from rigtasks.routing.internal import InternalRepositories
from rigtasks.routing.offers import Offers
from rigtasks.routing.tools import DEFAULT_TOOLS
from rigtasks.runs.credential_requests import PostgresCredentialRequests
from rigtasks.runs.kit import WorkerKit
from rigtasks.shell import IssueShell


def make_kit(stores: Stores, database_url: str, folder: Path, **changes: Any) -> WorkerKit:
    """Return a kit, with any collaborator changed; its runs end when the token does not come."""
    parts: dict[str, Any] = {
        "stores": stores,
        "shell": IssueShell(stores, Timers()),
        "credentials": PostgresCredentialRequests(stores),
        "provider": lambda *_: ScriptedProvider(),
        "offers": Offers(provider="scripted", models={}),
        "level": Level.NONE,
        "tools": find_toolchain(()),
        "bounds": Bounds(memory_bytes=4 << 30, processes=1024),
        "limits": Limits(total=None, per_repository=None, per_queue=None),
        "internal": InternalRepositories(),
        "run_limits": RunLimits(),
        "review_limits": RunLimits(),
        "timers": AgentTimers(),
        "time_scale": 1.0,
        "lease_seconds": 10.0,
        "heartbeat_seconds": 0.05,
        "grace_seconds": 5.0,
        "token_patience": 1.5,
        "work_dir": folder,
        "shutting_down": lambda: False,
        "setup_network": False,
        "tool_list": DEFAULT_TOOLS,
        "now": lambda: datetime.now(UTC),
        "database_url": database_url,
    }
    return WorkerKit(**{**parts, **changes})
