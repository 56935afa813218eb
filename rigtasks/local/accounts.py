"""Which account a server runs as, and what that account can reach.

PostgreSQL refuses to run as root, so root hands it to `nobody`. An account of its own would
mean changing the machine, which a development stack never does.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rigtasks.local.problems import LocalFailure


@dataclass(frozen=True, kw_only=True)
class Account:
    """An unprivileged account that root lends to a server."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give one file or folder to this account."""
        os.chown(path, self.uid, self.gid)


def server_account() -> Account | None:
    """Return the account servers run as, or None where the caller's own account will do.

    Raises:
        LocalFailure: the caller is root and the machine has no account `nobody`.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LocalFailure(
            "PostgreSQL cannot run as root and this machine has no account 'nobody': "
            "run as another user, or set DATABASE_URL to a server of yours."
        ) from error
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def popen_identity(account: Account | None) -> dict[str, object]:
    """Return the keyword arguments that make `subprocess` drop to the account."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def can_enter(folder: Path, account: Account | None) -> bool:
    """Tell whether the account may work inside the folder, asking the kernel rather than modes."""
    if account is None:
        return os.access(folder, os.X_OK)
    answer = subprocess.run(  # noqa: S603 - fixed shell, the path is an argument
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
        cwd="/",
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
    )
    return answer.returncode == 0
