"""How a process of the stack comes to be: an interpreter of its own, or a fork of the nursery."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol


class Child(Protocol):
    """A child process, as `subprocess.Popen` shows it."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def poll(self) -> int | None:
        """Return its exit status, negative for a signal; None while it lives."""

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status once it has ended.

        Raises:
            subprocess.TimeoutExpired: it outlived `timeout` seconds.
        """

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""


#: Starts a command in a session of its own: its words, whole environment, folder and log.
Launch = Callable[[Sequence[str], Mapping[str, str], Path, BinaryIO], Child]


def execute(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, log: BinaryIO
) -> Child:
    """Start a command as a program of its own.

    Raises:
        OSError: it cannot be executed.
    """
    return subprocess.Popen(  # noqa: S603 - commands of the stack's own table
        argv,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
