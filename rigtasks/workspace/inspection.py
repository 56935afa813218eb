"""Read commits, changed paths and diffs from a clone that is ours."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from rigtasks.workspace.errors import BundleRefused
from rigtasks.workspace.git import Git
from rigtasks.workspace.work import ChangedPath, Commit, DiffText, FileMode, Identity

_PERSON = re.compile(r"(?P<name>.*?) ?<(?P<email>[^<>]*)> (?P<time>-?\d{1,12}) [+-]\d{4}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_COMMIT_BYTES: Final = 4 * 1024 * 1024
_LONGEST_LINK: Final = 4096


def commits_between(git: Git, old: str, new: str, *, most: int) -> tuple[Commit, ...]:
    """Return the commits `new` has and `old` has not, oldest first.

    Raises:
        BundleRefused: `bundle-commits` when one of them cannot be read.
    """
    listed = git.read(
        "rev-list", "--topo-order", "--reverse", f"--max-count={most}", f"{old}..{new}"
    )
    names = listed.stdout
    batch = git.read("cat-file", "--batch", stdin=names, most_output=_MOST_COMMIT_BYTES)
    if batch.truncated:
        raise BundleRefused("The commit messages are too long.", code="bundle-commits")
    return tuple(_commit(sha, raw) for sha, raw in _objects(batch.stdout))


def changed_paths(git: Git, old: str, new: str, *, most: int) -> tuple[ChangedPath, ...]:
    """Return every path that differs, with modes, line counts and sizes.

    Raises:
        BundleRefused: `bundle-path` for a name that is no printable UTF-8, or too many of them.
    """
    base = ("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
    raw = git.read(*base, "--raw", "--no-abbrev", old, new).stdout.split(b"\0")[:-1]
    if len(raw) // 2 > most:
        raise BundleRefused(
            f"The work touches {len(raw) // 2} paths, {most} are allowed.", code="bundle-path"
        )
    counts = _line_counts(git.read(*base, "--numstat", old, new).stdout)
    entries = [
        (meta.decode().lstrip(":").split(" "), path)
        for meta, path in zip(raw[::2], raw[1::2], strict=True)
    ]
    sizes = _sizes(git, [meta[3] for meta, _ in entries])
    return tuple(
        _changed(git, meta, path, counts.get(path, (None, None)), size)
        for (meta, path), size in zip(entries, sizes, strict=True)
    )


def diff_text(git: Git, old: str, new: str, *, most_bytes: int) -> DiffText:
    """Return the unified diff, with renames found, cut at a number of bytes."""
    done = git.read(
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--find-renames",
        "--full-index",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        old,
        new,
        most_output=most_bytes,
    )
    return DiffText(text=done.stdout.decode("utf-8", "replace"), truncated=done.truncated)


def _objects(batch: bytes) -> Iterator[tuple[str, bytes]]:
    position = 0
    while position < len(batch):
        end = batch.index(b"\n", position)
        sha, _, size = batch[position:end].decode().partition(" commit ")
        start = end + 1
        position = start + int(size) + 1
        yield sha, batch[start : position - 1]


def _commit(sha: str, raw: bytes) -> Commit:
    head, _, message = raw.partition(b"\n\n")
    fields = [line.partition(b" ") for line in head.split(b"\n") if not line.startswith(b" ")]
    people = {
        key: _identity(sha, value) for key, _, value in fields if key in {b"author", b"committer"}
    }
    if len(people) != 2:  # noqa: PLR2004 - one author and one committer
        raise _unreadable(sha)
    return Commit(
        sha=sha,
        parents=tuple(value.decode() for key, _, value in fields if key == b"parent"),
        author=people[b"author"],
        committer=people[b"committer"],
        message=_text(message),
    )


def _identity(sha: str, value: bytes) -> Identity:
    found = _PERSON.fullmatch(_text(value))
    if found is None:
        raise _unreadable(sha)
    try:
        when = _EPOCH + timedelta(seconds=int(found["time"]))
    except OverflowError as error:
        raise _unreadable(sha) from error
    return Identity(name=found["name"], email=found["email"], when=when)


def _unreadable(sha: str) -> BundleRefused:
    return BundleRefused(f"The commit {sha} has no readable author.", code="bundle-commits")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").replace("\x00", "�")


def _line_counts(listing: bytes) -> dict[bytes, tuple[int | None, int | None]]:
    counts: dict[bytes, tuple[int | None, int | None]] = {}
    for entry in listing.split(b"\0")[:-1]:
        added, removed, path = entry.split(b"\t", 2)
        binary = added == b"-"
        counts[path] = (None, None) if binary else (int(added), int(removed))
    return counts


def _sizes(git: Git, blobs: list[str]) -> list[int]:
    """Return the size of each blob; 0 where there is none, as for submodules and removals."""
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    answers = git.read("cat-file", "--batch-check=%(objecttype) %(objectsize)", stdin=asked).text
    found = [answer.split(" ") for answer in answers.splitlines()]
    return [int(words[1]) if words[0] == "blob" else 0 for words in found]


def _changed(
    git: Git, meta: list[str], path: bytes, counts: tuple[int | None, int | None], size: int
) -> ChangedPath:
    new_mode = FileMode(meta[1])
    linked = new_mode is FileMode.SYMLINK
    return ChangedPath(
        path=_path(path),
        old_mode=FileMode(meta[0]),
        new_mode=new_mode,
        added=counts[0],
        removed=counts[1],
        size=size,
        link_target=_link_target(git, meta[3]) if linked else None,
    )


def _path(raw: bytes) -> str:
    try:
        path = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleRefused("A file name is not UTF-8; rename it.", code="bundle-path") from error
    if not path.isprintable():
        raise BundleRefused(
            f"The file name {path!r} has characters that cannot be shown; rename it.",
            code="bundle-path",
        )
    return path


def _link_target(git: Git, blob: str) -> str:
    return _text(git.read("cat-file", "blob", blob, most_output=_LONGEST_LINK).stdout)
