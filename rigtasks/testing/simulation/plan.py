"""What one seed does: its size, and which kinds of faults it knows."""

import random
from enum import StrEnum

import msgspec

#: How large a seed is: so many issues, and so many steps of chaos for each before all is healed.
MOST_ISSUES = 3
CHAOS_STEPS = 240
#: The shares of all kinds of faults that a seed knows.
SHARES = (0.15, 0.25, 0.25, 0.5)


class Fault(StrEnum):
    """The kinds of faults, each with its number in the fault matrix."""

    WORKER_DIES = "worker_dies"  # A01, A02
    WORKER_FREEZES = "worker_freezes"  # A04, A05
    WORKER_LEAVES = "worker_leaves"  # A48: a redeployment
    AGENT_FAILS = "agent_fails"  # A06, A07, A08
    AGENT_LIMITED = "agent_limited"  # A09
    AGENT_HOSTILE = "agent_hostile"  # A10
    BUDGET = "budget"  # A52
    CONDUCTOR_DIES = "conductor_dies"  # A11 on the conductor's side
    BEAT_STOPS = "beat_stops"  # A13
    TWO_BEATS = "two_beats"  # A14
    RELAY_DIES = "relay_dies"  # A15
    RECEIVER_DOWN = "receiver_down"  # A12
    REDIS_FLUSHED = "redis_flushed"  # A16, A17
    REDIS_DOWN = "redis_down"  # A19, A20, A21
    REDIS_FORGETS = "redis_forgets"  # A22: the newest messages are gone
    MESSAGE_TWICE = "message_twice"  # A18: a connection broke, and a message is there again
    POISON_HINT = "poison_hint"  # A23
    STORE_CONFLICT = "store_conflict"  # A24, A25: an append that has to be decided again
    STORE_AWAY = "store_away"  # A24, A28, A29: Postgres does not answer for a while
    CLOCK_BACK = "clock_back"  # A33
    WEBHOOK_TWICE = "webhook_twice"  # A35
    WEBHOOK_TWINS = "webhook_twins"  # A36: the same under another id
    WEBHOOK_LATE = "webhook_late"  # A39: hours late, then all at once
    WEBHOOK_DISORDER = "webhook_disorder"  # A37
    WEBHOOK_LOST = "webhook_lost"  # A38
    WEBHOOK_NONE = "webhook_none"  # A38 at 100 %
    GITHUB_BEFORE = "github_before"  # A40 before the effect
    GITHUB_AFTER = "github_after"  # A40 after the effect
    GITHUB_LIMITS = "github_limits"  # A41
    GITHUB_REFUSES = "github_refuses"  # A41: a permission, or a token that is not known yet
    APP_REMOVED = "app_removed"  # A41: no permission
    RENAMED = "renamed"  # A42
    GITHUB_LAGS = "github_lags"  # A43
    HEAD_MOVES = "head_moves"  # A44
    BASE_MOVES = "base_moves"  # A44
    OTHERS_MERGE = "others_merge"  # A44
    CI_FLIPS = "ci_flips"  # A45
    CI_SLOW = "ci_slow"  # A45: none, zero so far
    CHECKS_OF_OTHERS = "checks_of_others"  # A45: from the wrong app, and of other names
    MERGE_FORBIDDEN = "merge_forbidden"  # A46
    APPROVAL_TAKEN_BACK = "approval_taken_back"  # A47
    PEOPLE_CHANGE_THEIR_MIND = "people_change_their_mind"
    PEOPLE_VETO = "people_veto"  # B5: a label holds the merge back
    PEOPLE_PAUSE = "people_pause"
    CONFIG_CHANGES = "config_changes"  # B4
    INTERLEAVED = "interleaved"  # another process acts in the middle of a handler


class Curse(StrEnum):
    """What never goes well with the first issue of a seed, healed or not: caps have to end it."""

    STUBBORN = "its reviewer always asks for changes"
    HOPELESS = "its agent always fails"
    POISON = "its worker always dies"
    OVERTAKEN = "somebody always lands a change first that clashes with it"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One seed with everything that follows from it; shrinking makes a smaller one."""

    seed: int
    issues: int
    steps: int
    faults: frozenset[Fault]
    curse: Curse | None = None
    mutant: str = ""


def plan_of(seed: int, *, mutant: str = "") -> Plan:
    """Return the plan of a seed: some of all faults, few or many of them.

    Where many meet, little gets as far as a merge; where few do, each has its way up to there.
    """
    chance = random.Random(seed)  # noqa: S311  # repeatable, and no secret
    curse = chance.choice((*Curse, *[None] * 14))
    issues, share = chance.randint(1, MOST_ISSUES), chance.choice(SHARES)
    faults = frozenset(fault for fault in Fault if chance.random() < share)
    return Plan(
        seed=seed,
        issues=issues,
        steps=issues * chance.randint(CHAOS_STEPS // 4, CHAOS_STEPS),
        faults=faults,
        curse=curse,
        mutant=mutant,
    )
