"""CODEOWNERS: for every touched path, one of its owners approved exactly this head.

As on GitHub the last matching line decides, and a line without owners asks for nobody. An owner
given by e-mail never equals an account's name, so it is named as the obstacle. Owners are people:
an account that the rig acts with does not approve in their place.
"""

import re

import codeowners

from rigtasks.gate.approvals import approvals_at_head
from rigtasks.gate.facts import Codeowners, GateFacts, Review, Source
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed, unknown


def judge(facts: GateFacts) -> Finding:
    """Judge whether the owners of the touched paths approved the head."""
    declared = facts.codeowners
    if declared is None:
        return passed("no CODEOWNERS on the base branch")
    if facts.change.truncated or facts.change.head_sha != facts.head_sha:
        return unknown("the list of touched paths is not complete for this head")
    try:
        owners = codeowners.CodeOwners(_without_comments(declared.text))
    except (ValueError, re.error) as problem:
        return unknown(
            f"{declared.path} cannot be understood: {problem}",
            Unblock(who="a maintainer", how=f"corrects {declared.path}"),
        )
    agents = facts.accounts.agent_ids
    approvals = tuple(one for one in approvals_at_head(facts) if one.reviewer_id not in agents)
    missing: dict[str, list[str]] = {}
    for path in facts.change.paths:
        wanted = [name for _, name in owners.of(path)]
        if wanted and not any(_approved(name, declared, approvals) for name in wanted):
            missing.setdefault(" or ".join(wanted), []).append(path)
    return _finding(facts, declared, missing)


def _finding(facts: GateFacts, declared: Codeowners, missing: dict[str, list[str]]) -> Finding:
    if not missing:
        return passed("satisfied for every touched path", f"{declared.path} of the base branch")
    unread = sorted(team.slug for team in declared.teams if team.member_ids is None)
    summary = "; ".join(
        f"needs {owners} ({paths[0]}{f' and {len(paths) - 1} more' if paths[1:] else ''})"
        for owners, paths in sorted(missing.items())
    )
    if unread:
        return unknown(
            f"{summary}; the members of {', '.join(unread)} could not be read",
            Unblock(
                who="the operator of the rig", how="lets the rig read the organisation's teams"
            ),
        )
    unblock = tuple(
        Unblock(who=owners, how="approves this head", url=facts.pull_request.url)
        for owners in sorted(missing)
    )
    evidence = tuple(path for paths in missing.values() for path in paths)
    return failed(summary, *unblock, evidence=evidence)


def _without_comments(text: str) -> str:
    """Cut comments at the end of a line, or an owner named in one would count."""
    return "\n".join(re.split(r"\s#", line, maxsplit=1)[0] for line in text.splitlines())


def _approved(owner: str, declared: Codeowners, approvals: tuple[Review, ...]) -> bool:
    name = owner.removeprefix("@").casefold()
    if "/" not in name:
        return any(review.reviewer.casefold() == name for review in approvals)
    members = {
        member
        for team in declared.teams
        if team.slug.removeprefix("@").casefold() == name and team.member_ids is not None
        for member in team.member_ids
    }
    return any(review.reviewer_id in members for review in approvals)


RULE = Rule(
    gate=Gate.CODEOWNERS,
    title="CODEOWNERS",
    reads=frozenset(
        {
            Source.PULL_REQUEST,
            Source.REVIEWS,
            Source.COMMITS,
            Source.FILES,
            Source.CODEOWNERS,
        }
    ),
    judge=judge,
)
