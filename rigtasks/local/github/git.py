"""Bare git repositories: reading them, and the few writes a forge makes itself.

Every command runs with a scrubbed environment: no system or user configuration, no prompts, and
only the forge's own hooks folder, so nothing that was pushed is ever executed.
"""

import os
import subprocess
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

ZERO = "0" * 40
_TIMEOUT_SECONDS = 60
_RECORD = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
_RECORD_FIELDS = 10


class GitFailedError(Exception):
    """A git command ended with an error."""

    def __init__(self, arguments: Iterable[str], code: int, output: str) -> None:
        super().__init__(f"git {' '.join(arguments)} ended with {code}: {output.strip()}")
        self.code = code
        self.output = output


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote or committed something, and when (ISO 8601)."""

    name: str
    email: str
    date: str


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One commit as git has it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


class TreeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a recursive tree listing; `size` is None for anything but a blob."""

    mode: str
    type: str
    sha: str
    size: int | None
    path: str


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a diff, with GitHub's words for what happened to it."""

    filename: str
    previous_filename: str | None
    status: str
    sha: str | None
    additions: int
    deletions: int
    patch: str | None


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Build the whole environment of a git command."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_CONFIG_KEY_1": "gc.auto",
        "GIT_CONFIG_VALUE_1": "0",
        **(extra or {}),
    }


class BareRepository:
    """One bare repository on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, default_branch: str, hooks: Path) -> None:
        """Make an empty bare repository that runs only the hooks of the given folder."""
        self.path.mkdir(parents=True)
        self.run("init", "--quiet", "--bare", f"--initial-branch={default_branch}", "--template=")
        settings = {
            "core.hooksPath": str(hooks),
            "core.logAllRefUpdates": "true",
            "http.receivepack": "true",
            "receive.fsckObjects": "true",
            "receive.denyDeleteCurrent": "refuse",
            "uploadpack.allowFilter": "true",
            "uploadpack.allowReachableSHA1InWant": "true",
        }
        with (self.path / "config").open("a", encoding="utf-8") as config:
            for name, value in settings.items():
                section, key = name.split(".")
                config.write(f'[{section}]\n\t{key} = "{value}"\n')

    def run(
        self,
        *arguments: str,
        accept: tuple[int, ...] = (0,),
        extra: dict[str, str] | None = None,
        given: bytes | None = None,
    ) -> str:
        """Run git here and return its standard output as text.

        Raises:
            GitFailedError: the exit code is none of `accept`.
        """
        return self.run_bytes(*arguments, accept=accept, extra=extra, given=given).decode(
            "utf-8", "replace"
        )

    def run_bytes(
        self,
        *arguments: str,
        accept: tuple[int, ...] = (0,),
        extra: dict[str, str] | None = None,
        given: bytes | None = None,
    ) -> bytes:
        """Run git here and return its standard output.

        Raises:
            GitFailedError: the exit code is none of `accept`.
        """
        done = subprocess.run(  # noqa: S603  # fixed program, arguments as a list
            ["git", "--git-dir", str(self.path), *arguments],  # noqa: S607  # git is found on PATH
            cwd=self.path,
            env=environment(extra),
            input=given if given is not None else b"",
            capture_output=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
        if done.returncode not in accept:
            raise GitFailedError(arguments, done.returncode, done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def refs(self, prefix: str = "refs/heads/") -> dict[str, str]:
        """Return every ref under the prefix and the object it names."""
        lines = self.run("for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def resolve(self, name: str) -> str | None:
        """Return the commit of a branch, tag, full ref or SHA, or None."""
        if name.startswith("-") or ".." in name or "@{" in name:
            return None
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", name):
            found = self.run(
                "rev-parse", "--verify", "--quiet", f"{candidate}^{{commit}}", accept=(0, 1, 128)
            ).strip()
            if found:
                return found
        return None

    def branch(self, name: str) -> str | None:
        """Return the head of a branch, or None."""
        if name.startswith("-") or ".." in name:
            return None
        loose = self.path / "refs" / "heads" / name
        if loose.is_file():
            return loose.read_text(encoding="ascii").strip()
        found = self.run(
            "rev-parse", "--verify", "--quiet", f"refs/heads/{name}", accept=(0, 1, 128)
        )
        return found.strip() or None

    def update_ref(self, ref: str, new: str, old: str | None = None) -> None:
        """Point a ref at a commit, only if it still is at `old` (40 zeros: must not exist).

        Raises:
            GitFailedError: the ref was somewhere else.
        """
        self.run("update-ref", ref, new, *([old] if old is not None else []))

    def delete_ref(self, ref: str) -> None:
        """Delete a ref."""
        self.run("update-ref", "-d", ref)

    def take(self, other: "BareRepository", branch: str) -> None:
        """Bring the objects of another repository's branch here; no ref moves."""
        self.run("fetch", "--quiet", "--no-tags", str(other.path), f"refs/heads/{branch}")

    def commits(self, *revisions: str, limit: int = 250) -> list[Commit]:
        """Return the commits of a revision range, newest first."""
        output = self.run(
            "log",
            "-z",
            f"--max-count={limit}",
            "--topo-order",
            f"--format={_RECORD}",
            *revisions,
            "--",
        )
        fields = output.split("\0")[:-1]
        starts = range(0, len(fields), _RECORD_FIELDS)
        return [_commit(fields[start : start + _RECORD_FIELDS]) for start in starts]

    def commit(self, sha: str) -> Commit:
        """Return one commit."""
        return self.commits(sha, limit=1)[0]

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether `older` can be reached from `newer`."""
        try:
            self.run("merge-base", "--is-ancestor", older, newer)
        except GitFailedError as failure:
            if failure.code == 1:
                return False
            raise
        return True

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor, or None for unrelated histories."""
        return self.run("merge-base", one, other, accept=(0, 1)).strip() or None

    def count(self, revisions: str) -> int:
        """Return how many commits a revision range has."""
        return int(self.run("rev-list", "--count", revisions, "--"))

    def tree(self, treeish: str, *, recursive: bool) -> list[TreeEntry]:
        """Return the entries of a tree."""
        flags = ["-r", "-t"] if recursive else []
        output = self.run("ls-tree", "-z", "--long", *flags, treeish)
        return [_tree_entry(line) for line in output.split("\0") if line]

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        """Return the tree entry at a path, or None."""
        output = self.run(
            "--literal-pathspecs", "ls-tree", "-z", "--long", commit, "--", path.strip("/")
        )
        return _tree_entry(output.split("\0")[0]) if output else None

    def blob(self, sha: str) -> bytes:
        """Return the bytes of a blob."""
        return self.run_bytes("cat-file", "blob", sha)

    def diff_text(self, base: str, head: str) -> str:
        """Return the diff between two commits as text."""
        return self.run("diff", "--no-ext-diff", "--no-textconv", "--find-renames", base, head)

    def changed_files(self, base: str, head: str) -> list[ChangedFile]:
        """Return what changed between two commits, file by file."""
        flags = ("--no-ext-diff", "--no-textconv", "--find-renames")
        raw = self.run("diff", "-z", "--raw", "--no-abbrev", *flags, base, head)
        numbers = self.run("diff", "-z", "--numstat", *flags, base, head)
        patches = _split_patches(self.run("diff", *flags, base, head))
        counted = _numstat(numbers)
        files = []
        for index, (status, sha, old, new) in enumerate(_raw_entries(raw)):
            additions, deletions = counted[new]
            files.append(
                ChangedFile(
                    filename=new,
                    previous_filename=old,
                    status=status,
                    sha=sha,
                    additions=additions,
                    deletions=deletions,
                    patch=patches[index] if index < len(patches) else None,
                )
            )
        return files

    def merged_tree(self, base: str, head: str) -> str | None:
        """Return the tree of merging head into base, or None when they conflict."""
        output = self.run("merge-tree", "--write-tree", "--no-messages", base, head, accept=(0, 1))
        lines = output.splitlines()
        return lines[0] if len(lines) == 1 else None

    def write_commit(
        self,
        *,
        tree: str,
        parents: Iterable[str],
        message: str,
        author: Signature,
        committer: Signature,
    ) -> str:
        """Store a commit object and return its SHA; no ref moves."""
        flags = [flag for parent in parents for flag in ("-p", parent)]
        identity = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": author.date,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": committer.date,
        }
        return self.run(
            "commit-tree", tree, *flags, "-F", "-", extra=identity, given=message.encode()
        ).strip()

    def write_files(self, files: dict[str, tuple[bytes, bool]], work: Path) -> str:
        """Store a tree of files (path to bytes and executable bit) and return its SHA."""
        index = {"GIT_INDEX_FILE": str(work / "index")}
        lines = []
        for path, (content, executable) in sorted(files.items()):
            sha = self.run("hash-object", "-w", "--stdin", given=content).strip()
            lines.append(f"{'100755' if executable else '100644'} {sha}\t{path}\0")
        self.run("update-index", "-z", "--index-info", extra=index, given="".join(lines).encode())
        return self.run("write-tree", extra=index).strip()


