"""What an App of a GitHub in memory sees beyond one repository; an `AppView`."""

from datetime import datetime

from rigtasks.github.identities import Account, Role
from rigtasks.github.installations import HookDelivery, Installation, Installed, lost_of
from rigtasks.testing.memory_github.faults import Asked
from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.model import Repository
from rigtasks.testing.memory_github.refusals import Refused

#: The one App whose webhook GitHub sends, as its log is one.
_HOOKED = Role.CONDUCTOR


class MemoryAppView:
    """The view of one App. An installation's id is that of the account it is on."""

    def __init__(self, hub: MemoryGitHub, role: Role) -> None:
        self._hub = hub
        self._role = role

    def installations(self) -> tuple[Installation, ...]:
        """List where the App is installed."""
        self._ask("GET", "/app/installations")
        owners = {self._owner(one).id: self._owner(one) for one in self._installed()}
        return tuple(Installation(id=one.id, account=one) for one in owners.values())

    def repositories(self, installation: int) -> tuple[Installed, ...]:
        """List the repositories of an installation that can still change."""
        self._ask("GET", "/installation/repositories")
        return tuple(
            Installed(id=one.id, full_name=one.full_name)
            for one in self._installed()
            if self._owner(one).id == installation and not one.archived
        )

    def lost_deliveries(self, *, since: datetime) -> tuple[HookDelivery, ...]:
        """List the deliveries of which an attempt failed, one of each, the newest first."""
        path = "/app/hook/deliveries"
        self._ask("GET", path)
        if self._role is not _HOOKED:
            raise Refused(404, "Not Found").of("GET", path)
        attempts = [one.shown for one in reversed(self._hub.attempts.values())]
        # GitHub's filter leaves out the attempts that succeeded.
        return lost_of([one for one in attempts if not one.arrived], since=since)

    def redeliver(self, delivery_id: int) -> None:
        """Deliver once more, under the same guid."""
        path = f"/app/hook/deliveries/{delivery_id}/attempts"
        asked = self._ask("POST", path, write=True)
        known = self._hub.attempts.get(delivery_id)
        if known is None or self._role is not _HOOKED:
            raise Refused(404, "Not Found").of("POST", path)
        self._hub.send_again(known.sent)
        self._hub.faults.after(asked)

    def _installed(self) -> list[Repository]:
        hub = self._hub
        return [
            one
            for one in hub.repositories.values()
            if (self._role, one.id) not in hub.not_installed
        ]

    def _owner(self, repo: Repository) -> Account:
        return self._hub.person(repo.full_name.partition("/")[0])

    def _ask(self, method: str, path: str, *, write: bool = False) -> Asked:
        asked = Asked(role=self._role, method=method, path=path, write=write)
        self._hub.faults.before(asked)
        return asked
