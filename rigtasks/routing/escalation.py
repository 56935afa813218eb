"""Which of a repository's `escalate` entries a text speaks of: words, looked for as they stand.

An entry is no pattern of any language: `*` stands for anything within a line, everything else for
itself. Texts and entries are compared as they look, so case, width and look-alike letters do not
count. The time is bounded by the length of the text times that of the entry, whatever they hold.
"""

import re
from collections.abc import Iterable

from rigtasks.routing.look_alikes import skeleton

_REQUIRES_MACOS = re.compile(r"(?<![\w-])requires-macos(?![\w-])", re.IGNORECASE)
_ANYTHING = "*"


def sends_to_a_mac(entry: str) -> bool:
    """Tell whether an entry names `requires-macos`; it routes, and is looked for nowhere."""
    return _REQUIRES_MACOS.search(entry) is not None


def called_for(entries: Iterable[str], text: str) -> tuple[str, ...]:
    """Return the entries that a text speaks of, in their order.

    Args:
        entries: of the key `escalate`; those that route are left out.
        text: of an issue, or of changed lines; words count as whole ones.
    """
    sought = tuple(entry for entry in entries if not sends_to_a_mac(entry))
    if not sought:
        return ()
    lines = tuple(_plain(line) for line in text.splitlines())
    whole, each = " ".join(lines), tuple(dict.fromkeys(line for line in lines if line))
    return tuple(entry for entry in sought if _is_in(entry, whole, each))


def _plain(text: str) -> str:
    """Return how a text looks, with single blanks between its words."""
    return " ".join(skeleton(text).split())


def _is_in(entry: str, whole: str, lines: tuple[str, ...]) -> bool:
    """Look over ends of lines for words, and within each line where `*` leaves a gap."""
    pieces = [_plain(piece) for piece in entry.split(_ANYTHING)]
    last = len(pieces) - 1
    patterns = tuple(
        _words(piece, starts=number == 0, ends=number == last)
        for number, piece in enumerate(pieces)
    )
    if last == 0:
        return patterns[0].search(whole) is not None
    return any(_holds_in_order(line, patterns) for line in lines)


def _words(piece: str, *, starts: bool, ends: bool) -> re.Pattern[str]:
    """Return what finds a piece as it stands, at the first or the last letter of a word."""
    before = "(?<![^\\W_])" if starts and piece[:1].isalnum() else ""
    after = "(?![^\\W_])" if ends and piece[-1:].isalnum() else ""
    return re.compile(before + re.escape(piece) + after)


def _holds_in_order(line: str, patterns: tuple[re.Pattern[str], ...]) -> bool:
    """Find the pieces one after the other; each as early as it can be leaves most for the next."""
    at = 0
    for pattern in patterns:
        found = pattern.search(line, at)
        if found is None:
            return False
        at = found.end()
    return True
