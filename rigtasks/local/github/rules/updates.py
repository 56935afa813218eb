"""What a push, or a call that moves a ref, is refused for."""

from enum import StrEnum

import msgspec

from rigtasks.local.github.git import ZERO, BareRepository
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, Repository
from rigtasks.local.github.rules.checks import missing_checks
from rigtasks.local.github.rules.requirements import Requirements, Source, in_force
from rigtasks.local.github.rules.verdicts import (
    LOCKED,
    NOT_LISTED,
    QUEUE_ONLY,
    UNSIGNED,
    merge_blockers,
)

_PULL_REQUEST = "Changes must be made through a pull request."
_CREATION = "Cannot create ref due to creations being restricted."
_MERGES = "This branch must not contain merge commits."
_FORCED = {
    Source.PROTECTION: "Cannot force-push to this protected branch",
    Source.RULESET: "Cannot force-push to this branch",
}
_DELETED = {
    Source.PROTECTION: "Cannot delete a protected branch",
    Source.RULESET: "Cannot delete this branch",
}


class When(StrEnum):
    """What must be true of the pushed commits for a refusal to count."""

    ALWAYS = "always"
    FORCED = "forced"
    MERGES = "merges"
    UNSIGNED = "unsigned"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One reason not to move a branch, in GitHub's words."""

    source: Source
    when: When
    words: str


def refusals(
    hub: Hub, repo: Repository, branch: str, old: str, new: str, actor: Account
) -> list[Refusal]:
    """Return every reason that could keep somebody from moving a branch.

    Args:
        hub: the sandbox.
        repo: whose branch.
        branch: its name.
        old: where it is; 40 zeros for a new one.
        new: where it shall be, which need not have arrived yet; 40 zeros to delete it.
        actor: who wants it.
    """
    found = []
    for asked in in_force(hub, repo, branch, actor, pushing=True):
        for when, words in _words(hub, repo, branch, old, new, asked):
            found.append(Refusal(source=asked.source, when=when, words=words))
    return found


def _words(
    hub: Hub, repo: Repository, branch: str, old: str, new: str, asked: Requirements
) -> list[tuple[When, str]]:
    if new == ZERO:
        return [(When.ALWAYS, _DELETED[asked.source])] if asked.no_deletion else []
    creating = old == ZERO
    found = [
        (
            When.ALWAYS,
            _CREATION if creating else LOCKED,
            asked.no_creation if creating else asked.no_update,
        ),
        (When.FORCED, _FORCED[asked.source], asked.no_force),
        (When.MERGES, _MERGES, asked.linear),
        (When.UNSIGNED, UNSIGNED, asked.signatures),
        (When.ALWAYS, NOT_LISTED, asked.unlisted),
    ]
    words = [(when, text) for when, text, holds in found if holds]
    if creating and asked.source is Source.PROTECTION:
        return words
    return words + [
        (When.ALWAYS, text)
        for text in _merging_words(hub, repo, branch, new, asked, creating=creating)
    ]


def _merging_words(
    hub: Hub, repo: Repository, branch: str, new: str, asked: Requirements, *, creating: bool
) -> list[str]:
    words = []
    if asked.queue is not None:
        words.append(QUEUE_ONLY)
    if asked.approvals is not None and not _is_ready_pull(hub, repo, branch, new):
        words.append(_PULL_REQUEST)
    if asked.checks_on_create or not creating:
        words += missing_checks(hub, repo, new, asked)
    return words


def _is_ready_pull(hub: Hub, repo: Repository, branch: str, sha: str) -> bool:
    """Tell whether a commit is the head of a pull request that could be merged into the branch."""
    for pull in hub.state.pulls.of(repo.id):
        half = hub.issue(repo, pull.number)
        is_open = half is not None and half.state == "open"
        if is_open and (pull.base_ref, pull.head_sha) == (branch, sha):
            return not merge_blockers(hub, repo, pull).every
    return False


def holds(git: BareRepository, refusal: Refusal, old: str, new: str) -> bool:
    """Tell whether a refusal counts for commits that are in the repository."""
    match refusal.when:
        case When.FORCED:
            return ZERO not in {old, new} and not git.is_ancestor(old, new)
        case When.MERGES:
            return bool(git.run("rev-list", "--merges", "--max-count=1", new, *_since(old)).strip())
        case When.UNSIGNED:
            listed = git.run("log", "--format=%H %G?", new, *_since(old))
            return any(line.endswith(" N") for line in listed.splitlines())
        case _:
            return True


def _since(old: str) -> list[str]:
    return ["--not", "--branches"] if old == ZERO else [f"^{old}"]


def in_words(found: list[Refusal]) -> str:
    """Return refusals as the calls that move refs answer them."""
    words = [one.words for one in found if one.source is Source.PROTECTION]
    listed = [one.words for one in found if one.source is Source.RULESET]
    if listed:
        words.append("Repository rule violations found\n\n" + "\n\n".join(listed) + "\n\n")
    return "\n".join(words)
