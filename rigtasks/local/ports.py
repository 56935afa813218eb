"""Loopback ports: the usual one where it is free, the next free one where it is not.

A port that was found free is promised to this process as long as it lives, so that two stacks
that start in the same instant do not both find the same one. A promise is a lock on a file.
"""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from rigtasks.local.problems import LocalFailure

LOOPBACK = "127.0.0.1"
PORTS_TRIED = 100
#: The ports promised to this process, with the descriptors that hold their locks.
_promises: dict[int, int] = {}


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    """Return a loopback port the kernel picked and nobody else was promised."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if _promised(port):
            return port


def free_port(preferred: int, *, taken: Iterable[int] = ()) -> int:
    """Return the preferred port, or the first free one above it.

    Args:
        preferred: where to look first.
        taken: ports already promised to somebody else who does not listen yet.

    Raises:
        LocalFailure: nothing is free nearby.
    """
    refused = set(taken)
    for port in range(preferred, min(preferred + PORTS_TRIED, 65536)):
        if port not in refused and is_free(port) and _promised(port, again=True):
            return port
    raise LocalFailure(f"no free port between {preferred} and {preferred + PORTS_TRIED}")


def kept_port(remembered: Path, preferred: int) -> int:
    """Return the port a server had last time where it is free, so that its address stays.

    Args:
        remembered: the file that says which one it was; written anew.
        preferred: where to look where there is no such file, or the port is taken.

    Raises:
        LocalFailure: nothing is free nearby.
    """
    try:
        last = int(remembered.read_text())
    except (FileNotFoundError, ValueError):
        last = preferred
    port = last if is_free(last) and _promised(last, again=True) else free_port(preferred)
    remembered.write_text(str(port))
    return port


def assign_ports(preferred: Mapping[str, int]) -> dict[str, int]:
    """Give every name a port of its own, in order, close to the one it prefers."""
    assigned: dict[str, int] = {}
    for name, port in preferred.items():
        assigned[name] = free_port(port, taken=assigned.values())
    return assigned


def _promised(port: int, *, again: bool = False) -> bool:
    """Promise a port to this process; say no where it was promised before.

    Args:
        port: the port.
        again: whether a promise to this very process counts as one.
    """
    if port in _promises:
        return again
    folder = Path(tempfile.gettempdir()) / f"rig-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    promise = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(promise, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(promise)
        return False
    _promises[port] = promise
    return True
