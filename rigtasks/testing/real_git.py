"""The real git as a person at a terminal has it, without anybody's settings and questions."""

import os
import re
import subprocess
from pathlib import Path

_SECONDS = 60
#: Who a token signs in as where that decides nothing.
ANY_USER = "x-access-token"
_PASSWORD_IN_ADDRESS = re.compile(r"://[^/]*:[^/]*@")
#: A credential helper of git's: it answers the question for a login, and keeps nothing.
_ANSWER = (
    '!answer() { test "$1" != get || '
    'printf "username=%s\\npassword=%s\\n" "$GIT_LOGIN_USER" "$GIT_LOGIN_TOKEN"; }; answer'
)


def signed_in(token: str, user: str = ANY_USER) -> dict[str, str]:
    """Return the environment variables with which git signs in wherever it is asked to.

    Nothing of it is in an address or an argument, which the machine's other users could read.
    """
    settings = ("", _ANSWER)  # the empty one takes away the helpers that are configured elsewhere
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for place, helper in enumerate(settings):
        variables[f"GIT_CONFIG_KEY_{place}"] = "credential.helper"
        variables[f"GIT_CONFIG_VALUE_{place}"] = helper
    return {**variables, "GIT_LOGIN_USER": user, "GIT_LOGIN_TOKEN": token}


def real_git(
    folder: Path,
    *arguments: str,
    name: str,
    email: str,
    token: str | None = None,
    user: str = ANY_USER,
) -> subprocess.CompletedProcess[str]:
    """Run git in a folder to its end, whatever that is.

    Args:
        folder: where to run it.
        arguments: of git.
        name: of the author and committer of what it commits.
        email: as `name`.
        token: what to sign in with, None to stay anonymous.
        user: whom to sign in as.

    Raises:
        ValueError: an argument gives a password away.
    """
    shown = " ".join(arguments)
    if _PASSWORD_IN_ADDRESS.search(shown) or (token is not None and token in shown):
        raise ValueError("arguments of git are no place for a password")
    return subprocess.run(  # noqa: S603  # a fixed program, arguments as a list
        ["git", *arguments],  # noqa: S607  # git is found on PATH
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": email,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": email,
            **({} if token is None else signed_in(token, user)),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
