"""Where a server keeps its data: in the stack's folder, or where its account can reach it."""

import hashlib
import tempfile
from pathlib import Path

from rigtasks.local.accounts import Account, can_enter
from rigtasks.local.problems import LocalFailure

SHELTERS = (Path("/var/lib/engineering-rig"), Path(tempfile.gettempdir()) / "engineering-rig")
"""Where root puts what the server's account must reach, when the data folder is closed to it."""


def server_folder(kept: Path, account: Account | None) -> Path:
    """Return the folder a server works in, made and owned by its account.

    Args:
        kept: the server's own folder inside the data folder; secrets stay here.
        account: the account the server runs as, None for the caller's own.

    Raises:
        LocalFailure: no folder could be made that the account can enter.
    """
    kept.mkdir(parents=True, exist_ok=True)
    if account is None:
        return kept
    inside = kept / "server"
    if inside.exists() or can_enter(kept, account):
        folder = inside
    else:
        folder = _shelter() / hashlib.sha256(str(kept.resolve()).encode()).hexdigest()[:16]
        (kept / "location").write_text(f"{folder}\n")
    if not folder.exists():
        folder.mkdir(mode=0o700)
        account.own(folder)
    if not can_enter(folder, account):
        raise LocalFailure(
            f"the account {account.name} cannot enter {folder}: use a data folder it can reach "
            "(--data-dir), or set DATABASE_URL to a server of yours."
        )
    return folder


def _shelter() -> Path:
    for folder in SHELTERS:
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
            folder.chmod(0o755)
        except OSError:
            continue  # read-only here; the next place is tried
        if folder.owner() == "root":
            return folder
    raise LocalFailure(
        f"none of {', '.join(map(str, SHELTERS))} can be made: set DATABASE_URL to a server of "
        "yours, or use --data-dir with a folder that every account can enter."
    )
