"""See what the rig's own merges made of the branches they went into."""

from uuid import UUID, uuid5

import msgspec

from rigtasks.conductor.context import CONDUCTOR, Conductor
from rigtasks.conductor.observed_checks import observed_checks
from rigtasks.errors import RigError
from rigtasks.eventstore.queries import IssueSummary
from rigtasks.gate.facts import ObservedCheck
from rigtasks.gate.rules.ci import GATE_CHECK, Colour, colour_of
from rigtasks.github.errors import RateLimited
from rigtasks.github.identities import Role
from rigtasks.lifecycle.commands import RecordBaseCi
from rigtasks.lifecycle.events.acceptance import Merged
from rigtasks.lifecycle.events.base import CheckNote
from rigtasks.lifecycle.state import IssueState

_LOOKS = UUID("9a6f1a0e-0a7d-4f0c-8f6e-6f2a4f0f5d11")
_BEFORE = "red before this merge as well"


class BaseCi(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks at a merge commit amount to."""

    green: bool
    checks: tuple[CheckNote, ...]


def judge_base(
    after: tuple[ObservedCheck, ...], before: tuple[ObservedCheck, ...]
) -> BaseCi | None:
    """Return what a merge made of its base branch, None while that cannot be said.

    Red is what went wrong at the merge commit and was not red at the commit before it: a check that
    was cancelled, skipped or red all along is not laid at this merge's door.

    Args:
        after: the newest checks at the merge commit.
        before: at the commit it was merged into.
    """
    counted = [one for one in after if one.name != GATE_CHECK]
    known = {one.name for one in before if colour_of(one) is Colour.RED}
    red = [one for one in counted if colour_of(one) is Colour.RED]
    new = [one for one in red if one.name not in known]
    if new:
        return BaseCi(green=False, checks=tuple(_note(one, known) for one in red))
    if not counted or any(one.status != "completed" for one in counted):
        return None
    return BaseCi(green=True, checks=tuple(_note(one, known) for one in counted))


def _note(check: ObservedCheck, known: set[str]) -> CheckNote:
    said = check.conclusion or check.status
    was_red = colour_of(check) is Colour.RED and check.name in known
    return CheckNote(name=check.name, conclusion=said, summary=_BEFORE if was_red else "")


def watch_base_branches(conductor: Conductor, *, seconds: float) -> str:
    """Look at each of the rig's merges of the last seconds whose checks did not tell yet.

    Where a limit is met, nothing more is asked for the same owner: installations are theirs.

    Raises:
        RigError: the first of those that could not be looked at; all others were.
    """
    counts = {"red": 0, "green": 0, "open": 0}
    errors: list[RigError] = []
    limited: set[str] = set()
    for issue in conductor.stores.issues.done_lately(seconds=seconds):
        owner = issue.repo.partition("/")[0].lower()
        if owner in limited:
            continue
        try:
            outcome = _look(conductor, issue)
        except RateLimited as error:
            limited.add(owner)
            errors.append(error)
            continue
        except RigError as error:
            errors.append(error)
            continue
        if outcome is not None:
            counts[outcome] += 1
    if errors:
        raise errors[0]
    return ", ".join(f"{count} {colour}" for colour, count in counts.items())


def _look(conductor: Conductor, issue: IssueSummary) -> str | None:
    """Record what a merge led to; None where it is known, or was not the rig's."""
    state = conductor.stores.events.load(issue.stream).state
    merged = _merge_of(conductor, issue.stream)
    if state is None or merged is None or state.ci_sha == merged.merge_sha:
        return None
    found = _judge(conductor, state, merged)
    if found is None:
        return "open"
    conductor.shell.tell(
        issue.stream,
        RecordBaseCi(merge_sha=merged.merge_sha, green=found.green, checks=found.checks),
        actor=CONDUCTOR,
        cause=uuid5(_LOOKS, f"{issue.stream} {merged.merge_sha}"),
    )
    return "green" if found.green else "red"


def _judge(conductor: Conductor, state: IssueState, merged: Merged) -> BaseCi | None:
    api = conductor.api(Role.CONDUCTOR, state)
    after = observed_checks(api, merged.merge_sha)
    suspicious = any(colour_of(one) is Colour.RED for one in after)
    before = observed_checks(api, merged.certificate.base_sha) if suspicious else ()
    return judge_base(after, before)


def _merge_of(conductor: Conductor, stream: str) -> Merged | None:
    found = (one.event for one in conductor.stores.events.events(stream))
    return next((event for event in found if isinstance(event, Merged)), None)
