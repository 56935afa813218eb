"""CI: every required check is there and successful at the head, from the app it should be from.

Where branch protection requires nothing, every check that reported at the head must be successful,
at least one must exist, and no check suite may still be at it. A check the repository's own file
adds comes on top of either, so it can only restrict. The gate's own check run is left out, or it
would wait for itself.
"""

from enum import StrEnum

import msgspec

from rigtasks.gate.facts import (
    CheckKind,
    CheckSuite,
    GateFacts,
    ObservedCheck,
    RequiredBy,
    RequiredCheck,
    Source,
)
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed, pending
from rigtasks.gate.suites import ended_unchecked, is_idle, may_report, suites_at_head

#: The name of the check run in which the rig shows its own verdict.
GATE_CHECK = "rig/merge-gate"

_RED = frozenset({"failure", "error", "timed_out", "startup_failure", "action_required"})
_IDLE = frozenset({"skipped", "neutral"})


class Colour(StrEnum):
    """What a check means; only green counts and only red says that the work is wrong."""

    GREEN = "green"
    RED = "red"
    RUNNING = "running"
    NOT_GREEN = "not_green"
    MISSING = "missing"


class CheckVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One name that has to be green, with the observation that decides about it."""

    name: str
    colour: Colour
    summary: str
    check: ObservedCheck | None = None


def colour_of(check: ObservedCheck, skippable: frozenset[str] = frozenset()) -> Colour:
    """Return what a check's status and conclusion mean; words we do not know are not green."""
    if check.status != "completed":
        return Colour.RUNNING
    if check.conclusion == "success":
        return Colour.GREEN
    if check.conclusion in _IDLE and check.name in skippable:
        return Colour.GREEN
    return Colour.RED if check.conclusion in _RED else Colour.NOT_GREEN


def newest_at_head(facts: GateFacts) -> tuple[ObservedCheck, ...]:
    """Return the newest observation per name, kind and app at the head, without our own."""
    newest: dict[tuple[str, CheckKind, int | None, str], ObservedCheck] = {}
    for check in facts.checks:
        if check.head_sha != facts.head_sha or is_own_check(check, facts):
            continue
        key = (check.name, check.kind, check.app_id, check.app_slug)
        known = newest.get(key)
        if known is None or _newer(check, known):
            newest[key] = check
    return tuple(sorted(newest.values(), key=lambda one: (one.name, one.kind, one.id)))


def _newer(check: ObservedCheck, known: ObservedCheck) -> bool:
    """Compare by id; of two readings of one check the one that is not green counts."""
    if check.id != known.id:
        return check.id > known.id
    return colour_of(check) is not Colour.GREEN


def is_own_check(check: ObservedCheck, facts: GateFacts) -> bool:
    """Say whether a check run is the gate's own report, which only the conductor's app can post."""
    return (
        check.name == GATE_CHECK
        and check.app_id is not None
        and check.app_id == facts.accounts.conductor_app_id
    )


def own_check_is_required(facts: GateFacts) -> bool:
    """Say whether branch protection waits for the gate's own check run."""
    return any(_is_own_requirement(one, facts) for one in facts.required_checks)


def check_verdicts(facts: GateFacts) -> tuple[CheckVerdict, ...]:
    """Return a verdict for every name that has to be green at the head.

    Empty only where nothing is required and nothing has reported, which is not green either.
    """
    observed = newest_at_head(facts)
    required = _requirements(facts)
    verdicts = [verdict for one in required for verdict in _judge_required(one, observed, facts)]
    if every_report_counts(facts):
        judged = {verdict.check for verdict in verdicts}
        verdicts += [_judge(check, facts) for check in observed if check not in judged]
    return tuple(verdicts)


def every_report_counts(facts: GateFacts) -> bool:
    """Say whether all that reports must be green, because protection names no check."""
    required = _requirements(facts)
    return not any(one.required_by is RequiredBy.PROTECTION for one in required)


def suite_verdicts(facts: GateFacts) -> tuple[CheckVerdict, ...]:
    """Return a verdict for every suite at the head that keeps what reported from being all."""
    if not every_report_counts(facts):
        return ()
    found = (_judge_suite(suite, facts) for suite in suites_at_head(facts))
    return tuple(verdict for verdict in found if verdict is not None)


