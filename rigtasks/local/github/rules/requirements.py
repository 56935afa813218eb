"""What a branch asks for: its classic protection and its rulesets, each as one value."""

import re
from enum import StrEnum
from typing import Any

import msgspec

from rigtasks.local.github.access import role_of
from rigtasks.local.github.governance import Actors, Protection, RequiredCheck, Rule, Ruleset
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, AccountType, Repository

METHODS = frozenset({"merge", "squash", "rebase"})
_ROLE_IDS = {2: "maintain", 4: "write", 5: "admin"}


class Source(StrEnum):
    """Which of GitHub's two mechanisms asks."""

    PROTECTION = "protection"
    RULESET = "ruleset"


class QueueSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a `merge_queue` rule."""

    merge_method: str = "MERGE"
    max_entries_to_build: int = 5
    min_entries_to_merge: int = 1
    max_entries_to_merge: int = 5
    min_entries_to_merge_wait_minutes: int = 5
    grouping_strategy: str = "ALLGREEN"
    check_response_timeout_minutes: int = 60


class Requirements(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one source asks of a branch.

    `approvals` None asks for no pull request; `linear` also forbids merge commits.
    """

    source: Source
    approvals: int | None = None
    code_owners: bool = False
    last_push: bool = False
    dismiss_stale: bool = False
    threads: bool = False
    methods: frozenset[str] = METHODS
    checks: tuple[RequiredCheck, ...] = ()
    strict: bool = False
    checks_on_create: bool = True
    linear: bool = False
    signatures: bool = False
    no_force: bool = False
    no_deletion: bool = False
    no_creation: bool = False
    no_update: bool = False
    unlisted: bool = False
    queue: QueueSettings | None = None


class _PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    required_approving_review_count: int = 0
    require_code_owner_review: bool = False
    require_last_push_approval: bool = False
    dismiss_stale_reviews_on_push: bool = False
    required_review_thread_resolution: bool = False
    allowed_merge_methods: tuple[str, ...] = ("merge", "squash", "rebase")


class _RuleCheck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    context: str
    integration_id: int | None = None


class _StatusChecks(msgspec.Struct, frozen=True, kw_only=True):
    required_status_checks: tuple[_RuleCheck, ...] = ()
    strict_required_status_checks_policy: bool = False
    do_not_enforce_on_create: bool = False


_PARAMETERS: dict[str, type[msgspec.Struct] | None] = {
    "pull_request": _PullRequest,
    "required_status_checks": _StatusChecks,
    "merge_queue": QueueSettings,
    "required_linear_history": None,
    "required_signatures": None,
    "non_fast_forward": None,
    "deletion": None,
    "creation": None,
    "update": None,
}
"""The rule types that are enforced, with the values their parameters must fit."""


def complete(rule: Rule) -> Rule:
    """Return a rule with every parameter it can have.

    Raises:
        ValueError: an unknown type, or parameters that do not fit it.
    """
    if rule.type not in _PARAMETERS:
        raise ValueError(f"Invalid rule '{rule.type}'")
    kind = _PARAMETERS[rule.type]
    if kind is None:
        return rule
    parameters = msgspec.json.decode(msgspec.json.encode(msgspec.convert(rule.parameters, kind)))
    return Rule(type=rule.type, parameters=parameters)


def in_force(
    hub: Hub, repo: Repository, branch: str, actor: Account | None, *, pushing: bool = False
) -> list[Requirements]:
    """Return what binds somebody at a branch; `actor` None leaves nobody's bypass out."""
    found = []
    protection = hub.state.protections.first(repo.id, branch)
    if protection is not None and not _overrides(protection, repo, actor):
        found.append(_of_protection(hub, protection, actor))
    bound = [
        ruleset
        for ruleset in rulesets_of(hub, repo)
        if ruleset.enforcement == "active"
        and applies(repo, ruleset, branch)
        and bypass(hub, repo, ruleset, actor) not in _bypassing(pushing=pushing)
    ]
    if bound:
        found.append(_of_rulesets(bound))
    return found


def is_protected(hub: Hub, repo: Repository, branch: str) -> bool:
    """Tell whether anything protects a branch, by either mechanism."""
    return bool(in_force(hub, repo, branch, None))


def queue_settings(hub: Hub, repo: Repository, branch: str) -> QueueSettings | None:
    """Return how the merge queue of a branch works, or None where it has none."""
    asked = in_force(hub, repo, branch, None)
    return next((one.queue for one in asked if one.queue is not None), None)


def _bypassing(*, pushing: bool) -> set[str]:
    return {"always", "exempt"} if pushing else {"always", "exempt", "pull_request"}


def rulesets_of(hub: Hub, repo: Repository) -> list[Ruleset]:
    """Return the rulesets of a repository and those of its owner that name it."""
    return [
        ruleset
        for ruleset in hub.state.rulesets.of(repo.owner_id)
        if ruleset.repository_id == repo.id
        or (ruleset.repository_id is None and _names(ruleset, repo))
    ]


def _names(ruleset: Ruleset, repo: Repository) -> bool:
    return any(
        pattern == "~ALL" or re.fullmatch(_regular(pattern), repo.name) is not None
        for pattern in ruleset.repositories
    )


