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
    """Return the state of each dependency; one in a repository the rig never saw is unreadable."""
    return tuple(DependencyFact(dependency=one, state=_state(stores, api, one)) for one in wanted)


def _state(stores: Stores, api: Api, one: Dependency) -> DependencyState:
    if one.repository:
        known = stores.issues.by_ref(str(one))
        if known is None:
            return DependencyState.UNREADABLE
        return DependencyState.DONE if known.lane == Lane.DONE else DependencyState.OPEN
    try:
        issue = read_issue(api, one.number)
    except (NotFound, Forbidden):
        return DependencyState.UNREADABLE
    return DependencyState.DONE if issue.state == "closed" else DependencyState.OPEN
