"""A machine of its own for a process: a network namespace whose only ways out are cables.

A pulled cable is silence: what is sent is lost, and nobody is told, as where a network is
partitioned. A loopback proxy can hold data back, but the connections behind it stay.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from types import TracebackType
from typing import Self

#: Addresses that are set aside for such tests and are routed nowhere (RFC 2544).
_NETWORK = (198, 18)
_LINKS = 1 << 14
_numbers = count()


class Cable:
    """A wire between this machine and one of its own, with an address at each end.

    Args:
        machine: the namespace at its far end.
    """

    def __init__(self, machine: str) -> None:
        number = next(_numbers)
        self._near_end, far_end = (f"rig{os.getpid()}{side}{number}" for side in "nf")
        self.near, far = _addresses(os.getpid() * 8 + number)
        peer = ("type", "veth", "peer", "name", far_end, "netns", machine)
        _ip("link", "add", self._near_end, *peer)
        _ip("addr", "add", f"{self.near}/30", "dev", self._near_end)
        _ip("-netns", machine, "addr", "add", f"{far}/30", "dev", far_end)
        _ip("link", "set", self._near_end, "up")
        _ip("-netns", machine, "link", "set", far_end, "up")

    @contextmanager
    def pulled(self) -> Iterator[None]:
        """Lose whatever is sent either way, meanwhile."""
        _ip("link", "set", self._near_end, "down")
        try:
            yield
        finally:
            _ip("link", "set", self._near_end, "up")


class Machine:
    """A network namespace that goes with its block; what runs in it has to end before.

    Needs root and the command `ip`.
    """

    def __init__(self) -> None:
        self._name = f"rig-{os.getpid()}-{next(_numbers)}"

    def __enter__(self) -> Self:
        _ip("netns", "add", self._name)
        _ip("-netns", self._name, "link", "set", "lo", "up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _ip("netns", "del", self._name)  # its cables go with it

    @property
    def through(self) -> tuple[str, ...]:
        """The command that runs a command on this machine."""
        return ("ip", "netns", "exec", self._name)

    def cable(self) -> Cable:
        """Connect it with one more cable."""
        return Cable(self._name)


def _addresses(number: int) -> tuple[str, str]:
    """Return the two addresses of a link with room for no more."""
    at = number % _LINKS * 4
    high, low = divmod(at, 256)
    first, second = _NETWORK
    return f"{first}.{second}.{high}.{low + 1}", f"{first}.{second}.{high}.{low + 2}"


def _ip(*arguments: str) -> None:
    try:
        subprocess.run(("ip", *arguments), check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise AssertionError(
            "a partition needs the command `ip` (Debian package: iproute2)"
        ) from None
    except subprocess.CalledProcessError as error:
        raise AssertionError(
            "a partition needs root and the right to make network namespaces: "
            f"`ip {' '.join(arguments)}` said {error.stderr.strip()!r}"
        ) from None
