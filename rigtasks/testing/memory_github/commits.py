"""Commits as a plain graph: contents, ancestry, three-way merges and diffs, without git."""

import difflib
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

import msgspec

from rigtasks.github.identities import Account

Files = Mapping[str, str]

_REGULAR = "100644"


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One commit with everything it contains; `author` is the account GitHub knows behind it."""

    sha: str
    parents: tuple[str, ...]
    files: Files
    message: str
    author: Account | None
    committer: Account | None
    date: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one path; `text` is its part of the diff, with git's header."""

    path: str
    status: str
    additions: int
    deletions: int
    text: str

    @property
    def patch(self) -> str:
        """Return the hunks alone, as GitHub's list of files shows them."""
        begin = self.text.find("@@ ")
        return self.text[begin:].rstrip("\n") if begin >= 0 else ""


def blob_sha(text: str) -> str:
    """Return the id git gives a file with this text."""
    return _blob_sha(text)


@lru_cache(maxsize=4096)
def _blob_sha(text: str) -> str:
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def new_commit(
    graph: "CommitGraph | None",
    *,
    parents: tuple[str, ...],
    files: Files,
    message: str,
    author: Account | None,
    date: datetime,
    committer: Account | None = None,
) -> Commit:
    """Make a commit, and put it into a graph unless it stays with whoever made it."""
    person = author.id if author else 0
    listed = [f"{path} {_blob_sha(text)}" for path, text in sorted(files.items())]
    words = "\n".join((*parents, *listed, message, str(person), date.isoformat()))
    commit = Commit(
        sha=hashlib.sha1(words.encode(), usedforsecurity=False).hexdigest(),
        parents=parents,
        files=files,
        message=message,
        author=author,
        committer=committer or author,
        date=date,
    )
    if graph is not None:
        graph.add(commit)
    return commit


class CommitGraph:
    """The commits of one repository."""

    def __init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._order: dict[str, int] = {}

    def add(self, commit: Commit) -> None:
        """Take a commit in whose parents are known; a known one changes nothing."""
        if commit.sha in self.commits:
            return
        above = [self._ancestors[parent] for parent in commit.parents]
        self._ancestors[commit.sha] = frozenset({commit.sha}).union(*above)
        self._order[commit.sha] = len(self._order)
        self.commits[commit.sha] = commit

    def copy(self) -> "CommitGraph":
        """Return a graph that can grow by itself."""
        other = CommitGraph()
        other.commits = dict(self.commits)
        other._ancestors = dict(self._ancestors)
        other._order = dict(self._order)
        return other

    def __getitem__(self, sha: str) -> Commit:
        return self.commits[sha]

    def __contains__(self, sha: object) -> bool:
        return sha in self.commits

    def is_ancestor(self, old: str, new: str) -> bool:
        """Say whether `new` is `old` or builds on it."""
        return old in self._ancestors[new]

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the newest commit that both have."""
        shared = self._ancestors[one] & self._ancestors[other]
        return max(shared, key=self._order.__getitem__, default=None)

    def between(self, old: str, new: str) -> tuple[Commit, ...]:
        """Return the commits `new` has and `old` has not, oldest first."""
        missing = self._ancestors[new] - self._ancestors[old]
        return tuple(self.commits[sha] for sha in sorted(missing, key=self._order.__getitem__))

    def newest(self, sha: str, most: int) -> tuple[Commit, ...]:
        """Return a commit and those before it, the newest first."""
        listed = sorted(self._ancestors[sha], key=self._order.__getitem__, reverse=True)
        return tuple(self.commits[each] for each in listed[:most])

    def merged(self, base: str, head: str) -> Files | None:
        """Return the files of both sides together, None where they conflict."""
        files, conflicts = self._together(base, head)
        return None if conflicts else files

    def resolved(self, base: str, head: str) -> Files:
        """Return the files of both sides together, those of the base where they conflict."""
        return self._together(base, head)[0]

    def _together(self, base: str, head: str) -> tuple[Files, bool]:
        ours, theirs = self.commits[base].files, self.commits[head].files
        shared = self.merge_base(base, head)
        before: Files = {} if shared is None else self.commits[shared].files
        files, conflicts = dict(ours), False
        for path in {*before, *theirs}:
            was, now, here = before.get(path), theirs.get(path), ours.get(path)
            if now in (was, here):
                continue
            if here != was:
                conflicts = True
            elif now is None:
                files.pop(path, None)
            else:
                files[path] = now
        return files, conflicts

    def changes(self, old: str, new: str) -> tuple[Change, ...]:
        """Return what differs between two commits, by path."""
        return changes(self.commits[old].files, self.commits[new].files)


def changes(before: Files, after: Files) -> tuple[Change, ...]:
    """Return what differs between two sets of files, by path."""
    paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return tuple(_change(path, before.get(path), after.get(path)) for path in paths)


def shown_lines(change: Change) -> frozenset[int]:
    """Return the lines of the new side that the diff shows, which can be commented on."""
    shown: set[int] = set()
    number = 0
    for line in change.patch.splitlines():
        if line.startswith("@@ "):
            number = int(line.split("+")[1].split(" ")[0].split(",")[0]) - 1
        elif line.startswith(("+", " ")):
            number += 1
            shown.add(number)
    return frozenset(shown)


@lru_cache(maxsize=4096)
def _change(path: str, before: str | None, after: str | None) -> Change:
    hunks = list(
        difflib.unified_diff(_lines(before), _lines(after), lineterm="", n=3),
    )[2:]
    status = "added" if before is None else "removed" if after is None else "modified"
    header = [f"diff --git a/{path} b/{path}"]
    names = (_blob_sha(before or ""), _blob_sha(after or ""))
    if before is None:
        header += [f"new file mode {_REGULAR}", f"index {'0' * 40}..{names[1]}"]
    elif after is None:
        header += [f"deleted file mode {_REGULAR}", f"index {names[0]}..{'0' * 40}"]
    else:
        header.append(f"index {names[0]}..{names[1]} {_REGULAR}")
    if hunks:
        header.append("--- /dev/null" if before is None else f"--- a/{path}")
        header.append("+++ /dev/null" if after is None else f"+++ b/{path}")
    return Change(
        path=path,
        status=status,
        additions=sum(line.startswith("+") for line in hunks),
        deletions=sum(line.startswith("-") for line in hunks),
        text="\n".join((*header, *hunks)) + "\n",
    )


def _lines(text: str | None) -> list[str]:
    return [] if text is None else text.splitlines()