def applies(repo: Repository, ruleset: Ruleset, branch: str) -> bool:
    """Tell whether a ruleset's conditions name a branch."""

    def matches(pattern: str) -> bool:
        if pattern == "~DEFAULT_BRANCH":
            return branch == repo.default_branch
        return pattern == "~ALL" or bool(re.fullmatch(_regular(pattern), f"refs/heads/{branch}"))

    return any(map(matches, ruleset.include)) and not any(map(matches, ruleset.exclude))


def _regular(pattern: str) -> str:
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    words = {"*": "[^/]*", "**": ".*", "**/": "(?:.*/)?", "?": "[^/]"}
    return "".join(words.get(part, re.escape(part)) for part in parts)


def bypass(hub: Hub, repo: Repository, ruleset: Ruleset, actor: Account | None) -> str:
    """Return how somebody may bypass a ruleset: always, pull_request, exempt or never."""
    if actor is None:
        return "never"
    for listed in ruleset.bypass_actors:
        match listed.actor_type:
            case "RepositoryRole":
                named = _ROLE_IDS.get(listed.actor_id or 0)
                meant = named is not None and role_of(repo, actor) in {named, "admin"}
            case "OrganizationAdmin":
                meant = actor.type is AccountType.USER and role_of(repo, actor) == "admin"
            case "Team":
                meant = actor.id in _members(hub, listed.actor_id)
            case "Integration":
                meant = actor.id == _bot(hub, listed.actor_id)
            case _:
                meant = listed.actor_type == "User" and actor.id == listed.actor_id
        if meant:
            return listed.bypass_mode
    return "never"


def _members(hub: Hub, team_id: int | None) -> tuple[int, ...]:
    team = None if team_id is None else hub.state.teams.find(team_id)
    return () if team is None else team.member_ids


def _bot(hub: Hub, app_id: int | None) -> int | None:
    app = None if app_id is None else hub.state.apps.find(app_id)
    return None if app is None else app.bot_id


def is_listed(hub: Hub, actors: Actors, actor: Account | None) -> bool:
    """Tell whether somebody is among the people, teams and Apps of a rule."""
    if actor is None:
        return False
    return (
        actor.id in actors.users
        or any(actor.id in _members(hub, team) for team in actors.teams)
        or any(actor.id == _bot(hub, app) for app in actors.apps)
    )


def _overrides(protection: Protection, repo: Repository, actor: Account | None) -> bool:
    return (
        actor is not None
        and not protection.enforce_admins
        and actor.type is AccountType.USER
        and role_of(repo, actor) == "admin"
    )


def _of_protection(hub: Hub, row: Protection, actor: Account | None) -> Requirements:
    excused = is_listed(hub, row.bypass_pull_request_allowances, actor)
    listed = row.restrictions is None or is_listed(hub, row.restrictions, actor)
    return Requirements(
        source=Source.PROTECTION,
        approvals=None if excused else row.required_approving_review_count,
        code_owners=row.require_code_owner_reviews,
        last_push=row.require_last_push_approval,
        dismiss_stale=row.dismiss_stale_reviews,
        threads=row.required_conversation_resolution,
        methods=METHODS - {"merge"} if row.required_linear_history else METHODS,
        checks=row.checks,
        strict=row.strict,
        linear=row.required_linear_history,
        signatures=row.required_signatures,
        no_force=not row.allow_force_pushes,
        no_deletion=not row.allow_deletions,
        no_creation=row.block_creations and not listed,
        no_update=row.lock_branch,
        unlisted=actor is not None and not listed,
    )


def _of_rulesets(rulesets: list[Ruleset]) -> Requirements:
    rules = [rule for ruleset in rulesets for rule in ruleset.rules]
    types = {rule.type for rule in rules}
    pulls = _parsed(rules, "pull_request", _PullRequest)
    checks = _parsed(rules, "required_status_checks", _StatusChecks)
    queues = _parsed(rules, "merge_queue", QueueSettings)
    counts = [one.required_approving_review_count for one in pulls]
    methods = METHODS.intersection(*(one.allowed_merge_methods for one in pulls))
    linear = "required_linear_history" in types
    return Requirements(
        source=Source.RULESET,
        approvals=max(counts, default=None),
        code_owners=any(one.require_code_owner_review for one in pulls),
        last_push=any(one.require_last_push_approval for one in pulls),
        dismiss_stale=any(one.dismiss_stale_reviews_on_push for one in pulls),
        threads=any(one.required_review_thread_resolution for one in pulls),
        methods=methods - {"merge"} if linear else methods,
        checks=tuple(
            dict.fromkeys(
                RequiredCheck(context=check.context, app_id=check.integration_id)
                for one in checks
                for check in one.required_status_checks
            )
        ),
        strict=any(one.strict_required_status_checks_policy for one in checks),
        checks_on_create=any(not one.do_not_enforce_on_create for one in checks),
        linear=linear,
        signatures="required_signatures" in types,
        no_force="non_fast_forward" in types,
        no_deletion="deletion" in types,
        no_creation="creation" in types,
        no_update="update" in types,
        queue=queues[0] if queues else None,
    )


def _parsed(rules: list[Rule], name: str, kind: type[Any]) -> list[Any]:
    return [msgspec.convert(rule.parameters, kind) for rule in rules if rule.type == name]
