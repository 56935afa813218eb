"""One HTTP exchange with GitHub: bounded in time and size, limits kept, errors sorted."""

import json
import re
import threading
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import requests
from requests.auth import AuthBase
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, ReadTimeout, RequestException
from urllib3.exceptions import HTTPError

from rigtasks.errors import RigError
from rigtasks.github.entity_cache import EntityCache, Remembered
from rigtasks.github.errors import (
    BadCredentials,
    Conflicted,
    EffectUnknown,
    Forbidden,
    NotAllowed,
    NotFound,
    Refusal,
    ResponseTooLarge,
    Unavailable,
    Unexpected,
    Unprocessable,
)
from rigtasks.github.governor import Governor
from rigtasks.github.redaction import redact

JSON: Final = "application/vnd.github+json"
DIFF: Final = "application/vnd.github.diff"
API_VERSION: Final = "2022-11-28"
TIMEOUT: Final = 30.0
MOST_BYTES: Final = 16 * 1024 * 1024
_CONNECT_TIMEOUT: Final = 10.0
_CHUNK: Final = 64 * 1024
_MOST_REDIRECTS: Final = 3
_READS: Final = frozenset({"GET", "HEAD"})
_REPEATED_AS_IS: Final = frozenset({307, 308})
_REDIRECTS: Final = frozenset({301, 302}) | _REPEATED_AS_IS
_BY_ID: Final = re.compile(r"/repositories/([0-9]{1,19})/")
#: The error that stands for each status that is a refusal.
REFUSALS: Final[Mapping[int, type[Any]]] = {
    401: BadCredentials,
    403: Forbidden,
    404: NotFound,
    405: NotAllowed,
    409: Conflicted,
    410: NotFound,
    422: Unprocessable,
    451: Forbidden,
}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call to make.

    Args:
        url: the whole address.
        identity: whose limits and remembered answers count; never a token.
        body: a JSON document for writes.
        write: whether it changes something; a GraphQL query is a POST that does not.
        repository: id of the one that a write is meant for; no redirect leads it into another.
        most_bytes: how much of an answer to hold.
        cut: keep the beginning of a longer answer instead of refusing it.
    """

    method: str
    url: str
    identity: str
    body: Any = None
    accept: str = JSON
    resource: str = "core"
    write: bool = False
    repository: int | None = None
    most_bytes: int = MOST_BYTES
    cut: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A successful answer; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    truncated: bool = False


class _Bearer(AuthBase):
    """Set the header after `requests` had its say, so that no netrc file replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """Exchange calls for answers with one GitHub.

    Args:
        api_url: where REST lives, without a slash at the end; redirects stay on its origin.
        governor: keeps the limits.
        timeout: seconds for a whole exchange.
    """

    def __init__(self, api_url: str, governor: Governor, *, timeout: float = TIMEOUT) -> None:
        self.api_url = api_url.rstrip("/")
        self.governor = governor
        self._origin = _origin(self.api_url)
        self._timeout = timeout
        self._cache = EntityCache()
        self._local = threading.local()

    def send(self, call: Call, token: str) -> Answer:
        """Make a call and return its successful answer.

        Args:
            call: what to ask or do.
            token: sent in a header and shown nowhere.

        Raises:
            RigError: as `rigtasks.github.errors` names it.
        """
        self.governor.admit(call.identity, resource=call.resource, write=call.write)
        key = (call.identity, call.url, call.accept)
        remembered = self._cache.get(key) if call.method == "GET" else None
        answer = self._exchange(call, token, remembered)
        limited = self.governor.observe(
            call.identity, answer.status, answer.headers, _message(answer)
        )
        if limited is not None:
            raise limited
        if answer.status == requests.codes.not_modified and remembered is not None:
            return _recalled(call, answer, remembered)
        if not requests.codes.ok <= answer.status < requests.codes.multiple_choices:
            raise refusal_of(call, answer, token)
        if call.method == "GET" and not answer.truncated and (etag := answer.headers.get("etag")):
            link = answer.headers.get("link", "")
            self._cache.put(key, Remembered(etag=etag, body=answer.body, link=link))
        return answer

    def _exchange(self, call: Call, token: str, remembered: Remembered | None) -> Answer:
        deadline = time.monotonic() + self._timeout
        url = call.url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._once(call, url, token, remembered, deadline)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            url = self._redirected(call, url, answer)
        raise Unexpected(_refusal(call, answer, "too many redirects"))

    def _redirected(self, call: Call, url: str, answer: Answer) -> str:
        """Follow a renamed repository to its address by id, never to another host."""
        target = requests.compat.urljoin(url, answer.headers["location"])
        if _origin(target) != self._origin:
            raise Unexpected(_refusal(call, answer, "redirected to another host"))
        if call.method not in _READS and answer.status not in _REPEATED_AS_IS:
            raise Unexpected(_refusal(call, answer, "redirected a write"))
        if call.write and _leaves(call, target):
            raise Unexpected(_refusal(call, answer, "redirected a write to another repository"))
        return target

    def _once(
        self, call: Call, url: str, token: str, remembered: Remembered | None, deadline: float
    ) -> Answer:
        headers = {"Accept": call.accept, "X-GitHub-Api-Version": API_VERSION}
        if remembered is not None:
            headers["If-None-Match"] = remembered.etag
        data = None if call.body is None else json.dumps(call.body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            with self._session().request(
                call.method,
                url,
                headers=headers,
                data=data,
                auth=_Bearer(token),
                timeout=(min(_CONNECT_TIMEOUT, self._timeout), self._timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                body, truncated = _read(response, call, deadline)
        except (RequestException, HTTPError) as error:
            raise _broken(call, error, token) from None
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            truncated=truncated,
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = "engineering-rig"
            self._local.session = session
        return session


def _recalled(call: Call, answer: Answer, remembered: Remembered) -> Answer:
    """Answer from memory, under the same bound as a fresh answer."""
    truncated = len(remembered.body) > call.most_bytes
    if truncated and not call.cut:
        raise ResponseTooLarge(f"{urlsplit(call.url).path} is larger than {call.most_bytes} bytes.")
    return Answer(
        status=requests.codes.ok,
        headers={**answer.headers, "link": remembered.link},
        body=remembered.body[: call.most_bytes],
        truncated=truncated,
    )


def refusal_of(call: Call, answer: Answer, token: str = "") -> RigError:
    """Return the error for an answer that is no success and no rate limit."""
    if answer.status >= requests.codes.internal_server_error:
        words = str(_refusal(call, answer, redact(_message(answer), token)))
        return EffectUnknown(words) if call.write else Unavailable(words)
    kind = REFUSALS.get(answer.status, Unexpected)
    error: RigError = kind(_refusal(call, answer, redact(_message(answer), token)))
    return error


def _refusal(call: Call, answer: Answer, message: str) -> Refusal:
    return Refusal(
        method=call.method,
        path=urlsplit(call.url).path,
        status=answer.status,
        message=message,
        errors=tuple(redact(words) for words in _errors(answer)),
        request_id=answer.headers.get("x-github-request-id", ""),
    )


def _read(response: requests.Response, call: Call, deadline: float) -> tuple[bytes, bool]:
    body = bytearray()
    # `iter_content` waits for a whole block and would let a slow sender outlast the deadline.
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > call.most_bytes:
            if call.cut and response.ok:
                return bytes(body[: call.most_bytes]), True
            words = (
                f"{call.method} {urlsplit(call.url).path} answered more than "
                f"{call.most_bytes} bytes; nothing of it is used."
            )
            raise EffectUnknown(words) if call.write else ResponseTooLarge(words)
        if time.monotonic() > deadline:
            raise ReadTimeout("the answer does not end")
    return bytes(body), False


def _broken(call: Call, error: RequestException | HTTPError, token: str) -> RigError:
    """Sort a broken exchange: before anything was sent nothing can have happened."""
    what = f"{call.method} {urlsplit(call.url).path} got no answer ({type(error).__name__})"
    never_sent = isinstance(error, ConnectTimeout) or (
        isinstance(error, NoConnection) and "establish a new connection" in str(error)
    )
    if call.write and not never_sent:
        return EffectUnknown(redact(f"{what}; it may have happened all the same.", token))
    return Unavailable(redact(f"{what}; nothing was changed.", token))


def _message(answer: Answer) -> str:
    found = _document(answer).get("message")
    return found[:500] if isinstance(found, str) else ""


def _errors(answer: Answer) -> list[str]:
    found = _document(answer).get("errors")
    if not isinstance(found, list):
        return []
    return [_words(each)[:300] for each in found[:10]]


def _words(error: object) -> str:
    if isinstance(error, dict):
        said = error.get("message")
        parts = [str(error[key]) for key in ("resource", "field", "code") if error.get(key)]
        return str(said) if said else " ".join(parts)
    return str(error)


def _document(answer: Answer) -> dict[str, Any]:
    """Read an error's JSON; an HTML page of a proxy in between has nothing to tell."""
    if answer.status < requests.codes.bad_request or answer.truncated:
        return {}
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _leaves(call: Call, target: str) -> bool:
    """Say whether an address by id is one of another repository than the call is meant for."""
    by_id = _BY_ID.search(urlsplit(target).path)
    return by_id is not None and call.repository is not None and int(by_id[1]) != call.repository


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
