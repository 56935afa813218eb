"""Files at a commit: one file, the list of all, and the owners of paths."""

import base64
import binascii
from typing import Final

import msgspec

from rigtasks.github.api import Api, segment
from rigtasks.github.errors import Unavailable

_CODEOWNERS: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


class FileContent(msgspec.Struct, frozen=True, kw_only=True):
    """A file at a commit.

    A symbolic link inside the repository is followed by GitHub; its own mode is in the tree.
    """

    path: str
    sha: str
    content: bytes


class TreeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One path of a commit; `mode` as git writes it, `type` blob, tree or commit."""

    path: str
    mode: str
    type: str
    sha: str
    size: int | None = None


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """All paths of a commit, unless GitHub cut the list."""

    sha: str
    tree: tuple[TreeEntry, ...]
    truncated: bool

    def files(self) -> tuple[str, ...]:
        """Return the paths of files, links included."""
        return tuple(entry.path for entry in self.tree if entry.type == "blob")

    def entry(self, path: str) -> TreeEntry | None:
        """Return one path's entry."""
        return next((entry for entry in self.tree if entry.path == path), None)


class _GitObject(msgspec.Struct, frozen=True, kw_only=True):
    sha: str


class _Reference(msgspec.Struct, frozen=True, kw_only=True):
    object: _GitObject


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    path: str
    sha: str
    size: int = 0
    encoding: str = ""
    content: str = ""


class _Listed(msgspec.Struct, frozen=True, kw_only=True):
    path: str


class _Blob(msgspec.Struct, frozen=True, kw_only=True):
    content: str
    encoding: str


def read_branch_head(api: Api, branch: str) -> str | None:
    """Return the commit a branch is at, None when there is no such branch."""
    path = "/".join(segment(part) for part in branch.split("/"))
    found = api.find(f"/git/ref/heads/{path}", _Reference)
    return found.object.sha if found else None


def read_file(api: Api, path: str, *, ref: str) -> FileContent | None:
    """Read a file, None where there is none at that path or it is a folder or submodule.

    Args:
        api: who asks.
        path: from the root of the repository.
        ref: a commit id, so that nothing moves between two reads.
    """
    address = "/contents/" + "/".join(segment(part) for part in path.split("/"))
    found = api.find(address, _Entry | tuple[_Listed, ...], ref=ref)  # type: ignore[arg-type]
    if not isinstance(found, _Entry) or found.type != "file":
        return None
    if found.encoding == "base64":
        return FileContent(path=path, sha=found.sha, content=_bytes(found.content))
    blob = api.get(f"/git/blobs/{found.sha}", _Blob)  # files above 1 MB come without content
    return FileContent(path=path, sha=found.sha, content=_bytes(blob.content))


def read_tree(api: Api, ref: str) -> Tree:
    """Read all paths at a commit or branch."""
    return api.get(f"/git/trees/{segment(ref)}", Tree, recursive=1)


def read_codeowners(api: Api, *, ref: str) -> FileContent | None:
    """Read the CODEOWNERS file that counts: the first of the three places that has one."""
    for path in _CODEOWNERS:
        found = read_file(api, path, ref=ref)
        if found is not None:
            return found
    return None


def _bytes(content: str) -> bytes:
    try:
        return base64.b64decode(content)
    except (binascii.Error, ValueError) as error:
        raise Unavailable("GitHub sent a file that is no base64.") from error
