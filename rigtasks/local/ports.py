"""Loopback ports: the usual one where it is free, the next free one where it is not."""

import socket
from collections.abc import Iterable, Mapping

from rigtasks.local.problems import LocalFailure

LOOPBACK = "127.0.0.1"
PORTS_TRIED = 100


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
    """Return a loopback port the kernel picked."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


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
        if port not in refused and is_free(port):
            return port
    raise LocalFailure(f"no free port between {preferred} and {preferred + PORTS_TRIED}")


def assign_ports(preferred: Mapping[str, int]) -> dict[str, int]:
    """Give every name a port of its own, in order, close to the one it prefers."""
    assigned: dict[str, int] = {}
    for name, port in preferred.items():
        assigned[name] = free_port(port, taken=assigned.values())
    return assigned
