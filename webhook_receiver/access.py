"""Who may read: holders of the token, or, without one, this machine only."""

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

_LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


class Access(StrEnum):
    """What the gate says to a reader; refusals are codes of problems."""

    GRANTED = "granted"
    TOKEN_REQUIRED = "token-required"  # noqa: S105 - a code, not a token
    LOOPBACK_ONLY = "loopback-only"


class ReadGate:
    """Decides who may read what the rig knows.

    With a token, everybody has to show it: as a bearer token or, since browsers ask for a
    password by themselves, as the password of HTTP Basic. Without one only clients on this
    machine are answered, and only when they ask it by a loopback name and through no proxy:
    otherwise a tunnel, a proxy or a web page with a rebound name would open it to everybody.

    Args:
        token: the shared secret; empty for none.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def judge(self, *, remote: str | None, host: str, headers: Mapping[str, str]) -> Access:
        """Decide about one request.

        Args:
            remote: the address of the other end of the connection.
            host: the Host header.
            headers: all headers, with their names capitalised as in `X-Forwarded-For`.
        """
        if self._token:
            shown = _shown_token(headers.get("Authorization", ""))
            fits = shown is not None and hmac.compare_digest(shown, self._token)
            return Access.GRANTED if fits else Access.TOKEN_REQUIRED
        proxied = any(name in headers for name in _FORWARDED)
        if proxied or not _is_loopback(remote) or not _is_loopback_name(host):
            return Access.LOOPBACK_ONLY
        return Access.GRANTED


def _shown_token(authorization: str) -> bytes | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("utf-8", "surrogateescape")
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            return None
        return pair.partition(b":")[2]
    return None


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _is_loopback_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in _LOCAL_NAMES or name.endswith(".localhost") or _is_loopback(name)
