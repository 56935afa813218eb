"""Whether a person with write permission allowed a large change for an issue."""

from rigtasks.gate.rules.size import LARGE_PR_OK
from rigtasks.github.api import Api
from rigtasks.github.issues import read_history
from rigtasks.github.repositories import read_permission

_HUMAN = "User"


def large_pr_granted(api: Api, number: int) -> bool:
    """Say whether the label is in force and was put on by a person who may write."""
    label = read_history(api, number).label_in_force(LARGE_PR_OK)
    if label is None or label.actor is None or label.actor.type != _HUMAN:
        return False
    return read_permission(api, label.actor).writes
