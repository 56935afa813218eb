"""What an agent did, read from objects that have been checked."""

from datetime import datetime
from enum import StrEnum

import msgspec


class FileMode(StrEnum):
    """The kinds of entries a git tree has; `ABSENT` stands for no entry."""

    ABSENT = "000000"
    REGULAR = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"
    SUBMODULE = "160000"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A name and address as a commit claims them; anybody can write anything here."""

    name: str
    email: str
    when: datetime


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One commit of the range."""

    sha: str
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    message: str


class ChangedPath(msgspec.Struct, frozen=True, kw_only=True):
    """One path that differs between base and head; renames count as removal and addition.

    Args:
        added: lines added, None for a binary file.
        removed: lines removed, None for a binary file.
        size: bytes at the head, 0 when the path is gone.
        link_target: where a symbolic link points to at the head.
    """

    path: str
    old_mode: FileMode
    new_mode: FileMode
    added: int | None
    removed: int | None
    size: int
    link_target: str | None = None

    @property
    def binary(self) -> bool:
        """Say whether git sees no text in it."""
        return self.added is None


class DiffText(msgspec.Struct, frozen=True, kw_only=True):
    """A unified diff; `truncated` when it was longer than allowed, which is never acceptable."""

    text: str
    truncated: bool


class ReceivedWork(msgspec.Struct, frozen=True, kw_only=True):
    """The work of a run, ready for the diff policy and the push.

    Args:
        base_sha: the commit the work is compared with.
        commits: from the oldest to the newest, everything the head has and the start had not.
    """

    base_sha: str
    head_sha: str
    commits: tuple[Commit, ...]
    changed: tuple[ChangedPath, ...]
    diff: DiffText
