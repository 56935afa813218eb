"""What can go wrong while the local stack starts, each with the remedy in its message."""

from rigtasks.errors import Permanent


class LocalFailure(Permanent):
    """A part of the local stack could not be started or stopped."""


class MissingProgram(LocalFailure):
    """A program the stack needs is not on this machine; the message names what to install."""


class AlreadyRunning(LocalFailure):
    """Another live stack owns this data folder.

    Args:
        message: what was found and how to stop it.
        pid: the process that owns the folder, when it is known.
    """

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class Interrupted(LocalFailure):
    """Somebody asked for a stop before the stack was ready."""
