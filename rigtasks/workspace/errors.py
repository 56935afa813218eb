"""What can go wrong between git and a remote, sorted by what to do next."""

from rigtasks.errors import Permanent, Rejected, Retryable


class GitFailed(Permanent):
    """Git refused a command for a reason that repeating will not change.

    Args:
        message: what was tried.
        stderr: what git said, with credentials already removed.
    """

    def __init__(self, message: str, *, stderr: str = "") -> None:
        super().__init__(f"{message}: {stderr.strip()}" if stderr.strip() else message)
        self.stderr = stderr


class GitTimeout(Retryable):
    """Git did not end in time and was killed with everything it had started."""


class GitStopped(Retryable):
    """Git was killed, with everything it had started, because its run has to end."""


class RemoteUnavailable(Retryable):
    """The remote could not be reached or answered with a failure of its own."""


class AuthenticationFailed(Retryable):
    """The remote did not accept the token: mint a fresh one and try again."""


class AccessDenied(Permanent):
    """The identity may not do this on the remote; its permissions have to change."""


class RepositoryNotFound(Permanent):
    """The remote does not know the repository, or hides it from this identity."""


class BranchNotFound(Permanent):
    """The repository has no branch of this name."""


class LeaseLost(Permanent):
    """The branch is not where it was expected to be: somebody else pushed.

    Args:
        message: the branch and what was expected.
        found: the commit the remote has now, None when the branch is gone or was not read.
    """

    def __init__(self, message: str, *, found: str | None = None) -> None:
        super().__init__(message)
        self.found = found


class BranchProtected(Permanent):
    """A rule of the repository refused the push; a person has to look at the rule."""


class BranchRefused(Rejected):
    """The rig itself never pushes to this ref."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="branch-refused")


class BundleRefused(Rejected):
    """The work an agent handed over cannot be accepted.

    The codes are `bundle-too-large`, `bundle-malformed`, `bundle-ref`, `bundle-prerequisite`,
    `bundle-objects`, `bundle-history`, `bundle-empty`, `bundle-path` and `bundle-commits`.
    """
