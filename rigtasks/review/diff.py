"""A git diff as frozen values, or a refusal; nothing in between.

Expected is what `git diff` prints with the default prefixes (`a/`, `b/`), no colour and no
external tools. Contents may be anything; bytes that are not UTF-8 are shown as replacement
characters. Paths must be UTF-8.
"""

import re
from enum import StrEnum

import msgspec
from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk, PatchedFile, PatchSet

from rigtasks.errors import Rejected

MAX_BYTES = 4_000_000
MAX_FILES = 3_000
MAX_LINES = 60_000

SYMLINK, SUBMODULE, EXECUTABLE = "120000", "160000", "100755"

_ESCAPE = re.compile(r'\\(?:([0-7]{3})|([abtnvfr"\\]))')
_SIMPLE = {
    "a": b"\a",
    "b": b"\b",
    "t": b"\t",
    "n": b"\n",
    "v": b"\v",
    "f": b"\f",
    "r": b"\r",
    '"': b'"',
    "\\": b"\\",
}


class FileStatus(StrEnum):
    """What became of a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"


class LineKind(StrEnum):
    """Which side of the diff a line is on."""

    ADDED = "added"
    REMOVED = "removed"
    CONTEXT = "context"


class DiffLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a hunk; numbers count from 1 on the side where the line exists."""

    kind: LineKind
    text: str
    old_number: int | None = None
    new_number: int | None = None


class FileDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One changed file. `old_path` differs from `path` for renames and copies only."""

    path: str
    old_path: str
    status: FileStatus
    old_mode: str | None = None
    new_mode: str | None = None
    binary: bool = False
    lines: tuple[DiffLine, ...] = ()

    @property
    def added(self) -> tuple[DiffLine, ...]:
        """Return the lines this change adds."""
        return tuple(line for line in self.lines if line.kind is LineKind.ADDED)

    @property
    def removed(self) -> tuple[DiffLine, ...]:
        """Return the lines this change removes."""
        return tuple(line for line in self.lines if line.kind is LineKind.REMOVED)

    @property
    def new_numbers(self) -> frozenset[int]:
        """Return the line numbers of the new side that the diff shows, so can be commented."""
        return frozenset(line.new_number for line in self.lines if line.new_number is not None)


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """A whole change; `truncated` says that the source did not show all of it."""

    files: tuple[FileDiff, ...]
    truncated: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every path it touches, both names of a rename, each once."""
        names = (name for one in self.files for name in (one.old_path, one.path))
        return tuple(dict.fromkeys(names))

    @property
    def changed_lines(self) -> int:
        """Return the number of added and removed lines."""
        return sum(line.kind is not LineKind.CONTEXT for one in self.files for line in one.lines)

    def file(self, path: str) -> FileDiff | None:
        """Return the change of the file that is now at `path`."""
        return next((one for one in self.files if one.path == path), None)


def parse_diff(data: bytes, *, truncated: bool = False) -> Diff:
    """Parse what `git diff` printed.

    Raises:
        Rejected: the diff is too large (`diff-too-large`), a path is not UTF-8
            (`diff-path`) or the text is no git diff (`diff-unreadable`).
    """
    if len(data) > MAX_BYTES:
        raise Rejected(
            f"The diff has {len(data)} bytes, more than {MAX_BYTES}; split the change.",
            code="diff-too-large",
        )
    text = data.decode("utf-8", errors="replace")
    if text.strip() and not text.lstrip().startswith(("diff --git ", "--- ")):
        raise Rejected("This is no git diff; send what git diff prints.", code="diff-unreadable")
    try:
        patch = PatchSet(text)
    except (UnidiffParseError, ValueError, AttributeError, TypeError) as problem:
        raise Rejected(
            "The diff cannot be read; send what git diff prints, whole and without colour, and "
            "avoid file names with a slash after a space.",
            code="diff-unreadable",
        ) from problem
    if len(patch) > MAX_FILES or sum(len(hunk) for one in patch for hunk in one) > MAX_LINES:
        raise Rejected(
            f"The diff has more than {MAX_FILES} files or {MAX_LINES} lines; split the change.",
            code="diff-too-large",
        )
    return Diff(files=tuple(_file(one) for one in patch), truncated=truncated)


def _file(patched: PatchedFile) -> FileDiff:
    header = [line.rstrip("\n") for line in patched.patch_info or ()]
    old_path, path = _paths(patched, header)
    return FileDiff(
        path=path,
        old_path=old_path,
        status=_status(patched, header),
        old_mode=patched.source_mode,
        new_mode=patched.target_mode,
        binary=bool(patched.is_binary_file),
        lines=tuple(line for hunk in patched for line in _lines(hunk)),
    )


def _status(patched: PatchedFile, header: list[str]) -> FileStatus:
    if patched.source_file == "/dev/null":
        return FileStatus.ADDED
    if patched.target_file == "/dev/null":
        return FileStatus.DELETED
    if _after(header, "rename to "):
        return FileStatus.RENAMED
    return FileStatus.COPIED if _after(header, "copy to ") else FileStatus.MODIFIED


def _paths(patched: PatchedFile, header: list[str]) -> tuple[str, str]:
    """Return old and new path from the header lines that cannot be misread."""
    for word in ("rename", "copy"):
        source, target = _after(header, f"{word} from "), _after(header, f"{word} to ")
        if source and target:
            return _unquoted(source), _unquoted(target)
    same = _same_name(header[0]) if header and header[0].startswith("diff --git ") else None
    if same is not None:
        return same, same
    sides = [name for name in (patched.source_file, patched.target_file) if name != "/dev/null"]
    if header or not sides:
        raise Rejected("A file header of the diff is ambiguous; rename it.", code="diff-path")
    names = [_without_prefix(_unquoted(name)) for name in sides]
    return names[0], names[-1]


def _same_name(header: str) -> str | None:
    """Return the name in `diff --git a/NAME b/NAME`, whatever spaces NAME has; None if unequal."""
    both = header.removeprefix("diff --git ")
    middle = len(both) // 2
    old, gap, new = both[:middle], both[middle : middle + 1], both[middle + 1 :]
    if gap != " ":
        return None
    old, new = _unquoted(old), _unquoted(new)
    if old.startswith("a/") and new.startswith("b/") and old[2:] == new[2:]:
        return old[2:]
    return None


def _after(header: list[str], prefix: str) -> str | None:
    return next((line[len(prefix) :] for line in header if line.startswith(prefix)), None)


def _without_prefix(name: str) -> str:
    return name[2:] if name.startswith(("a/", "b/")) else name


def _unquoted(name: str) -> str:
    """Undo git's C-style quoting of unusual names."""
    if not (len(name) > 1 and name.startswith('"') and name.endswith('"')):
        return name
    inner = name[1:-1]
    parts, position = bytearray(), 0
    for match in _ESCAPE.finditer(inner):
        parts += inner[position : match.start()].encode()
        parts += bytes([int(match[1], 8) & 0xFF]) if match[1] else _SIMPLE[match[2]]
        position = match.end()
    parts += inner[position:].encode()
    try:
        return parts.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Rejected(
            "A path in the diff is not UTF-8; give the file another name.", code="diff-path"
        ) from problem


def _lines(hunk: Hunk) -> list[DiffLine]:
    kinds = {"+": LineKind.ADDED, "-": LineKind.REMOVED, " ": LineKind.CONTEXT}
    return [
        DiffLine(
            kind=kinds[line.line_type],
            text=line.value.removesuffix("\n"),
            old_number=line.source_line_no,
            new_number=line.target_line_no,
        )
        for line in hunk
        if line.line_type in kinds
    ]
