"""Payloads of GitHub's examples, made to be about an issue and a pull request of the rig."""

import copy
from typing import Any

import msgspec

from rigtasks.github.identities import RepositoryRef
from rigtasks.routing.labels import READY

Json = dict[str, Any]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a payload is to be about.

    Args:
        issue: the number of the issue.
        pull: the number of the pull request.
        head_sha: the commit that checks, statuses and pull requests are about.
    """

    repository: RepositoryRef
    issue: int
    pull: int
    head_sha: str


def transplanted(event: str, payload: Json, target: Target) -> Json:
    """Return a payload that says the same of the target, with the label that asks for work."""
    moved: Json = copy.deepcopy(payload)
    for name, move in _PARTS.items():
        if moved.get(name):
            move(moved[name], target)
    _at_head(moved, target)
    for linked in (moved.get(event) or {}).get("pull_requests") or ():
        linked |= {"number": target.pull, "base": {"repo": {"id": target.repository.id}}}
    return moved


def _repository(repository: Json, target: Target) -> None:
    repository |= {"id": target.repository.id, "full_name": target.repository.full_name}


def _issue(issue: Json, target: Target) -> None:
    issue["number"] = target.pull if issue.get("pull_request") else target.issue
    issue["labels"] = [*issue.get("labels", ()), {"name": READY}]


def _pull(pull: Json, target: Target) -> None:
    pull["number"] = target.pull
    _at_head(pull["head"], target)


def _label(label: Json, _: Target) -> None:
    label["name"] = READY


def _at_head(part: Json, target: Target) -> None:
    part |= {name: target.head_sha for name in ("sha", "head_sha", "after") if part.get(name)}


def _merge_group(group: Json, target: Target) -> None:
    _at_head(group, target)
    queue = "refs/heads/gh-readonly-queue/main"
    group["head_ref"] = f"{queue}/pr-{target.pull}-{target.head_sha}"


_PARTS = {
    "repository": _repository,
    "issue": _issue,
    "pull_request": _pull,
    "label": _label,
    "check_run": _at_head,
    "check_suite": _at_head,
    "merge_group": _merge_group,
}
