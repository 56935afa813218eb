"""What every part of the conductor works with, built once per process."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from rigtasks.conductor.canary_plan import CanaryPlan
from rigtasks.conductor.standing import gate_pauses, repository_pauses
from rigtasks.conductor.stops import GuardedApi
from rigtasks.eventstore.database import Stores
from rigtasks.gate.facts import PauseScope
from rigtasks.github.api import Api, Identities
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.lifecycle.state import IssueState
from rigtasks.routing.facts import IntakePolicy
from rigtasks.routing.internal import InternalRepositories
from rigtasks.shell import IssueShell
from rigtasks.workspace.clean_clones import CleanClones

#: The name the conductor's events and claims are written under.
CONDUCTOR = Actor(kind=ActorKind.CONDUCTOR, id="conductor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conductor:
    """The conductor's own collaborators.

    Args:
        stores: the event store and the tables beside it.
        shell: loads, decides and appends for one issue.
        github: the three identities.
        intake: the rig's settings for intake.
        label: the label that authorises work.
        limits: the caps that issues are approved under.
        app_ids: the ids of the Apps, by role; empty where a personal token is used.
        mail_host: the host of the no-reply addresses that GitHub knows accounts under.
        clones: where commits are received and pushed from.
        now: the time in UTC, for verdicts.
        alone: holds an issue's lock while an effect looks and writes.
        canary: where the rig files issues to see itself work; None where it does not.
        base_watch: seconds after a merge for which its checks on the base branch are looked at.
        absence: seconds between two looks that do not find an issue before it counts as gone.
    """

    stores: Stores
    shell: IssueShell
    github: Identities
    intake: IntakePolicy
    label: str
    limits: IssueLimits
    app_ids: dict[Role, int]
    mail_host: str
    clones: CleanClones
    now: Callable[[], datetime]
    alone: Callable[[str], AbstractContextManager[None]]
    canary: CanaryPlan | None = None
    base_watch: float = 7200.0
    absence: float = 900.0

    def internal(self) -> InternalRepositories:
        """Return the rig's own repositories, with what was ever seen of them."""
        return self.stores.repositories.internal(self.intake.internal)

    def api(self, role: Role, state: IssueState) -> Api:
        """Return an identity's way to the repository of an issue.

        It reads the stop switches before every write, and raises `Paused` while one is set.
        """
        api = self.github.api(role, repository_of(state))
        return GuardedApi(api, lambda: gate_pauses(self.stores, state))

    def repository_api(self, role: Role, repository: RepositoryRef) -> Api:
        """Return an identity's way to a repository; as `api`, where no issue is known yet."""
        api = self.github.api(role, repository)
        return GuardedApi(api, lambda: repository_pauses(self.stores, repository.id))

    def news_of_a_pause(self, state: IssueState) -> Api:
        """Return the way on which an issue is told that it is paused.

        Only the switch of the whole rig silences it.
        """
        api = self.github.api(Role.CONDUCTOR, repository_of(state))
        return GuardedApi(
            api,
            lambda: tuple(
                one for one in gate_pauses(self.stores, state) if one.scope is PauseScope.RIG
            ),
        )


def repository_of(state: IssueState) -> RepositoryRef:
    """Return the repository of an issue, by id and by the name it was last seen under."""
    return RepositoryRef(id=state.repo_id, full_name=state.repo)
