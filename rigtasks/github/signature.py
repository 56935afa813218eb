"""Verify that a webhook delivery was signed with a secret we share with GitHub."""

import hashlib
import hmac
import re
from collections.abc import Sequence

from rigtasks.errors import Permanent, Rejected

_HEADER = re.compile(rb"sha256=([0-9a-f]{64})\Z")
_MOST_SECRETS = 2


class SecretMissing(Permanent):
    """No usable webhook secret is configured, so nothing could ever be verified."""


class SignatureVerifier:
    """Check `X-Hub-Signature-256` against the current secret and, while rotating, the old one.

    Args:
        secrets: one secret, or two during a rotation; each as GitHub was given it.

    Raises:
        SecretMissing: there is no secret, more than two, or one of them is blank.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or any(not secret.strip() for secret in secrets):
            raise SecretMissing("Set a webhook secret that is not blank before starting.")
        if len(secrets) > _MOST_SECRETS:
            raise SecretMissing("Give the current webhook secret and at most one older one.")
        self._keys = tuple(secret.encode() for secret in secrets)

    def __repr__(self) -> str:
        return f"SignatureVerifier({len(self._keys)} secrets)"

    def verify(self, body: bytes, header: str | None) -> None:
        """Refuse the delivery unless the header signs exactly these bytes.

        Args:
            body: the raw request body, before any decoding.
            header: the value of `X-Hub-Signature-256`, None when absent.

        Raises:
            Rejected: `signature-missing`, `signature-malformed` or `signature-mismatch`.
        """
        if not header:
            raise Rejected(
                "The delivery is not signed; set the webhook's secret on GitHub.",
                code="signature-missing",
            )
        # WSGI hands header bytes over as Latin-1; anything else cannot be a hex digest either.
        found = _HEADER.match(header.encode("latin-1", "replace"))
        if found is None:
            raise Rejected(
                "X-Hub-Signature-256 must be `sha256=` and 64 lower-case hex digits.",
                code="signature-malformed",
            )
        if not self._signed_by_any(body, found.group(1)):
            raise Rejected(
                "The signature does not fit the body; the secrets on both sides differ.",
                code="signature-mismatch",
            )

    def _signed_by_any(self, body: bytes, digest: bytes) -> bool:
        fits = False
        for key in self._keys:  # every key is tried, so that timing does not tell which one fits
            expected = hmac.new(key, body, hashlib.sha256).hexdigest().encode()
            fits |= hmac.compare_digest(expected, digest)
        return fits
