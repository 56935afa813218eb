"""Where commits are received and pushed from: the seam between the conductor and git."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from rigtasks.workspace.bundle import receive_bundle
from rigtasks.workspace.checkout import Start, clean_clone, remote_heads
from rigtasks.workspace.git import Git, Remote
from rigtasks.workspace.owned_folders import owned_folder
from rigtasks.workspace.push import PushOutcome, PushRequest, push_branch
from rigtasks.workspace.work import ReceivedWork


class CleanClone(Protocol):
    """A repository that no agent has touched, for one publication.

    Every method raises a `RigError` as `rigtasks.workspace.errors` names it.
    """

    def head(self, branch: str) -> str | None:
        """Ask the remote where a branch is now, None where it has none of that name."""
        ...

    def receive(self, data: bytes, *, branch: str, start: Start) -> ReceivedWork:
        """Check a bundle and take in its commits; nothing of it is checked out or run.

        Args:
            data: the bundle as the run stored it.
            branch: the branch name it must contain.
            start: the commits the run started from.

        Raises:
            BundleRefused: with the code of what is wrong.
        """
        ...

    def push(self, request: PushRequest) -> PushOutcome:
        """Move a branch to a commit that was received, or leave it as it is.

        Raises:
            LeaseLost: the branch is somewhere else on the remote; nothing was changed.
            UnknownEffect: it may have been moved; ask for its head before anything else.
        """
        ...


class CleanClones(Protocol):
    """Makes clean clones and removes them again."""

    def open(self, remote: Remote) -> AbstractContextManager[CleanClone]:
        """Lend a clean clone of a remote for one publication."""
        ...


@dataclass(frozen=True, slots=True)
class GitCleanClones:
    """Clean clones made by git, each in a folder of its own below one."""

    folder: Path

    @contextmanager
    def open(self, remote: Remote) -> Iterator[CleanClone]:
        """Lend a clean clone of a remote for one publication."""
        with owned_folder(self.folder, uuid4().hex) as own:
            yield _GitCleanClone(own / "clean.git", remote)


class _GitCleanClone:
    """One clean clone; nothing is fetched before there is something to receive."""

    def __init__(self, directory: Path, remote: Remote) -> None:
        self._directory = directory
        self._remote = remote

    def head(self, branch: str) -> str | None:
        return remote_heads(self._remote, branch).get(branch)

    def receive(self, data: bytes, *, branch: str, start: Start) -> ReceivedWork:
        clone = clean_clone(self._directory, self._remote, start)
        return receive_bundle(clone, data, branch=branch, start=start)

    def push(self, request: PushRequest) -> PushOutcome:
        return push_branch(Git(self._directory), self._remote, request)
