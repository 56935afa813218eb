"""The `Api` over HTTP: addresses, pages, and tokens that are renewed."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from rigtasks.github.api import Text, segment
from rigtasks.github.errors import (
    BadCredentials,
    NotFound,
    RateLimited,
    ResponseTooLarge,
)
from rigtasks.github.graphql import decode, read_data
from rigtasks.github.identities import Account, Permissions, RepositoryRef
from rigtasks.github.paging import PAGE, next_page
from rigtasks.github.tokens import Token, Tokens
from rigtasks.github.transport import Answer, Call, Transport

T = TypeVar("T")

_MOST_PAGES: Final = 30
#: A token can be unknown to a part of GitHub for its first seconds.
_FRESH_SECONDS: Final = 5.0
_FRESH_PAUSES: Final = (1.0, 2.0, 4.0)


class HttpApi:
    """One identity's way to one repository over HTTP; an `Api`.

    Args:
        graphql_url: where GraphQL lives, which is elsewhere on an enterprise server.
        permissions: what the identity's tokens ask for.
        time_scale: multiplies every pause; tests use small ones.
        sleep: waits out a pause.
        now: seconds since the epoch, in the clock tokens are minted in.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: Tokens,
        repository: RepositoryRef,
        *,
        graphql_url: str,
        permissions: Permissions,
        time_scale: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.repository = repository
        self._transport = transport
        self._tokens = tokens
        self._graphql_url = graphql_url
        self._permissions = permissions
        self._time_scale = time_scale
        self._sleep = sleep
        self._now = now

    def account(self) -> Account:
        """Return the account this identity acts as."""
        return self._tokens.account(self.repository)

    def pause(self, seconds: float) -> None:
        """Wait some scaled seconds for GitHub to catch up with itself."""
        self._sleep(seconds * self._time_scale)

    def get(self, path: str, shape: type[T], **query: str | int) -> T:
        """Read one document.

        Args:
            path: below the repository, `/issues/5` for example.
            shape: the type to read it into.
            query: parameters of the address.

        Raises:
            RigError: as `rigtasks.github.errors` names it.
        """
        call = self._call("GET", self._address(path, query))
        return decode(self._send(call), shape, call)

    def find(self, path: str, shape: type[T], **query: str | int) -> T | None:
        """Read one document, None where there is none."""
        try:
            return self.get(path, shape, **query)
        except NotFound:
            return None

    def pages(self, path: str, shape: type[T], **query: str | int) -> list[T]:
        """Read every page of a list; `shape` is the type of one page.

        Raises:
            ResponseTooLarge: the list has more pages than anything the rig works on.
        """
        url: str | None = self._address(path, {"per_page": PAGE, **query})
        found: list[T] = []
        while url is not None:
            if len(found) >= _MOST_PAGES:
                raise ResponseTooLarge(f"{path} has more than {_MOST_PAGES} pages.")
            call = self._call("GET", url)
            answer = self._send(call)
            found.append(decode(answer, shape, call))
            url = next_page(answer, self._transport.api_url)
        return found

    def text(self, path: str, accept: str, *, most_bytes: int) -> Text:
        """Read a document that is not JSON, such as a diff, up to a number of bytes."""
        call = Call(
            method="GET",
            url=self._address(path, {}),
            identity=self._tokens.key,
            accept=accept,
            most_bytes=most_bytes,
            cut=True,
        )
        answer = self._send(call)
        return Text(text=answer.body.decode("utf-8", "replace"), truncated=answer.truncated)

    def write(self, method: str, path: str, body: Mapping[str, Any], shape: type[T]) -> T:
        """Change something and return what GitHub says about it.

        Raises:
            EffectUnknown: it may have happened; read before anything else.
            RigError: as `rigtasks.github.errors` names it.
        """
        call = self._call(method, self._address(path, {}), body=body, write=True)
        return decode(self._send(call), shape, call)

    def delete(self, path: str) -> None:
        """Delete something; what is not there any more is deleted already.

        Raises:
            EffectUnknown: it may have happened; call again.
            RigError: as `rigtasks.github.errors` names it.
        """
        with suppress(NotFound):
            self._send(self._call("DELETE", self._address(path, {}), write=True))

    def query(self, document: str, shape: type[T], **variables: str | int | None) -> T:
        """Read with GraphQL; `shape` is the type of `data`."""
        return self._graphql(document, variables, shape, write=False)

    def mutate(self, document: str, shape: type[T], **variables: str | int | None) -> T:
        """Change something with GraphQL; `shape` is the type of `data`.

        Raises:
            EffectUnknown: it may have happened; read before anything else.
        """
        return self._graphql(document, variables, shape, write=True)

    def _graphql(
        self, document: str, variables: Mapping[str, Any], shape: type[T], *, write: bool
    ) -> T:
        call = Call(
            method="POST",
            url=self._graphql_url,
            identity=self._tokens.key,
            body={"query": document, "variables": dict(variables)},
            resource="graphql",
            write=write,
        )
        try:
            return read_data(call, self._send(call), shape)
        except RateLimited as limit:
            identity = self._token().identity
            self._transport.governor.close(
                identity, resource=call.resource, seconds=limit.retry_after
            )
            raise

    def _send(self, call: Call) -> Answer:
        """Send with a token, giving a new one some seconds and an old one a successor."""
        pauses = iter(_FRESH_PAUSES)
        renewed = False
        while True:
            token = self._token()
            try:
                own = msgspec.structs.replace(call, identity=token.identity)
                return self._transport.send(own, token.value)
            except BadCredentials:
                pause = next(pauses, None) if self._fresh(token) else None
                if pause is not None:
                    self.pause(pause)
                elif renewed:
                    raise
                else:
                    renewed = True
                    self._tokens.forget(token)

    def _token(self) -> Token:
        return self._tokens.for_repository(self.repository, self._permissions)

    def _fresh(self, token: Token) -> bool:
        return self._now() - token.minted_at < _FRESH_SECONDS + sum(_FRESH_PAUSES)

    def _call(
        self, method: str, url: str, *, body: Mapping[str, Any] | None = None, write: bool = False
    ) -> Call:
        return Call(
            method=method,
            url=url,
            identity=self._tokens.key,
            body=body,
            write=write,
            repository=self.repository.id,
        )

    def _address(self, path: str, query: Mapping[str, str | int]) -> str:
        owner, _, name = self.repository.full_name.partition("/")
        base = f"{self._transport.api_url}/repos/{segment(owner)}/{segment(name)}{path}"
        return f"{base}?{urlencode(query)}" if query else base
