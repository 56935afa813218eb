"""Server-sent events, as both languages use them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any


def server_sent(events: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Write events whose type is also their name."""
    for event in events:
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
