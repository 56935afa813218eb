"""What surrounds an event: who wrote it, when, where it stands in its stream."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from rigtasks.lifecycle.events.base import Event


class ActorKind(StrEnum):
    """The roles that may write events; `roles.py` says which role writes what."""

    CONDUCTOR = "conductor"
    WORKER = "worker"
    REVIEWER = "reviewer"
    GITHUB = "github"
    OPERATOR = "operator"
    CLOCK = "clock"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who caused an event: a role and an account, agent or process id within it."""

    kind: ActorKind
    id: str


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event about to be appended; the id is made by the client, before any retry."""

    event_id: UUID
    event: Event
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None = None


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What folding needs of a stored event.

    `version` counts 1..n within the stream, `recorded_at` is the database's clock.
    """

    version: int
    event_id: UUID
    recorded_at: datetime
    event: Event


class StoredEvent(RecordedEvent, frozen=True, kw_only=True):
    """An event as the store holds it; `position` grows over all streams in commit order."""

    position: int
    stream: str
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None
