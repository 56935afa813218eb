"""The stop switches at the way to GitHub: they are read before every single write."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rigtasks.errors import NotNow
from rigtasks.gate.facts import Pause
from rigtasks.gate.rules.holds import paused_by
from rigtasks.github.api import Api, Text
from rigtasks.github.identities import Account

T = TypeVar("T")

#: A pause that was just set may be a slip; one that lasts is looked at more and more seldom.
_LOOK_AGAIN_SECONDS = 10.0
_LONGEST_LOOK_AGAIN_SECONDS = 120.0


class Paused(NotNow):
    """Somebody stopped the rig, the repository, the issue or its provider; what is left waits."""

    def __init__(self, pause: Pause) -> None:
        super().__init__(
            paused_by(pause),
            retry_after=_LOOK_AGAIN_SECONDS,
            longest=_LONGEST_LOOK_AGAIN_SECONDS,
        )


class GuardedApi:
    """An `Api` that writes nothing while a switch is set; reading goes on.

    Args:
        api: the way to GitHub.
        pauses: reads the switches that hold for it.
    """

    def __init__(self, api: Api, pauses: Callable[[], tuple[Pause, ...]]) -> None:
        self.repository = api.repository
        self._api = api
        self._pauses = pauses

    def account(self) -> Account:
        """Return the account this identity acts as."""
        return self._api.account()

    def pause(self, seconds: float) -> None:
        """Wait some scaled seconds for GitHub to catch up with itself."""
        self._api.pause(seconds)

    def get(self, path: str, shape: type[T], **query: str | int) -> T:
        """Read one document."""
        return self._api.get(path, shape, **query)

    def find(self, path: str, shape: type[T], **query: str | int) -> T | None:
        """Read one document, None where there is none."""
        return self._api.find(path, shape, **query)

    def pages(self, path: str, shape: type[T], **query: str | int) -> list[T]:
        """Read every page of a list."""
        return self._api.pages(path, shape, **query)

    def text(self, path: str, accept: str, *, most_bytes: int) -> Text:
        """Read a document that is not JSON."""
        return self._api.text(path, accept, most_bytes=most_bytes)

    def query(self, document: str, shape: type[T], **variables: str | int | None) -> T:
        """Read with GraphQL."""
        return self._api.query(document, shape, **variables)

    def write(self, method: str, path: str, body: Mapping[str, Any], shape: type[T]) -> T:
        """Change something, unless a switch is set.

        Raises:
            Paused: one is.
        """
        self._require_running()
        return self._api.write(method, path, body, shape)

    def delete(self, path: str) -> None:
        """Delete something, unless a switch is set.

        Raises:
            Paused: one is.
        """
        self._require_running()
        self._api.delete(path)

    def mutate(self, document: str, shape: type[T], **variables: str | int | None) -> T:
        """Change something with GraphQL, unless a switch is set.

        Raises:
            Paused: one is.
        """
        self._require_running()
        return self._api.mutate(document, shape, **variables)

    def _require_running(self) -> None:
        for pause in self._pauses():
            raise Paused(pause)
