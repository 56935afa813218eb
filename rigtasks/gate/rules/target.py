"""The pull request is open and ready, aims at an allowed base and merges cleanly."""

from rigtasks.gate.facts import GateFacts, Source
from rigtasks.gate.result import Finding, Gate, Rule, Unblock, failed, passed, pending
from rigtasks.gate.rules.ci import (
    Colour,
    colour_of,
    is_own_check,
    newest_at_head,
    own_check_is_required,
)


def judge_pull_request(facts: GateFacts) -> Finding:
    """Judge whether the pull request is open, not merged and not a draft."""
    pull = facts.pull_request
    reopen = Unblock(who="a maintainer", how="reopens the pull request", url=pull.url)
    if pull.merged:
        return failed("it is already merged")
    if pull.state != "open":
        return failed(f"it is {pull.state}", reopen)
    if pull.draft:
        ready = Unblock(who="the author", how="marks it ready for review", url=pull.url)
        return failed("it is a draft", ready)
    return passed("open and ready for review", pull.url)


def judge_base(facts: GateFacts) -> Finding:
    """Judge whether branch and base are those the rig may merge."""
    pull = facts.pull_request
    if pull.head_repository_id != facts.repository_id:
        return failed(
            "the branch belongs to another repository",
            Unblock(who="a maintainer", how="merges pull requests from forks by hand"),
        )
    if pull.base_ref not in facts.allowed_bases or pull.base_ref == pull.head_ref:
        return failed(
            f"base {pull.base_ref} is not one of {', '.join(facts.allowed_bases) or 'none'}",
            Unblock(who="the author agent", how="changes the base", url=pull.url),
        )
    return passed(f"{pull.base_ref} at {pull.base_sha}")


def judge_mergeable(facts: GateFacts) -> Finding:
    """Judge GitHub's own opinion, which may lag behind and depend on our own check run."""
    pull = facts.pull_request
    if pull.mergeable is None or pull.mergeable_state == "unknown":
        return pending("GitHub is still computing whether it merges; asked again")
    update = Unblock(who="the author agent", how=f"merges {pull.base_ref} into the branch")
    if not pull.mergeable or pull.mergeable_state == "dirty":
        return failed(f"it conflicts with {pull.base_ref}", update)
    if pull.mergeable_state == "behind":
        return failed("the branch is behind its base", update)
    return _judge_state(facts)


def _judge_state(facts: GateFacts) -> Finding:
    """Accept a clean state, and one that only our own check run keeps from being clean."""
    pull = facts.pull_request
    match pull.mergeable_state:
        case "clean" | "has_hooks":
            return passed(f"GitHub says {pull.mergeable_state}")
        case "unstable" if _only_own_check_is_not_green(facts):
            return passed("GitHub says unstable, for this gate's own check run only")
        case "blocked" if own_check_is_required(facts) and not _own_check_is_green(facts):
            return passed("GitHub says blocked while this gate's own check run is not green")
        case state:
            how = "looks at what branch protection asks for"
            return failed(
                f"GitHub says {state}", Unblock(who="a maintainer", how=how, url=pull.url)
            )


def _only_own_check_is_not_green(facts: GateFacts) -> bool:
    others = newest_at_head(facts)
    own_exists = any(
        is_own_check(one, facts) and one.head_sha == facts.head_sha for one in facts.checks
    )
    return own_exists and all(
        colour_of(one, facts.skippable_checks) is Colour.GREEN for one in others
    )


def _own_check_is_green(facts: GateFacts) -> bool:
    own = [
        one for one in facts.checks if is_own_check(one, facts) and one.head_sha == facts.head_sha
    ]
    return bool(own) and colour_of(max(own, key=lambda one: one.id)) is Colour.GREEN


PULL_REQUEST = Rule(
    gate=Gate.PULL_REQUEST,
    title="Pull request",
    reads=frozenset({Source.PULL_REQUEST}),
    judge=judge_pull_request,
)
BASE = Rule(
    gate=Gate.BASE,
    title="Base",
    reads=frozenset({Source.PULL_REQUEST}),
    judge=judge_base,
)
MERGEABLE = Rule(
    gate=Gate.MERGEABLE,
    title="Mergeable",
    reads=frozenset({Source.PULL_REQUEST, Source.CHECKS, Source.PROTECTION}),
    judge=judge_mergeable,
)
