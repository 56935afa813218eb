"""What only a person may allow, and the records of a person having done so."""

from datetime import datetime

import msgspec


class HumanGateReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a person has to look: the rule that matched, where, and what it means."""

    rule: str
    path: str
    summary: str


class Clearance(msgspec.Struct, frozen=True, kw_only=True):
    """A person's approval of one exact head."""

    head_sha: str
    by_id: int
    by: str
    by_person: bool
    at: datetime


class LabelGrant(msgspec.Struct, frozen=True, kw_only=True):
    """Who put a label that allows something."""

    label: str
    by_id: int
    by: str
    by_person: bool
    at: datetime


class TamperFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A weakened test or a touched protected file; only a clearable one yields to a person."""

    kind: str
    path: str
    summary: str
    clearable: bool = True


class TamperReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the diff policy found in the whole change at `head_sha`."""

    head_sha: str
    findings: tuple[TamperFinding, ...] = ()
