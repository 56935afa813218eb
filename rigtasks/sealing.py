"""Seal a run's token to the process that holds the claim; nobody else can open it."""

import msgspec
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from rigtasks.errors import Permanent
from rigtasks.lifecycle.failure import FailureClass


class RunCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """What the conductor seals for one run.

    Args:
        token: reads the contents of the run's repository, and nothing else.
        clone_url: where git finds the repository.
        author_name: who the commits are by.
        author_email: the address GitHub knows that account under.
        refused: why there is no token, instead of all of it.
        failure: what the refusal means for the issue.
    """

    token: str = ""
    clone_url: str = ""
    author_name: str = ""
    author_email: str = ""
    refused: str | None = None
    failure: FailureClass = FailureClass.INFRA


class NotSealedForMe(Permanent):
    """The sealed bytes were made for another key, or changed on their way."""


class TokenKey:
    """A key pair that lives as long as one run, in memory only."""

    def __init__(self) -> None:
        self._private = PrivateKey.generate()

    @property
    def public(self) -> bytes:
        """Return the 32 bytes that the conductor seals to."""
        return bytes(self._private.public_key)

    def open(self, sealed: bytes) -> str:
        """Return the token.

        Raises:
            NotSealedForMe: the bytes were not sealed to this key.
        """
        try:
            return SealedBox(self._private).decrypt(sealed).decode()
        except CryptoError as error:
            raise NotSealedForMe(
                "the token was sealed for another run; the claim was taken over"
            ) from error


def seal(token: str, public_key: bytes) -> bytes:
    """Return the token, readable only with the private half of `public_key`."""
    return SealedBox(PublicKey(public_key)).encrypt(token.encode())


def sealed_for(credentials: RunCredentials, public_key: bytes) -> bytes:
    """Return the credentials, readable by the run that owns the key and nobody else."""
    return seal(msgspec.json.encode(credentials).decode(), public_key)
