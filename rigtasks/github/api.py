"""What the rig asks of GitHub: the seam between its handlers and whatever answers them.

The typed reads and writes beside this module are functions over an `Api`. `http_api` is the real
one, `rigtasks.testing.memory_github` the one in memory; both pass the same conformance suite.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from rigtasks.github.identities import Account, RepositoryRef, Role
from rigtasks.github.installations import AppView
from rigtasks.github.tokens import Token

T = TypeVar("T")


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A plain answer, cut when it was longer than asked for."""

    text: str
    truncated: bool


class Api(Protocol):
    """Ask GitHub about one repository as one identity, and change things there.

    Paths are those of GitHub's REST below the repository, documents those of its GraphQL. Every
    method raises a `RigError` as `rigtasks.github.errors` names it.
    """

    repository: RepositoryRef

    def account(self) -> Account:
        """Return the account this identity acts as."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait some scaled seconds for GitHub to catch up with itself."""
        ...

    def get(self, path: str, shape: type[T], **query: str | int) -> T:
        """Read one document.

        Args:
            path: below the repository, `/issues/5` for example.
            shape: the type to read it into.
            query: parameters of the address.
        """
        ...

    def find(self, path: str, shape: type[T], **query: str | int) -> T | None:
        """Read one document, None where there is none."""
        ...

    def pages(self, path: str, shape: type[T], **query: str | int) -> list[T]:
        """Read every page of a list; `shape` is the type of one page.

        Raises:
            ResponseTooLarge: the list has more pages than anything the rig works on.
        """
        ...

    def text(self, path: str, accept: str, *, most_bytes: int) -> Text:
        """Read a document that is not JSON, such as a diff, up to a number of bytes."""
        ...

    def write(self, method: str, path: str, body: Mapping[str, Any], shape: type[T]) -> T:
        """Change something and return what GitHub says about it.

        Raises:
            EffectUnknown: it may have happened; read before anything else.
        """
        ...

    def delete(self, path: str) -> None:
        """Delete something; what is not there any more is deleted already.

        Raises:
            EffectUnknown: it may have happened; call again.
            RigError: as `rigtasks.github.errors` names it.
        """
        ...

    def query(self, document: str, shape: type[T], **variables: str | int | None) -> T:
        """Read with GraphQL; `shape` is the type of `data`."""
        ...

    def mutate(self, document: str, shape: type[T], **variables: str | int | None) -> T:
        """Change something with GraphQL; `shape` is the type of `data`.

        Raises:
            EffectUnknown: it may have happened; read before anything else.
        """
        ...


class Identities(Protocol):
    """The three identities of the rig on one GitHub."""

    def api(self, role: Role, repository: RepositoryRef) -> Api:
        """Return an identity's way to a repository.

        Raises:
            Permanent: the identity has no credentials.
        """
        ...

    def app_view(self, role: Role) -> AppView | None:
        """Return what an identity's App sees beyond one repository; None for a personal token."""
        ...

    def push_token(self, repository: RepositoryRef) -> Token:
        """Return a token the author may push to this repository with; mint it when pushing."""
        ...

    def read_only_token(self, repository: RepositoryRef) -> Token:
        """Return a token for a run: it reads the contents of this repository, nothing else.

        Raises:
            Permanent: only a personal token is set, which must not reach a run.
        """
        ...

    def clone_url(self, repository: RepositoryRef) -> str:
        """Return where git finds the repository, without any credential."""
        ...


@lru_cache(maxsize=1024)
def segment(value: str) -> str:
    """Quote one segment of an address, so that no name can leave its place."""
    return quote(value, safe="")
