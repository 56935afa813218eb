"""Judge webhook payloads by the JSON Schemas of GitHub's OpenAPI document."""

from functools import cache
from typing import Any

import msgspec

from rigtasks.testing.conformance import TALLY
from rigtasks.testing.material import webhook_document
from rigtasks.testing.schema_document import SchemaDocument

#: Who decides how webhooks look.
JUDGE = "@octokit/openapi-webhooks"


#: What of a delivery is not held against the document.
OUTSIDE = (
    "The headers of deliveries, and payloads sent as forms: no document has them.",
    "When a webhook is sent, and in which order.",
)


class WebhookKind(msgspec.Struct, frozen=True, kw_only=True):
    """An event with one action, and the schema of its payload.

    Args:
        key: its name in the document, such as `pull-request-closed`.
        event: the value of `X-GitHub-Event`.
        schema: of its payload.
    """

    key: str
    event: str
    schema: dict[str, Any]


@cache
def webhook_schemas() -> SchemaDocument:
    """Return the document as a judge."""
    return SchemaDocument(webhook_document())


@cache
def webhook_kinds() -> tuple[WebhookKind, ...]:
    """Return every kind of webhook the document describes."""
    return tuple(
        WebhookKind(
            key=key,
            event=described["post"]["operationId"].split("/")[0].replace("-", "_"),
            schema=described["post"]["requestBody"]["content"]["application/json"]["schema"],
        )
        for key, described in webhook_schemas().content["webhooks"].items()
    )


def kind_of(event: str, payload: dict[str, Any]) -> WebhookKind:
    """Return the kind a payload claims to be.

    Raises:
        KeyError: the document knows no such event or action.
    """
    action = payload.get("action")
    key = "-".join(part.replace("_", "-") for part in (event, action) if part)
    for kind in webhook_kinds():
        if kind.event == event and kind.key == key:
            return kind
    raise KeyError(key)


def problems(kind: WebhookKind, payload: Any) -> tuple[str, ...]:
    """Say in words where a payload differs from its schema."""
    return tuple(webhook_schemas().differences(kind.schema, payload))


def judged(event: str, payload: dict[str, Any]) -> tuple[str, ...]:
    """Count a webhook as judged, and say in words where it differs from its schema."""
    try:
        kind = kind_of(event, payload)
    except KeyError as unknown:
        return (f"there is no webhook {unknown}",)
    TALLY.add(JUDGE, kind.key)
    return tuple(f"{kind.key}: {problem}" for problem in problems(kind, payload))
