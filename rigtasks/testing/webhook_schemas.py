"""Judge webhook payloads by the JSON Schemas of GitHub's OpenAPI document."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from rigtasks.testing.conformance import TALLY
from rigtasks.testing.material import webhook_document

#: Who decides how webhooks look.
JUDGE = "@octokit/openapi-webhooks"
_LONGEST_VALUE = 80


class WebhookKind(msgspec.Struct, frozen=True, kw_only=True):
    """An event with one action, and the schema of its payload.

    Args:
        key: its name in the document, such as `pull-request-closed`.
        event: the value of `X-GitHub-Event`.
        reference: where the schema is in the document.
    """

    key: str
    event: str
    reference: str


@cache
def webhook_kinds() -> tuple[WebhookKind, ...]:
    """Return every kind of webhook the document describes."""
    return tuple(
        WebhookKind(
            key=key,
            event=described["post"]["operationId"].split("/")[0].replace("-", "_"),
            reference=described["post"]["requestBody"]["content"]["application/json"]["schema"][
                "$ref"
            ],
        )
        for key, described in webhook_document()["webhooks"].items()
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
    return tuple(_sentences(kind, payload))


def judged(event: str, payload: dict[str, Any]) -> tuple[str, ...]:
    """Count a webhook as judged, and say in words where it differs from its schema."""
    try:
        kind = kind_of(event, payload)
    except KeyError as unknown:
        return (f"there is no webhook {unknown}",)
    TALLY.add(JUDGE, kind.key)
    return tuple(f"{kind.key}: {problem}" for problem in problems(kind, payload))


def resolve(reference: str) -> dict[str, Any]:
    """Return the schema that a `$ref` of the document points at."""
    found: Any = webhook_document()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Say whether a value is one that a schema of the document allows."""
    return bool(_document().evolve(schema=schema).is_valid(value))


def _sentences(kind: WebhookKind, payload: Any) -> Iterator[str]:
    for error in _document().evolve(schema=resolve(kind.reference)).iter_errors(payload):
        for cause in error.context or (error,):
            value = repr(cause.instance)
            shown = value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "…"
            yield f"{cause.json_path}: {cause.validator} {cause.validator_value} for {shown}"


@cache
def _document() -> Draft202012Validator:
    """Return a validator to be narrowed to one schema; references go through the document."""
    return Draft202012Validator(webhook_document())
