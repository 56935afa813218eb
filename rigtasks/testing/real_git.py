"""The real git as a person at a terminal has it, without anybody's settings and questions."""

import os
import subprocess
from pathlib import Path

_SECONDS = 60


def real_git(
    folder: Path, *arguments: str, name: str, email: str
) -> subprocess.CompletedProcess[str]:
    """Run git in a folder to its end, whatever that is.

    Args:
        folder: where to run it.
        arguments: of git.
        name: of the author and committer of what it commits.
        email: as `name`.
    """
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
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
