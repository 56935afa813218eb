"""The rows that are kept of every issue; each type's fields are its table's columns in order."""

from datetime import datetime
from uuid import UUID

import msgspec


class IssueRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row of `issues`; the fields are its columns in their order."""

    stream: str
    version: int
    ref: str
    repo_id: int
    repo: str
    repo_key: str | None = None
    number: int
    generation: int
    title: str
    lane: str
    overlay: str | None = None
    claim_stage: str | None = None
    claim_queue: str | None = None
    claim_after: datetime | None = None
    has_dependencies: bool
    priority: int
    approved_at: datetime | None = None
    approved_by: str
    task_digest: str
    stack: str
    queue: str
    base_branch: str
    hold: str | None = None
    hold_sentence: str
    reason: str
    refusal_code: str | None = None
    who_must_act: str | None = None
    branch: str | None = None
    head_sha: str | None = None
    merge_sha: str | None = None
    pr: int | None = None
    pr_url: str | None = None
    epoch: int
    run_id: UUID | None = None
    runs: int
    attempts: int
    lost_runs: int
    review_loops: int
    abstentions: int
    cost_micro_usd: int
    cost_unknown_runs: int
    tokens: int
    entered_at: datetime
    updated_at: datetime
    claim_provider: str | None = None


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `runs`; the fields are its columns in their order."""

    run_id: UUID
    stream: str
    epoch: int
    stage: str
    queue: str
    repo_id: int
    agent: str
    holder: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    failure: str | None = None
    reason: str = ""
    isolation: str | None = None
    provider: str | None = None
    model: str | None = None
    base_sha: str | None = None
    head_sha: str | None = None
    artifact_id: UUID | None = None
    ending: str | None = None
    seconds: float | None = None
    turns: int = 0
    input_uncached: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    cost_micro_usd: int = 0
    cost_unknown: bool = False


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `steps`; the fields are its columns in their order."""

    run_id: UUID
    ordinal: int
    name: str
    status: str
    seconds: float
    detail: str


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `usage`; the fields are its columns in their order."""

    event_id: UUID
    stream: str
    run_id: UUID
    agent: str
    model: str
    turns: int
    input_uncached: int
    cache_read: int
    cache_write: int
    output: int
    cost_micro_usd: int | None
    cost_basis: str
    recorded_at: datetime


class DependencyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `issue_dependencies`; the fields are its columns in their order."""

    stream: str
    ref: str


class ClaimCountRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `claim_counts`; the fields are its columns in their order."""

    queue: str
    repo_id: int
    live: int
