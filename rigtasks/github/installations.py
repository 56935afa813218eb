"""What an App sees beyond one repository: where it is installed, and which webhooks were lost.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from rigtasks.github.identities import Account, RepositoryRef
from rigtasks.github.paging import PAGE, read_pages
from rigtasks.github.tokens import AppTokens
from rigtasks.github.transport import Call, Transport

_MOST_PAGES: Final = 100
_MOST_DELIVERY_PAGES: Final = 10
_OK_FROM, _OK_UP_TO = 200, 400


class HookDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to deliver a webhook; `guid` is what the receiver knows the delivery by."""

    id: int
    guid: str
    delivered_at: datetime
    redelivery: bool
    status_code: int
    event: str
    action: str | None = None

    @property
    def arrived(self) -> bool:
        """Say whether the receiver took it."""
        return _OK_FROM <= self.status_code < _OK_UP_TO


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """One place where an App is installed."""

    id: int
    account: Account | None = None
    suspended_at: datetime | None = None


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """A repository the App is installed on."""

    id: int
    full_name: str
    archived: bool = False
    disabled: bool = False

    @property
    def ref(self) -> RepositoryRef:
        """Return the repository as everything else names it."""
        return RepositoryRef(id=self.id, full_name=self.full_name)


class AppView(Protocol):
    """What one App sees of its installations and its webhook."""

    def installations(self) -> tuple[Installation, ...]:
        """List where the App is installed and not suspended."""
        ...

    def repositories(self, installation: int) -> tuple[Installed, ...]:
        """List the repositories of an installation that can still change."""
        ...

    def lost_deliveries(self, *, since: datetime) -> tuple[HookDelivery, ...]:
        """List the deliveries that did not arrive, one attempt of each, the newest first.

        One that arrived at a later attempt may be among them: whoever received it knows.

        Args:
            since: older ones are left alone; GitHub redelivers for three days.
        """
        ...

    def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver once more, under the same guid.

        Args:
            delivery_id: of the attempt, not its guid.

        Raises:
            EffectUnknown: it may have been asked.
            RigError: it was not.
        """
        ...


class HttpAppView:
    """An `AppView` over HTTP."""

    def __init__(self, transport: Transport, tokens: AppTokens) -> None:
        self._transport = transport
        self._tokens = tokens

    def installations(self) -> tuple[Installation, ...]:
        """List where the App is installed and not suspended."""
        pages = self._tokens.pages_as_app(
            f"/app/installations?per_page={PAGE}", tuple[Installation, ...], most=_MOST_PAGES
        )
        return tuple(one for page in pages for one in page if one.suspended_at is None)

    def repositories(self, installation: int) -> tuple[Installed, ...]:
        """List the repositories of an installation that can still change."""
        token = self._tokens.for_installation(installation, {"permissions": {"metadata": "read"}})
        url = f"{self._transport.api_url}/installation/repositories?per_page={PAGE}"
        call = Call(method="GET", url=url, identity=token.identity)
        pages = read_pages(self._transport, call, token.value, _Page, most=_MOST_PAGES)
        return tuple(
            one for page in pages for one in page.repositories if not (one.archived or one.disabled)
        )

    def lost_deliveries(self, *, since: datetime) -> tuple[HookDelivery, ...]:
        """List the deliveries that did not arrive, one attempt of each, the newest first.

        A server that does not know the filter lists those that arrived as well. One that arrived
        at a later attempt may be among them: whoever received it knows.

        Args:
            since: older ones are left alone; GitHub redelivers for three days.
        """
        pages = self._tokens.pages_as_app(
            f"/app/hook/deliveries?status=failure&per_page={PAGE}",
            tuple[HookDelivery, ...],
            most=_MOST_DELIVERY_PAGES,
        )
        return lost_of([one for page in pages for one in page], since=since)

    def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver once more, under the same guid.

        Raises:
            EffectUnknown: it may have been asked.
            RigError: it was not.
        """
        path = f"/app/hook/deliveries/{delivery_id}/attempts"
        self._tokens.as_app("POST", path, _Nothing, write=True)


def lost_of(attempts: Sequence[HookDelivery], *, since: datetime) -> tuple[HookDelivery, ...]:
    """Return the newest attempt of each delivery of which none arrived.

    Args:
        attempts: the newest first.
        since: older ones are left out.
    """
    recent = [one for one in attempts if one.delivered_at >= since]
    arrived = {one.guid for one in recent if one.arrived}
    lost: dict[str, HookDelivery] = {}
    for one in recent:
        if one.guid not in arrived:
            lost.setdefault(one.guid, one)
    return tuple(lost.values())


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    repositories: tuple[Installed, ...]


class _Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """GitHub accepted it and says nothing more."""