def judge(facts: GateFacts) -> Finding:
    """Judge CI at the head."""
    checks = check_verdicts(facts)
    verdicts = (*checks, *suite_verdicts(facts))
    if not verdicts:
        return pending(
            "no check has reported at this head and none is required; nothing proves the change",
            Unblock(
                who="a maintainer",
                how="add a workflow that runs on pull requests, or wait for the first check",
            ),
        )
    bad = [one for one in verdicts if one.colour is not Colour.GREEN]
    evidence = tuple(one.summary for one in verdicts)
    if not bad:
        passing = f"{len(checks)} of {len(checks)} checks successful"
        return passed(passing, *evidence, *_idle_suites(facts))
    summary = "; ".join(one.summary for one in bad)
    if all(one.colour in (Colour.MISSING, Colour.RUNNING) for one in bad):
        return pending(summary, _unblock(bad[0]), evidence=evidence)
    first = next(one for one in bad if one.colour not in (Colour.MISSING, Colour.RUNNING))
    url = first.check.url if first.check else None
    return failed(summary, _unblock(first), evidence=evidence, url=url)


def _requirements(facts: GateFacts) -> tuple[RequiredCheck, ...]:
    return tuple(one for one in facts.required_checks if not _is_own_requirement(one, facts))


def _is_own_requirement(required: RequiredCheck, facts: GateFacts) -> bool:
    own = facts.accounts.conductor_app_id
    return own is not None and required.name == GATE_CHECK and required.app_id in (None, own)


def _judge_required(
    required: RequiredCheck, observed: tuple[ObservedCheck, ...], facts: GateFacts
) -> list[CheckVerdict]:
    """Judge every source of a required name; one that the wrong app reported is missing."""
    named = [check for check in observed if check.name == required.name]
    right = [check for check in named if _from_expected_app(check, required, facts)]
    if right:
        return [_judge(check, facts) for check in right]
    strangers = ", ".join(sorted({check.app_slug or "unknown" for check in named}))
    if strangers:
        wanted = "an app that is not the author's"
        if required.app_id is not None:
            wanted = f"app {required.app_id}"
        summary = f"{required.name}: reported by {strangers}, expected from {wanted}"
        return [CheckVerdict(name=required.name, colour=Colour.MISSING, summary=summary)]
    summary = f"{required.name}: required, has not reported at this head"
    return [CheckVerdict(name=required.name, colour=Colour.MISSING, summary=summary)]


def _from_expected_app(check: ObservedCheck, required: RequiredCheck, facts: GateFacts) -> bool:
    if required.app_id is not None:
        return check.app_id == required.app_id
    return check.app_id not in facts.accounts.author_app_ids


def _judge(check: ObservedCheck, facts: GateFacts) -> CheckVerdict:
    colour = colour_of(check, facts.skippable_checks)
    if colour is Colour.GREEN and check.app_id in facts.accounts.author_app_ids:
        summary = f"{check.name}: green only by the author's own app {check.app_slug}"
        return CheckVerdict(name=check.name, colour=Colour.NOT_GREEN, summary=summary, check=check)
    word = check.conclusion if check.status == "completed" else check.status
    summary = f"{check.name} ({check.app_slug or check.kind.value}): {word}"
    return CheckVerdict(name=check.name, colour=colour, summary=summary, check=check)


def _judge_suite(suite: CheckSuite, facts: GateFacts) -> CheckVerdict | None:
    name = _suite_name(suite)
    if may_report(suite, facts):
        summary = f"checks of {name}: {suite.status or 'queued'}, more may come"
        return CheckVerdict(name=name, colour=Colour.RUNNING, summary=summary)
    if ended_unchecked(suite):
        summary = f"checks of {name}: {suite.conclusion}, without a check"
        return CheckVerdict(name=name, colour=Colour.NOT_GREEN, summary=summary)
    return None


def _idle_suites(facts: GateFacts) -> tuple[str, ...]:
    if not every_report_counts(facts):
        return ()
    return tuple(
        f"{_suite_name(one)}: opened and never begun, not waited for"
        for one in suites_at_head(facts)
        if is_idle(one, facts)
    )


def _suite_name(suite: CheckSuite) -> str:
    return f"{suite.app_slug or 'an App'} (suite {suite.id})"


def _unblock(verdict: CheckVerdict) -> Unblock:
    url = verdict.check.url if verdict.check else None
    match verdict.colour:
        case Colour.RED:
            return Unblock(who="the author agent", how=f"fix what {verdict.name} reports", url=url)
        case Colour.RUNNING:
            return Unblock(who="CI", how=f"{verdict.name} is still running", url=url)
        case Colour.MISSING:
            how = f"start {verdict.name} on this head, or correct the list of required checks"
            return Unblock(who="a maintainer", how=how, url=url)
        case Colour.NOT_GREEN | Colour.GREEN:
            return Unblock(who="a maintainer", how=f"run {verdict.name} again", url=url)


RULE = Rule(
    gate=Gate.CI,
    title="CI",
    reads=frozenset({Source.PULL_REQUEST, Source.CHECKS, Source.PROTECTION}),
    judge=judge,
)
