"""Get a token for one repository with no more permissions than a task needs.

App tokens live an hour and are minted by the parent process at the moment of use. PyGithub signs
the App's JWT; the minting call is ours, because PyGithub's cannot name the repository.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote

import msgspec
from github.Auth import AppAuth
from jwt.algorithms import get_default_algorithms

from rigtasks.errors import Permanent
from rigtasks.github.errors import NotFound, Unprocessable
from rigtasks.github.graphql import decode
from rigtasks.github.identities import (
    READ_ONLY,
    Account,
    AppCredentials,
    Permissions,
    PersonalToken,
    RepositoryRef,
)
from rigtasks.github.paging import read_pages
from rigtasks.github.transport import Call, Transport

T = TypeVar("T")

_JWT_SECONDS: Final = 540
_CLOCK_SKEW: Final = 60
_RENEW_BEFORE: Final = 300.0
_FOREVER: Final = float("inf")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token and its times in seconds since the epoch.

    `identity` says whose limits its calls count against: GitHub keeps them for each installation.
    """

    value: str
    identity: str
    minted_at: float
    expires_at: float

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at:.0f})"


class NotInstalled(Permanent):
    """The App is not installed on the repository, or lacks a permission there.

    Args:
        message: what to do about it.
        identity: the key of the identity whose App it is.
    """

    def __init__(self, message: str, *, identity: str) -> None:
        super().__init__(message)
        self.identity = identity


class Tokens(Protocol):
    """Where the tokens of one identity come from."""

    key: str

    def for_repository(self, repository: RepositoryRef, permissions: Permissions) -> Token:
        """Return a token that is good for at least five minutes."""

    def forget(self, token: Token) -> None:
        """Drop a token GitHub did not accept."""

    def read_only(self, repository: RepositoryRef) -> Token:
        """Return a token that can read the contents of this repository and nothing else."""

    def account(self, repository: RepositoryRef) -> Account:
        """Return the account the identity acts as."""


class PersonalTokens:
    """The one token of a person, whatever it may do."""

    def __init__(self, transport: Transport, credentials: PersonalToken, *, key: str) -> None:
        self.key = key
        self._transport = transport
        self._token = Token(
            value=credentials.token, identity=key, minted_at=0.0, expires_at=_FOREVER
        )
        self._read_only = credentials.read_only_token
        self._account: Account | None = None

    def for_repository(self, repository: RepositoryRef, permissions: Permissions) -> Token:
        """Return the token; it is the same for every repository and permission."""
        del repository, permissions
        return self._token

    def forget(self, token: Token) -> None:
        """Keep the token: there is no other."""

    def read_only(self, repository: RepositoryRef) -> Token:
        """Return the second token a person set for runs.

        Raises:
            Permanent: there is none, and the first must not reach a run.
        """
        if self._read_only is None:
            raise Permanent(
                f"Runs in {repository.full_name} need a token that can only read: set a second, "
                "fine-grained personal token with contents: read, or use Apps."
            )
        return Token(value=self._read_only, identity=self.key, minted_at=0.0, expires_at=_FOREVER)

    def account(self, repository: RepositoryRef) -> Account:
        """Return the person; the repository makes no difference."""
        del repository
        if self._account is None:
            call = Call(method="GET", url=f"{self._transport.api_url}/user", identity=self.key)
            self._account = _decoded(self._transport, call, self._token.value, Account)
        return self._account


