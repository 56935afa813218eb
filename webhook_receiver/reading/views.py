"""The rows people and programs see, with the names the API promises."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything that is shown."""


class Money(View, frozen=True, kw_only=True):
    """An amount as a decimal string; `basis` says whether parts of it are unknown."""

    amount: str
    currency: str
    basis: str


class IssueView(View, frozen=True, kw_only=True):
    """One issue; `state` is what interrupts its lane, else the lane."""

    ref: str
    stream: str
    repo: str
    number: int
    generation: int
    version: int
    title: str
    state: str
    lane: str
    reason: str
    waits_for: str | None
    refusal_code: str | None
    who_must_act: str | None
    stack: str
    queue: str
    priority: int
    approved_by: str
    branch: str | None
    head_sha: str | None
    merge_sha: str | None
    pr: int | None
    pr_url: str | None
    run_id: UUID | None
    runs: int
    attempts: int
    review_loops: int
    tokens: int
    cost: Money
    entered_at: datetime
    updated_at: datetime


class RunView(View, frozen=True, kw_only=True):
    """One run from claim to end; `status` is `running` until it ends, `outcome` how it ended."""

    run_id: UUID
    ref: str | None
    stream: str
    epoch: int
    stage: str
    queue: str
    agent: str
    holder: str
    status: str
    reason: str
    failure: str | None
    isolation: str | None
    provider: str | None
    model: str | None
    head_sha: str | None
    turns: int
    tokens: int
    cost: Money
    started_at: datetime
    ended_at: datetime | None
    duration_seconds: float


class InstanceView(View, frozen=True, kw_only=True):
    """One process of an agent, from its last heartbeat."""

    holder: str
    queue: str
    version: str
    isolation: str
    run_id: UUID | None
    seen_at: datetime
    silent_seconds: float


class AgentView(View, frozen=True, kw_only=True):
    """One agent: what it claimed and which of its processes were seen."""

    agent: str
    queue: str | None
    runs: int
    last_ref: str | None
    last_claimed_at: datetime | None
    instances: tuple[InstanceView, ...]


class DeliveryView(View, frozen=True, kw_only=True):
    """One webhook delivery and what became of it, in words."""

    delivery: str
    event: str
    action: str | None
    repo: str | None
    number: int | None
    status: str
    outcome: str | None
    duplicate_of: str | None
    attempts: int
    last_error: str | None
    received_at: datetime
    outcome_at: datetime | None


class DeliveryDetail(DeliveryView, frozen=True, kw_only=True):
    """A delivery with the headers and the payload that were kept.

    The payload is handed on as it was received, byte for byte: it may hold numbers and nesting
    that no parser here has to survive.
    """

    headers: dict[str, str]
    payload: msgspec.Raw | None


class Actor(View, frozen=True, kw_only=True):
    """Who wrote an event."""

    kind: str
    id: str


class EventView(View, frozen=True, kw_only=True):
    """One stored event."""

    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    event_id: UUID
    data: dict[str, Any]
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None
    recorded_at: datetime


class EventTypeView(View, frozen=True, kw_only=True):
    """One type of the catalogue with the JSON Schema of its data."""

    type: str
    schema_version: int
    stream_kind: str
    summary: str
    data_schema: dict[str, Any]


class SwitchView(View, frozen=True, kw_only=True):
    """A stop that holds now: what it stops, why, who set it and until when.

    `source` says what lifts it: a person, who takes the label off where it is `label`.
    """

    scope: str
    reason: str
    actor: str
    since: datetime
    source: str
    until: datetime | None


class DeadTaskView(View, frozen=True, kw_only=True):
    """A task that was given up after its last attempt."""

    id: int
    task: str
    stream: str | None
    attempts: int
    last_error: str | None
    dead_at: datetime
