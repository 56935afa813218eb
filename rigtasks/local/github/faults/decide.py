"""Decide which rules strike, from the plan, what happened before and the facts: pure.

Each rule draws from a stream of its own, named by its kind and its place among the rules of that
kind, and its n-th match always gets the n-th number. So a rule of another kind that is added or
taken away shifts nothing.
"""

import hashlib
import re
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from rigtasks.local.github.faults.plan import (
    AnyRule,
    Cut,
    DeliveryRule,
    ErrorAfter,
    ErrorBefore,
    FaultPlan,
    PrimaryLimit,
    RequestRule,
    SecondaryLimit,
    Slow,
    StaleRead,
    TokenExpires,
    Unauthorized,
    WebhookDelay,
    WebhookDrop,
    WebhookDuplicate,
    WebhookFail,
    WebhookReorder,
    kind_of,
)

ANONYMOUS = "anonymous"
_REFUSES, _READS, _SPOILS, _CUTS, _SLOWS, _LOSES, _DOUBLES, _DISPLACES, _DELAYS = range(9)
_STAGES: dict[type, int] = {
    ErrorBefore: _REFUSES,
    Unauthorized: _REFUSES,
    TokenExpires: _REFUSES,
    SecondaryLimit: _REFUSES,
    PrimaryLimit: _REFUSES,
    StaleRead: _READS,
    ErrorAfter: _SPOILS,
    Cut: _CUTS,
    Slow: _SLOWS,
    WebhookDrop: _LOSES,
    WebhookFail: _LOSES,
    WebhookDuplicate: _DOUBLES,
    WebhookReorder: _DISPLACES,
    WebhookDelay: _DELAYS,
}


class RequestFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One request.

    Attributes:
        caller: the login, `app/<slug>` or `anonymous`.
        has_token: whether it came with a token that was accepted.
        reads: whether it can change nothing.
        seconds: since the plan was put in place.
    """

    method: str
    path: str
    caller: str
    has_token: bool
    reads: bool
    seconds: float


class DeliveryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook about to be sent; `seconds` since the plan was put in place."""

    event: str
    action: str | None
    seconds: float

    @property
    def name(self) -> str:
        """Return `event.action`."""
        return self.event if self.action is None else f"{self.event}.{self.action}"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule has met: how many matches, and how many of them it spoiled."""

    matched: int = 0
    injected: int = 0


Facts = RequestFacts | DeliveryFacts


def at_the_start(plan: FaultPlan) -> tuple[Progress, ...]:
    """Return the progress of a plan nothing has met yet."""
    return (Progress(),) * len(plan.faults)


def decide(
    plan: FaultPlan, progress: tuple[Progress, ...], facts: Facts
) -> tuple[tuple[int, ...], tuple[Progress, ...]]:
    """Return which rules strike, by their places in the plan, and the progress afterwards.

    Of several that do the same to one request the first strikes, and what is refused is not spoiled
    a second time; the others keep their `times`.
    """
    streams = _streams(plan)
    moved = list(progress)
    struck: list[int] = []
    for place, rule in enumerate(plan.faults):
        if not _in_time(rule, facts.seconds) or not _matches(rule, facts):
            continue
        met = progress[place]
        number = met.matched + 1
        moved[place] = msgspec.structs.replace(met, matched=number)
        is_due = number > rule.skip and (rule.times is None or met.injected < rule.times)
        if is_due and draw(plan.seed, streams[place], number) < rule.chance:
            struck.append(place)
    chosen = _together(plan, struck)
    for place in chosen:
        moved[place] = msgspec.structs.replace(moved[place], injected=moved[place].injected + 1)
    return chosen, tuple(moved)


def draw(seed: int, stream: str, number: int) -> float:
    """Return the n-th number of a stream, at least 0 and below 1."""
    digest = hashlib.sha256(f"{seed}/{stream}/{number}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def path_matches(pattern: str, path: str) -> bool:
    """Tell whether an address is one the pattern means."""
    return _compiled(pattern).fullmatch(path) is not None


def _streams(plan: FaultPlan) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for rule in plan.faults:
        kind = kind_of(rule)
        seen[kind] = seen.get(kind, 0) + 1
        names.append(f"{kind}#{seen[kind]}")
    return names


def _in_time(rule: AnyRule, seconds: float) -> bool:
    return rule.after <= seconds and (rule.until is None or seconds < rule.until)


def _matches(rule: AnyRule, facts: Facts) -> bool:
    match rule, facts:
        case RequestRule(), RequestFacts():
            return _matches_request(rule, facts)
        case DeliveryRule(), DeliveryFacts():
            names = (facts.event, facts.name)
            patterns = rule.events or ("*",)
            return any(fnmatchcase(name, each) for name in names for each in patterns)
        case _:
            return False


def _matches_request(rule: RequestRule, facts: RequestFacts) -> bool:
    callers = {each.lower() for each in rule.callers}
    return (
        (not rule.methods or facts.method in rule.methods)
        and (not rule.paths or any(path_matches(each, facts.path) for each in rule.paths))
        and (not callers or facts.caller.lower() in callers)
        and _can_strike(rule, facts)
    )


def _can_strike(rule: RequestRule, facts: RequestFacts) -> bool:
    match rule:
        case TokenExpires():
            return facts.has_token
        case Unauthorized():
            return facts.caller != ANONYMOUS
        case StaleRead():
            return facts.reads
        case _:
            return True


def _together(plan: FaultPlan, struck: list[int]) -> tuple[int, ...]:
    by_stage: dict[int, int] = {}
    for place in struck:
        by_stage.setdefault(_STAGES[type(plan.faults[place])], place)
    if _REFUSES in by_stage:
        by_stage = {stage: by_stage[stage] for stage in by_stage.keys() - {_READS, _SPOILS}}
    if _LOSES in by_stage:
        by_stage = {_LOSES: by_stage[_LOSES]}
    return tuple(sorted(by_stage.values()))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", pattern)
    meanings = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts))