class AppTokens:
    """Installation tokens of one App, each for one repository and one set of permissions.

    Args:
        key: names the identity for limits and remembered answers.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: AppCredentials,
        *,
        key: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.key = key
        self._transport = transport
        self._auth = AppAuth(
            credentials.app_id,
            lambda: _signing_key(credentials.private_key),
            jwt_expiry=_JWT_SECONDS,
            jwt_issued_at=-_CLOCK_SKEW,
        )
        self._now = now
        self._lock = threading.Lock()
        self._installations: dict[int, int] = {}
        self._tokens: dict[tuple[int, frozenset[tuple[str, str]]], Token] = {}
        self._account: Account | None = None

    def for_repository(self, repository: RepositoryRef, permissions: Permissions) -> Token:
        """Return a token that is good for at least five minutes, minting one when needed.

        Raises:
            NotInstalled: the App is not installed there or was not granted the permissions.
            RigError: as `rigtasks.github.errors` names it.
        """
        if not permissions:
            raise Permanent("A token without named permissions would carry all the App has.")
        wanted = (repository.id, frozenset(permissions.items()))
        with self._lock:
            known = self._tokens.get(wanted)
            if known is None or known.expires_at - self._now() < _RENEW_BEFORE:
                known = self._tokens[wanted] = self._mint(repository, permissions)
            return known

    def forget(self, token: Token) -> None:
        """Drop a token GitHub did not accept."""
        with self._lock:
            self._tokens = {
                wanted: known for wanted, known in self._tokens.items() if known is not token
            }

    def read_only(self, repository: RepositoryRef) -> Token:
        """Return a token for the contents of this repository and nothing else."""
        return self.for_repository(repository, READ_ONLY)

    def account(self, repository: RepositoryRef) -> Account:
        """Return the App's bot user, asked for through an installation: a JWT may not ask it."""
        if self._account is None:
            app = self.as_app("GET", "/app", _App)
            login = quote(f"{app.slug}[bot]", safe="")
            token = self.for_repository(repository, READ_ONLY)
            call = Call(
                method="GET",
                url=f"{self._transport.api_url}/users/{login}",
                identity=token.identity,
            )
            self._account = _decoded(self._transport, call, token.value, Account)
        return self._account

    def _mint(self, repository: RepositoryRef, permissions: Permissions) -> Token:
        try:
            return self._mint_once(repository, permissions)
        except NotFound:
            # The App may have been removed and installed anew since it was looked up.
            if self._installations.pop(repository.id, None) is None:
                raise
            return self._mint_once(repository, permissions)

    def _mint_once(self, repository: RepositoryRef, permissions: Permissions) -> Token:
        installation = self._installation(repository)
        asked = {"repository_ids": [repository.id], "permissions": dict(permissions)}
        try:
            return self.for_installation(installation, asked)
        except Unprocessable as error:
            granted = ", ".join(f"{name}: {level}" for name, level in sorted(permissions.items()))
            raise NotInstalled(
                f"The App's installation does not cover {repository.full_name} with {granted}; "
                "change the App's permissions or repositories and accept the change.",
                identity=self.key,
            ) from error

    def for_installation(self, installation: int, asked: Mapping[str, Any]) -> Token:
        """Mint a token of one installation, narrowed to what is asked for."""
        path = f"/app/installations/{installation}/access_tokens"
        minted = self.as_app("POST", path, _Minted, body=asked)
        return Token(
            value=minted.token,
            identity=f"{self.key}/{installation}",
            minted_at=self._now(),
            expires_at=minted.expires_at.timestamp(),
        )

    def _installation(self, repository: RepositoryRef) -> int:
        known = self._installations.get(repository.id)
        if known is not None:
            return known
        try:
            found = self.as_app("GET", f"/repos/{repository.full_name}/installation", _Installation)
        except NotFound as error:
            raise NotInstalled(
                f"Install the App on {repository.full_name} (the {self.key} identity).",
                identity=self.key,
            ) from error
        self._installations[repository.id] = found.id
        return found.id

    def as_app(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        body: Mapping[str, Any] | None = None,
        write: bool = False,
    ) -> T:
        """Make a call as the App itself, which only a few addresses take.

        Raises:
            EffectUnknown: a write may have happened.
            RigError: as `rigtasks.github.errors` names it.
        """
        call = Call(
            method=method,
            url=f"{self._transport.api_url}{path}",
            identity=f"{self.key}/app",
            body=body,
            write=write,
        )
        return _decoded(self._transport, call, self._auth.create_jwt(), shape)

    def pages_as_app(self, path: str, shape: type[T], *, most: int) -> list[T]:
        """Read the pages of a list as the App itself, at most so many."""
        url = f"{self._transport.api_url}{path}"
        return read_pages(
            self._transport,
            Call(method="GET", url=url, identity=f"{self.key}/app"),
            self._auth.create_jwt(),
            shape,
            most=most,
        )


class _App(msgspec.Struct, frozen=True, kw_only=True):
    slug: str


class _Installation(msgspec.Struct, frozen=True, kw_only=True):
    id: int


class _Minted(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    expires_at: datetime


@cache
def _signing_key(private_key: str) -> Any:
    """Return a private key as JWTs are signed with it; to check one takes longer than a call."""
    return get_default_algorithms()["RS256"].prepare_key(private_key)


def _decoded(transport: Transport, call: Call, token: str, shape: type[T]) -> T:
    return decode(transport.send(call, token), shape, call)
