"""The base of every event and the few values that several of them carry."""

from typing import ClassVar

import msgspec

from rigtasks.budget.usage import Usage


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, in the past tense, as plain data.

    `type` is the stable name that is stored; `schema_version` is raised together with an upcaster
    whenever a field changes its meaning or goes away; `stream_kind` says which streams carry it.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1
    stream_kind: ClassVar[str] = "issue"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a run: prepare, implement, build, test or review, in the order they happened.

    `cost_micro_usd` is None where nobody could price it.
    """

    name: str
    status: str
    seconds: float
    cost_micro_usd: int | None = 0
    detail: str = ""


class FindingNote(msgspec.Struct, frozen=True, kw_only=True):
    """One remark of a review, bound to a line of the diff where `path` and `line` are given."""

    severity: str
    message: str
    path: str | None = None
    line: int | None = None


class CheckNote(msgspec.Struct, frozen=True, kw_only=True):
    """One check at a head: its name, its conclusion and the tail of what it printed."""

    name: str
    conclusion: str
    summary: str = ""


class Blocker(msgspec.Struct, frozen=True, kw_only=True):
    """One gate that does not hold, with its sentence."""

    gate: str
    status: str
    summary: str


__all__ = ["Blocker", "CheckNote", "Event", "FindingNote", "Step", "Usage"]
