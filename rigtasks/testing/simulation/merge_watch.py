"""I6, I9, I17 and I18 at the moment of a merge, judged on GitHub's own state, not by the gate."""

import re
from datetime import timedelta

from rigtasks.github.identities import Role
from rigtasks.lifecycle.state import IssueState
from rigtasks.routing.agent_config import CONFIG_PATH
from rigtasks.routing.labels import READY
from rigtasks.testing.memory_github.commits import blob_sha
from rigtasks.testing.memory_github.hub import CI_APP
from rigtasks.testing.memory_github.model import Pull
from rigtasks.testing.simulation.world import World

#: How long a suite without a check is waited for.
_PATIENCE = timedelta(minutes=5)
_SENSITIVE = re.compile(r"auth|payment|migration|schema")


def merge_faults(world: World, number: int, *, guarded_only: bool) -> list[str]:
    """Return every reason why this pull request must not be merged now.

    Args:
        world: where it would be merged.
        number: of the pull request.
        guarded_only: leave out what may have changed since the gate read it: GitHub's merge call
            guards the head alone, so another process may act in between.
    """
    pull = world.shop.pulls[number]
    state = state_of(world, number)
    if state is None:
        return ["I6: no issue of the rig has this pull request"]
    found = [*_at_head(world, pull, state)]
    if not guarded_only:
        found += _around(world, pull, state)
    return found


def state_of(world: World, number: int) -> IssueState | None:
    """Return the newest issue that a pull request is for."""
    states = [fold.state for fold in world.database.folds.values() if fold.state is not None]
    own = [one for one in states if one.pr is not None and one.pr.number == number]
    return max(own, key=lambda one: one.generation, default=None)


def _at_head(world: World, pull: Pull, state: IssueState) -> list[str]:
    """Judge what was true of exactly this commit."""
    repo, found = world.shop, []
    if state.head_sha != pull.head_sha:
        found.append("I8: the stream stands at another head")
    if f"closes #{state.number}" not in pull.issue.body.lower():
        found.append("I6: the body does not close the issue")
    if pull.base_ref != "main" or pull.draft:
        found.append("I6: not a finished pull request into main")
    base = repo.graph.merge_base(repo.branches["main"], pull.head_sha) or ""
    commits = repo.graph.between(base, pull.head_sha)
    involved = {one.author.id for one in commits if one.author} | {pull.issue.user.id}
    reviewer = world.hub.bot(Role.REVIEWER).id
    given = [one for one in pull.reviews if one.commit_id == pull.head_sha]
    approvers = {one.user.id for one in given if one.state in {"APPROVED", "DISMISSED"}}
    if not approvers - involved:
        found.append("I6: nobody approved this head who has no part in it")
    if approvers and not (approvers - involved) & ({reviewer} | _writers(world)):
        found.append("I9: the approver is nobody who may approve")
    changed = {one.path for one in repo.graph.changes(base, pull.head_sha)}
    if any(path.startswith(".github/") for path in changed):
        found.append("I9: it changes the workflows")
    human = approvers & _writers(world) or state.gate_cleared_sha == pull.head_sha
    weakened = any(path.startswith("tests/") for path in changed)
    if (weakened or any(_SENSITIVE.search(path) for path in changed)) and not human:
        found.append("I6: nobody looked at a sensitive change")
    return found


def _around(world: World, pull: Pull, state: IssueState) -> list[str]:
    """Judge what nothing but the last reading can guard."""
    repo, found = world.shop, []
    ci = (pull.head_sha, "test", CI_APP[0])
    newest = [one for one in repo.checks if (one.head_sha, one.name, one.app_id) == ci]
    if not newest or newest[-1].conclusion != "success":
        found.append("I6: the required check is not green at the head")
    found += _unrequired(world, pull.head_sha)
    standing = {one.user.id: one for one in pull.reviews if one.state != "COMMENTED"}
    if any(one.state == "CHANGES_REQUESTED" and one.user.id == world.hub.bot(Role.REVIEWER).id
           for one in standing.values()):  # fmt: skip
        found.append("I6: the reviewer asks for changes")
    if not any(one.state == "APPROVED" and one.commit_id == pull.head_sha
               for one in pull.reviews):  # fmt: skip
        found.append("I6: the approval was taken back")
    if any(thread.resolved_by is None for thread in pull.threads):
        found.append("I6: a thread is unresolved")
    labels = {*pull.issue.labels, *repo.issues[state.number].labels}
    if "do-not-merge" in labels:
        found.append("I6: a label vetoes it")
    issue = repo.issues[state.number]
    if issue.state != "open" or READY not in issue.labels:
        found.append("I17: the issue was withdrawn")
    if world.stores.switches.first_of(("rig", f"repo:{repo.id}")) is not None:
        found.append("I17: it is paused")
    config = blob_sha(repo.graph[repo.branches["main"]].files[CONFIG_PATH])
    if config not in {state.config_sha, state.reapproved_config_sha}:
        found.append("I6: the configuration changed since the claim")
    return found


def _unrequired(world: World, sha: str) -> list[str]:
    """Judge what reports although nobody requires it: where protection names no check, all does."""
    repo = world.shop
    if repo.protections.get("main") is not None:
        return []
    own = world.hub.apps[Role.CONDUCTOR].id
    runs = {(one.app_id, one.name): one.conclusion for one in repo.checks
            if one.head_sha == sha and one.app_id != own}  # fmt: skip
    states = {one.context: one.state for one in repo.statuses if one.sha == sha}
    reported = [*((name, said) for (_, name), said in runs.items()), *states.items()]
    found = [f"I6: {name} is not green at the head" for name, said in reported if said != "success"]
    since = world.clock() - _PATIENCE
    begun = {app for app, _ in runs}
    found += [f"I6: {one.app_slug} has not reported at the head yet" for one in repo.suites
              if one.head_sha == sha and one.app_id not in {own, *begun}
              and one.created_at > since]  # fmt: skip
    return found


def _writers(world: World) -> set[int]:
    roles = world.shop.roles.items()
    return {account for account, role in roles if role in {"write", "admin"}}
