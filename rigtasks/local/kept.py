"""Small things a data folder keeps: secrets made once, and the lock that orders its writers."""

import fcntl
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rigtasks.local.problems import AlreadyRunning, LocalFailure

SECRET_BYTES = 24


def kept_secret(path: Path, *, prefix: str = "") -> str:
    """Return the secret stored at `path`, making it on the first call.

    The file is readable by its owner only, and two callers that race get the same secret.

    Args:
        path: the file that keeps it.
        prefix: what a new secret starts with, so that scanners recognise it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(prefix + secrets.token_urlsafe(SECRET_BYTES))
        os.link(draft, path)
    except FileExistsError:
        pass  # made earlier, or by the other caller: theirs is the secret
    finally:
        Path(draft).unlink()
    return path.read_text()


@contextmanager
def file_lock(path: Path, *, seconds: float, holder: str) -> Iterator[None]:
    """Hold an exclusive lock that the kernel gives back when this process dies.

    Args:
        path: the lock file; it stays behind, empty.
        seconds: how long to wait for another holder; 0 asks once.
        holder: what the lock protects, for the message.

    Raises:
        AlreadyRunning: another process kept it for all that time.
        LocalFailure: the folder belongs to another account.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except PermissionError as error:
        raise LocalFailure(
            f"{path.parent} belongs to another account: use a data folder of your own (--data-dir)"
        ) from error
    with file:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise AlreadyRunning(f"{holder} is in use by another process") from error
                time.sleep(0.02)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
