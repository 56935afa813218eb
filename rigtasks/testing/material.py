"""What nobody here wrote and the rig is judged by: GitHub's own examples and documents.

`make test` installs it under `tests/material`, as the lock there pins it; none of it is committed.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from rigtasks.errors import Permanent

FOLDER = Path(__file__).parents[2] / "tests/material/node_modules"


class MaterialMissing(Permanent):
    """The material is not installed."""


class WebhookExample(msgspec.Struct, frozen=True, kw_only=True):
    """One payload of a real webhook, under the event's name and its place among the examples."""

    event: str
    index: int
    payload: dict[str, Any]

    @property
    def name(self) -> str:
        """Name it for people: event, action where there is one, place."""
        action = self.payload.get("action")
        return f"{self.event}.{action} {self.index}" if action else f"{self.event} {self.index}"


def material_path(name: str) -> Path:
    """Return where one file of the material lies, such as `@octokit/graphql-schema/schema.json`.

    Raises:
        MaterialMissing: it is not there.
    """
    path = FOLDER / name
    if not path.exists():
        raise MaterialMissing(f"{path} is not there: run `make test` once, which installs it.")
    return path


@cache
def webhook_examples() -> tuple[WebhookExample, ...]:
    """Return every example of `@octokit/webhooks-examples`, in its order."""
    listed = _read("@octokit/webhooks-examples/api.github.com/index.json")
    return tuple(
        WebhookExample(event=event["name"], index=index, payload=payload)
        for event in listed
        for index, payload in enumerate(event["examples"])
    )


@cache
def webhook_document() -> dict[str, Any]:
    """Return the OpenAPI document that describes every webhook."""
    return dict(_read("@octokit/openapi-webhooks/generated/api.github.com.json"))


@cache
def rest_document() -> dict[str, Any]:
    """Return the OpenAPI document that describes the REST interface."""
    return dict(_read("@octokit/openapi/generated/api.github.com.json"))


@cache
def graphql_document() -> dict[str, Any]:
    """Return what GitHub's GraphQL interface says about itself: its whole schema."""
    return dict(_read("@octokit/graphql-schema/schema.json"))


class RecordedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """A call somebody made to GitHub, and the answer it got; `path` has its query."""

    scope: str
    method: str
    path: str
    status: int
    body: Any = None
    response: Any = None
    headers: dict[str, Any]
    request_headers: dict[str, Any] = msgspec.field(name="reqheaders")


@cache
def recorded_exchanges() -> dict[str, tuple[RecordedExchange, ...]]:
    """Return the exchanges of `@octokit/fixtures` by scenario, in the order they were made."""
    folder = material_path("@octokit/fixtures/scenarios/api.github.com")
    return {
        one.parent.name: msgspec.json.decode(one.read_bytes(), type=tuple[RecordedExchange, ...])
        for one in sorted(folder.glob("*/normalized-fixture.json"))
    }


def _read(name: str) -> Any:
    return msgspec.json.decode(material_path(name).read_bytes())
