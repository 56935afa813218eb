"""What can go wrong with a call to GitHub: asked at each call, before and after its effect."""

from typing import Protocol

import msgspec

from rigtasks.errors import RigError
from rigtasks.github.errors import (
    BadCredentials,
    EffectUnknown,
    Forbidden,
    NotAllowed,
    NotFound,
    RateLimited,
    Refusal,
    Unavailable,
)
from rigtasks.github.identities import Role


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One call: by whom, what, and whether it changes something.

    `path` begins below `repository`; GraphQL has the name of its operation there, git its branch.
    Without a repository it is the App itself that asks. `sha` is the head that a merge is bound to.
    """

    role: Role
    method: str
    path: str
    write: bool
    sha: str | None = None
    repository: str = ""


class Faults(Protocol):
    """Decides what fails. Each method raises the error that the caller shall see."""

    def before(self, asked: Asked) -> None:
        """Fail before anything happened, or let it go on."""
        ...

    def after(self, asked: Asked) -> None:
        """Fail after the effect of a write, or let its answer through."""
        ...

    def is_stale(self, asked: Asked) -> bool:
        """Say whether a read is answered as it was before the newest change."""
        ...


class NoFaults:
    """A GitHub that always works."""

    def before(self, asked: Asked) -> None:
        """Let it go on."""

    def after(self, asked: Asked) -> None:
        """Let the answer through."""

    def is_stale(self, asked: Asked) -> bool:
        """Answer as things are."""
        del asked
        return False


def unavailable(asked: Asked) -> RigError:
    """Return what a broken connection or a 502 means for a call that changed nothing yet."""
    if asked.write:
        return EffectUnknown(f"{asked.method} {asked.path}: 502; it may have happened.")
    return Unavailable(f"{asked.method} {asked.path}: 502; nothing was changed.")


def limited(seconds: float) -> RigError:
    """Return what a reached limit means."""
    return RateLimited("The limit of the installation is used up", retry_after=seconds)


def expired(asked: Asked) -> RigError:
    """Return what a token means that GitHub does not accept, a fresh one included."""
    return BadCredentials(_refusal(asked, 401, "Bad credentials"))


def forbidden(asked: Asked) -> RigError:
    """Return what a missing permission means."""
    return Forbidden(_refusal(asked, 403, "Resource not accessible by integration"))


def base_moved(asked: Asked) -> RigError:
    """Return what GitHub says of a merge while it still works on the one before."""
    message = "Base branch was modified. Review and try the merge again."
    return NotAllowed(_refusal(asked, 405, message))


def lagging(asked: Asked) -> RigError:
    """Return what GitHub says of something it has announced and does not show yet."""
    return NotFound(_refusal(asked, 404, "Not Found"))


def _refusal(asked: Asked, status: int, message: str) -> Refusal:
    return Refusal(method=asked.method, path=asked.path, status=status, message=message)
