"""Read a unified diff: which lines it adds, and where."""

import re
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True)
class AddedLine:
    """A line the diff adds, numbered as in the new file."""

    path: str
    line: int
    text: str


def read_diff(diff: str) -> tuple[tuple[str, ...], tuple[AddedLine, ...]]:
    """Return the paths a diff touches and the lines it adds."""
    paths: list[str] = []
    added: list[AddedLine] = []
    path, line, in_hunk = "", 0, False
    for text in diff.splitlines():
        hunk = _HUNK.match(text)
        if text.startswith("diff --git "):
            path, in_hunk = text.rpartition(" b/")[2], False
            paths.append(path)
        elif hunk is not None:
            line, in_hunk = int(hunk[1]), True
        elif in_hunk and text.startswith("+"):
            added.append(AddedLine(path, line, text[1:]))
            line += 1
        elif in_hunk and not text.startswith(("-", "\\")):
            line += 1
    return tuple(paths), tuple(added)
