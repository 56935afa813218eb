"""The scalars of GitHub's own: what a value has to be to be one, as its schema describes each."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError

from rigtasks.testing.schema_document import is_address, is_day, is_moment

_COMMIT = re.compile(r"[0-9a-f]{40}")
_REFNAME = re.compile(r"refs/[^\s~^:?*\[\\]+")
_WHOLE = re.compile(r"-?\d+")
_SSH = re.compile(r"[^@\s]+@[^:\s]+:\S+")


def _in_utc(text: str) -> bool:
    return text.endswith("Z") and "." not in text and is_moment(text)


def _precise(text: str) -> bool:
    return re.search(r"\.\d{3}Z$", text) is not None and is_moment(text)


def _is_base64(text: str) -> bool:
    return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text


#: By the scalar's name: whether a text is one; a `ValueError` says that it is none.
FORMS: dict[str, Callable[[str], bool]] = {
    "Base64String": _is_base64,
    "BigInt": lambda text: _WHOLE.fullmatch(text) is not None,
    "Date": is_day,
    "DateTime": _in_utc,
    "GitObjectID": lambda text: _COMMIT.fullmatch(text) is not None,
    "GitRefname": lambda text: _REFNAME.fullmatch(text) is not None,
    "GitSSHRemote": lambda text: _SSH.fullmatch(text) is not None,
    "GitTimestamp": is_moment,
    "HTML": lambda _text: True,
    "PreciseDateTime": _precise,
    "URI": is_address,
    "X509Certificate": lambda text: text.startswith("-----BEGIN CERTIFICATE-----"),
}


def completing(name: str) -> Callable[[Any], Any]:
    """Return what completes a value of a scalar: it stays as it is, or is an error.

    Raises:
        KeyError: nobody has said what a value of that name has to be.
    """
    is_one = FORMS[name]

    def complete(value: Any) -> Any:
        try:
            if isinstance(value, str) and is_one(value):
                return value
        except (ValueError, binascii.Error) as error:
            raise GraphQLError(f"is {value!r}, which is no {name}: {error}") from error
        raise GraphQLError(f"is {value!r}, which is no {name}")

    return complete
