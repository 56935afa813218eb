"""Ask how far the issues are that another one waits for."""

from collections.abc import Iterable

from rigtasks.eventstore.database import Stores
from rigtasks.github.api import Api
from rigtasks.github.errors import Forbidden, NotFound
from rigtasks.github.issues import read_issue
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.dependencies import Dependency
from rigtasks.routing.facts import DependencyFact, DependencyState


def read_dependencies(
    stores: Stores, api: Api, wanted: Iterable[Dependency]
) -> tuple[DependencyFact, ...]:
    """Return the state of each dependency; one in a repository the rig never saw is unreadable.

    A repository is found by id under every name it had, as the claim finds it.
    """
    return tuple(DependencyFact(dependency=one, state=_state(stores, api, one)) for one in wanted)


def _state(stores: Stores, api: Api, one: Dependency) -> DependencyState:
    if one.repository:
        ids = stores.repositories.named(one.repository)
        found = [stores.issues.newest(repo_id=repo_id, number=one.number) for repo_id in ids]
        lanes = {known.lane for known in found if known is not None}
        if not lanes:
            return DependencyState.UNREADABLE
        lanes = lanes - {Lane.CANCELLED} or lanes  # of another repository that had the name
        return DependencyState.DONE if lanes == {Lane.DONE} else DependencyState.OPEN
    try:
        issue = read_issue(api, one.number)
    except (NotFound, Forbidden):
        return DependencyState.UNREADABLE
    return DependencyState.DONE if issue.state == "closed" else DependencyState.OPEN
