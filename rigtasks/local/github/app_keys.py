"""The keys of a sandbox's Apps: the private one in a file, the public one in its state."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def new_key() -> rsa.RSAPrivateKey:
    """Return a fresh key, as large as GitHub's."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def keep_key(path: Path, key: rsa.RSAPrivateKey) -> str:
    """Write a private key as GitHub hands it out; return the public one as PEM."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(
        path,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public.decode()


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
