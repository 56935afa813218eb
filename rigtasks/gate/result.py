"""What one rule says: its status, one sentence, the evidence and who can unblock it."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import msgspec

from rigtasks.gate.facts import GateFacts, Source


class Gate(StrEnum):
    """The gates of a merge, in the order people read them."""

    CI = "ci"
    REVIEW = "review"
    CLOSES = "closes"
    THREADS = "threads"
    LABELS = "labels"
    CODEOWNERS = "codeowners"
    HUMAN_GATE = "human_gate"
    SIZE = "size"
    TAMPER = "tamper"
    PULL_REQUEST = "pull_request"
    BASE = "base"
    CONFIG = "config"
    ISSUE = "issue"
    MODE = "mode"
    MERGEABLE = "mergeable"
    PAUSED = "paused"
    BUDGET = "budget"


class GateStatus(StrEnum):
    """Only `pass` lets a merge happen; `unknown` means that a source could not be read."""

    PASS = "pass"  # noqa: S105 - the word of the gate, not a password
    FAIL = "fail"
    PENDING = "pending"
    UNKNOWN = "unknown"


class Unblock(msgspec.Struct, frozen=True, kw_only=True):
    """Who can make a gate hold, and how."""

    who: str
    how: str
    command: str | None = None
    url: str | None = None


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of one gate for one head."""

    id: Gate
    status: GateStatus
    summary: str
    sha: str
    checked_at: datetime
    evidence: tuple[str, ...] = ()
    evidence_url: str | None = None
    can_unblock: tuple[Unblock, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found, before the gate's id, SHA and time are put to it."""

    status: GateStatus
    summary: str
    evidence: tuple[str, ...] = ()
    evidence_url: str | None = None
    can_unblock: tuple[Unblock, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One gate: the sources it needs and the function that judges them."""

    gate: Gate
    title: str
    reads: frozenset[Source]
    judge: Callable[[GateFacts], Finding]


def passed(summary: str, *evidence: str, url: str | None = None) -> Finding:
    """Say that the gate holds, with what proves it."""
    return Finding(
        status=GateStatus.PASS, summary=summary, evidence=tuple(evidence), evidence_url=url
    )


def failed(
    summary: str, *unblock: Unblock, evidence: tuple[str, ...] = (), url: str | None = None
) -> Finding:
    """Say that the gate does not hold and who can change that."""
    return Finding(
        status=GateStatus.FAIL,
        summary=summary,
        evidence=evidence,
        evidence_url=url,
        can_unblock=unblock,
    )


def pending(summary: str, *unblock: Unblock, evidence: tuple[str, ...] = ()) -> Finding:
    """Say that the gate may hold by itself after a while."""
    return Finding(
        status=GateStatus.PENDING, summary=summary, evidence=evidence, can_unblock=unblock
    )


def unknown(summary: str, *unblock: Unblock, evidence: tuple[str, ...] = ()) -> Finding:
    """Say that nobody can tell, which never lets a merge happen."""
    return Finding(
        status=GateStatus.UNKNOWN, summary=summary, evidence=evidence, can_unblock=unblock
    )
