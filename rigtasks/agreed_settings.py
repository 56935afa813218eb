"""What conductor and workers have to be told alike, in words that can be compared and shown."""

import hashlib
import json

from rigtasks.config import Settings
from rigtasks.eventstore.claims import REVIEW_QUEUE
from rigtasks.routing.offers import Offers
from rigtasks.routing.tools import Tool, ToolList

_DIGEST = 8


def agreed_settings(chosen: Settings, *, queue: str) -> dict[str, str]:
    """Return the settings that decide something in more than one process, by their names.

    What reviews do not need is left out for a process of their queue. No secret is in it.
    """
    agreed = {
        "RIG_INTERNAL_REPOSITORIES": _listed(
            *(name.strip().lower() for name in chosen.internal_repositories),
            *(f"id {one}" for one in chosen.internal_repository_ids),
        ),
        "RIG_LIMIT_TOTAL": str(chosen.limit_total),
        "RIG_LIMIT_PER_REPOSITORY": str(chosen.limit_per_repository),
        "RIG_LIMIT_PER_QUEUE": str(chosen.limit_per_queue),
    }
    if queue == REVIEW_QUEUE:
        return agreed
    return agreed | {
        "RIG_PROVIDER": chosen.offers.provider,
        "RIG_OFFERED_MODELS": _offered(chosen.offers),
        "RIG_TOOLS_FILE": _tools(chosen.tool_list),
    }


def _offered(offers: Offers) -> str:
    """Say what may be chosen, the first of the models being the usual one of its provider."""
    return _listed(
        *(
            f"{name} with {', '.join(models)}" if (models := offers.models.get(name)) else name
            for name in offers.providers
        ),
        between="; ",
    )


def _tools(listed: ToolList) -> str:
    sources = (("pip", listed.pip_index), ("npm", listed.npm_registry))
    return _listed(
        *(_tool(name, tool) for name, tool in sorted(listed.tools.items())),
        *(f"{way} from {url}" for way, url in sources if url),
    )


def _tool(name: str, tool: Tool) -> str:
    """Name a tool with its package, or with a digest of what is fixed about it in other ways."""
    own = (tool.run, tool.programs, tool.network)
    if own == (None, (), None):
        return tool.pin or name
    digest = hashlib.sha256(json.dumps(own).encode()).hexdigest()[:_DIGEST]
    return f"{tool.pin or name} (entry {digest})"


def _listed(*words: str, between: str = ", ") -> str:
    return between.join(words) or "none"