def signature(name: str, email: str, moment: datetime) -> Signature:
    """Build a signature for a time."""
    return Signature(name=name, email=email, date=moment.isoformat())


def _commit(fields: list[str]) -> Commit:
    sha, tree, parents, an, ae, ad, cn, ce, cd, message = fields
    return Commit(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author=Signature(name=an, email=ae, date=ad),
        committer=Signature(name=cn, email=ce, date=cd),
        message=message.rstrip("\n"),
    )


def _tree_entry(line: str) -> TreeEntry:
    description, path = line.split("\t", 1)
    mode, kind, sha, size = description.split()
    return TreeEntry(
        mode=mode, type=kind, sha=sha, size=None if size == "-" else int(size), path=path
    )


_STATUS_WORDS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "T": "changed"}


def _raw_entries(raw: str) -> list[tuple[str, str | None, str | None, str]]:
    fields = raw.split("\0")
    entries: list[tuple[str, str | None, str | None, str]] = []
    position = 0
    while position + 1 < len(fields):
        _, _, old_sha, new_sha, letter = fields[position].split(" ")
        status = _STATUS_WORDS[letter[0]]
        sha = old_sha if status == "removed" else new_sha
        if status == "renamed":
            entries.append((status, sha, fields[position + 1], fields[position + 2]))
            position += 3
        else:
            entries.append((status, sha, None, fields[position + 1]))
            position += 2
    return entries


def _numstat(output: str) -> dict[str, tuple[int, int]]:
    fields = output.split("\0")
    counted: dict[str, tuple[int, int]] = {}
    position = 0
    while position < len(fields) and fields[position]:
        added, deleted, path = fields[position].split("\t", 2)
        position += 1
        if not path:
            path = fields[position + 1]
            position += 2
        counted[path] = (0, 0) if added == "-" else (int(added), int(deleted))
    return counted


def _split_patches(diff: str) -> list[str | None]:
    patches: list[str | None] = []
    hunk: list[str] | None = None
    for line in diff.split("\n"):
        if line.startswith("diff --git "):
            if hunk is not None:
                patches.append("\n".join(hunk).rstrip("\n") or None)
            hunk = []
        elif hunk is not None and (hunk or line.startswith("@@ ")):
            hunk.append(line)
    if hunk is not None:
        patches.append("\n".join(hunk).rstrip("\n") or None)
    return patches
