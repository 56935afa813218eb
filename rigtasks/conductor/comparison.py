"""Compare what GitHub lists with what the rig holds, and name what has to be looked at.

Pure. A repair is no change but a reason to look: whoever carries it out reads GitHub again and
decides as after a webhook, so a list that is a moment old does no harm.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from rigtasks.conductor.attention import Attention, Matter
from rigtasks.github.identities import RepositoryRef
from rigtasks.lifecycle.state import TERMINAL, Lane


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """An open issue with the label.

    `labelled_at` is None where nobody had to ask because the rig does not know the issue.
    """

    number: int
    labelled_at: datetime | None = None


class OpenPull(msgspec.Struct, frozen=True, kw_only=True):
    """An open pull request."""

    number: int
    head_sha: str


class MergedPull(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request that was merged, with the issues its body closes."""

    number: int
    merged_at: datetime
    closes: frozenset[int]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What GitHub lists of one repository."""

    repository: RepositoryRef
    label: str
    labelled: tuple[Labelled, ...]
    open_pulls: tuple[OpenPull, ...]
    merged_pulls: tuple[MergedPull, ...]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The newest generation of an issue as the rig holds it.

    Args:
        labelled_at: when the label was set that it was approved by, None where it never was.
        refused: nothing but a new label leads on.
    """

    number: int
    lane: Lane
    entered_at: datetime
    approved_at: datetime | None
    labelled_at: datetime | None
    refused: bool
    pr: int | None
    head_sha: str | None

    @property
    def ended(self) -> bool:
        """Say whether the rig is done with it."""
        return self.lane in TERMINAL


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at, and what was seen that the rig may not know, in words."""

    attention: Attention
    found: str


def compare(listed: Listed, held: tuple[Held, ...]) -> tuple[Finding, ...]:
    """Return what has to be looked at, an issue at most once.

    Args:
        listed: what GitHub says.
        held: every issue of the repository that has not ended, and every labelled one.
    """
    known = {one.number: one for one in held}
    labelled = {one.number: one for one in listed.labelled}
    findings = [_label(listed, one, known.get(one.number)) for one in listed.labelled]
    found = {one.attention.number: one for one in findings if one is not None}
    for issue in held:
        if issue.ended or issue.number in found:
            continue
        for one in _issue(listed, issue, labelled=issue.number in labelled):
            found.setdefault(issue.number, one)
    return tuple(found[number] for number in sorted(found))


def _label(listed: Listed, label: Labelled, known: Held | None) -> Finding | None:
    """Return the finding about a label that the rig did not hear of."""
    if known is None:
        return finding(listed.repository, Matter.INTAKE, label.number, "the label was not taken in")
    at = label.labelled_at
    if at is None or (known.labelled_at is not None and at <= known.labelled_at):
        return None
    if (known.ended or known.refused) and at <= known.entered_at:
        return None
    return finding(listed.repository, Matter.INTAKE, label.number, "the label was set again")


def _issue(listed: Listed, issue: Held, *, labelled: bool) -> Iterator[Finding]:
    """Yield the findings about an issue the rig works on, the one to act on first."""
    pulls = {one.number: one for one in listed.open_pulls}
    if issue.pr is not None:
        pull = pulls.get(issue.pr)
        if pull is None:
            words = f"pull request #{issue.pr} is not open any more"
        elif pull.head_sha != issue.head_sha:
            words = f"the head of pull request #{issue.pr} is {pull.head_sha}"
        else:
            words = f"pull request #{issue.pr} has checks, reviews or threads not heard of"
        if pull is None or labelled:
            yield finding(listed.repository, Matter.PULL_REQUEST, issue.pr, words)
    if not labelled:
        words = f"the issue is closed or has no label {listed.label}"
        yield finding(listed.repository, Matter.WITHDRAWAL, issue.number, words)
    solved = next((one for one in listed.merged_pulls if _solves(one, issue)), None)
    if solved is not None:
        words = f"pull request #{solved.number}, which closes it, was merged"
        yield finding(listed.repository, Matter.SOLVED, issue.number, words)


def _solves(pull: MergedPull, issue: Held) -> bool:
    waits = issue.lane is Lane.QUEUED and issue.approved_at is not None
    return (
        waits
        and issue.number in pull.closes
        and pull.number != issue.pr
        and not merged_before(
            pull.merged_at, labelled_at=issue.labelled_at, approved_at=issue.approved_at
        )
    )


def merged_before(
    merged_at: datetime, *, labelled_at: datetime | None, approved_at: datetime | None
) -> bool:
    """Say whether something was merged before an issue was approved, so that intake judged it.

    GitHub's times are whole seconds of its own clock, so the label's time is what a merge is held
    against, and two in one second are not told apart: that merge still has to be looked at.

    Args:
        merged_at: when, by GitHub.
        labelled_at: when the label was set, by GitHub; None where it did not say.
        approved_at: when the rig recorded the approval, by its own clock.
    """
    since = labelled_at or approved_at
    return since is not None and merged_at < since.replace(microsecond=0)


def finding(repository: RepositoryRef, matter: Matter, number: int, found: str) -> Finding:
    """Return what has to be looked at, because of what was seen.

    Args:
        repository: where.
        matter: which kind of look.
        number: of the issue or pull request.
        found: what was seen, in words.
    """
    attention = Attention(
        matter=matter,
        repo_id=repository.id,
        repo=repository.full_name,
        number=number,
        by="somebody on GitHub",
        reason=found,
    )
    return Finding(attention=attention, found=found)
