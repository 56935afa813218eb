"""Turn what git says about a remote into the error that tells the caller what to do."""

import re
from collections.abc import Callable

from rigtasks.errors import RigError
from rigtasks.workspace.errors import (
    AccessDenied,
    AuthenticationFailed,
    BranchProtected,
    GitFailed,
    RemoteUnavailable,
    RepositoryNotFound,
)
from rigtasks.workspace.git import Completed

_Build = Callable[[str], RigError]

#: The first pattern that is found decides; the order goes from particular to general.
_PATTERNS: tuple[tuple[re.Pattern[str], _Build], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), build)
    for pattern, build in (
        (r"protected branch|GH006|GH013|repository rule violations", BranchProtected),
        (r"refusing to allow|without `?workflows`? permission", AccessDenied),
        (r"(pre-receive|update) hook declined|GH00[1-57-9]", BranchProtected),
        (
            r"permission to .* denied|error: 403|access denied|write access .* not granted",
            AccessDenied,
        ),
        (
            r"authentication failed|error: 401|could not read (user|pass)|invalid credentials",
            AuthenticationFailed,
        ),
        (r"repository .*not found|error: 404", RepositoryNotFound),
        (
            r"error: (429|5\d\d)|could not resolve host|failed to connect|couldn't connect",
            RemoteUnavailable,
        ),
        (r"connection (timed out|refused|reset)|timed out|empty reply", RemoteUnavailable),
        (r"rpc failed|hung up|early eof|unexpected disconnect|recv failure", RemoteUnavailable),
        (r"ssl|gnutls|certificate", RemoteUnavailable),
    )
)


def remote_error(action: str, done: Completed) -> RigError:
    """Return the error for a command that failed while talking to a remote.

    Args:
        action: what was tried, in words and without a URL.
        done: how it ended; its standard error is free of credentials.
    """
    said = done.stderr.strip()
    for pattern, build in _PATTERNS:
        if pattern.search(said):
            return build(f"Could not {action}: {_last_lines(said)}")
    return GitFailed(f"Could not {action}", stderr=_last_lines(said))


def _last_lines(said: str, most: int = 4) -> str:
    lines = [line.removeprefix("remote: ").strip() for line in said.splitlines()]
    return " / ".join([line for line in lines if line][-most:])
