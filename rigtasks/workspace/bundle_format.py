"""Read the head of a git bundle without letting git near it.

`git fetch` from a bundle skips object checks in versions still in use and may follow more refs
than expected; so the head is read here and only the pack inside goes to `git index-pack`.
Format: https://git-scm.com/docs/gitformat-bundle
"""

import re
from typing import Final

import msgspec

from rigtasks.workspace.errors import BundleRefused

_SIGNATURES: Final = {b"# v2 git bundle": 2, b"# v3 git bundle": 3}
_OBJECT_FORMATS: Final = {b"@object-format=sha1", b"@object-format=sha256"}
_PREREQUISITE = re.compile(rb"-([0-9a-f]{40}(?:[0-9a-f]{24})?)(?: .*)?")
_REFERENCE = re.compile(rb"([0-9a-f]{40}(?:[0-9a-f]{24})?) (\S+)")
_MOST_LINES: Final = 64
_MOST_HEAD_BYTES: Final = 64 * 1024


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle says it contains.

    Args:
        prerequisites: commits the receiver must already have.
        references: commit id by ref name.
        pack: the pack file inside, unverified.
    """

    prerequisites: tuple[str, ...]
    references: dict[str, str]
    pack: bytes


def parse_bundle(data: bytes) -> Bundle:
    """Split a bundle into its head and its pack.

    Raises:
        BundleRefused: `bundle-malformed`.
    """
    head, separator, pack = data.partition(b"\n\n")
    lines = head.split(b"\n")
    if (
        not separator
        or lines[0] not in _SIGNATURES
        or len(head) > _MOST_HEAD_BYTES
        or len(lines) > _MOST_LINES
        or not pack.startswith(b"PACK")
    ):
        raise _malformed("it does not begin like a bundle")
    prerequisites: list[str] = []
    references: dict[str, str] = {}
    for line in lines[1:]:
        if line in _OBJECT_FORMATS and _SIGNATURES[lines[0]] > 2:  # noqa: PLR2004 - version 3 on
            continue
        if found := _PREREQUISITE.fullmatch(line):
            prerequisites.append(found.group(1).decode())
        elif found := _REFERENCE.fullmatch(line):
            references[found.group(2).decode("utf-8", "replace")] = found.group(1).decode()
        else:
            raise _malformed("its head has a line of an unknown kind")
    return Bundle(prerequisites=tuple(prerequisites), references=references, pack=pack)


def _malformed(why: str) -> BundleRefused:
    return BundleRefused(f"The bundle is refused: {why}.", code="bundle-malformed")
