"""Letters that only look like a known word: other alphabets, full width, invisible ones."""

import unicodedata

from rigtasks.routing.sanitise import without_invisible

_LOOK_ALIKES = str.maketrans(
    "аɑαвьсϲԁɗⅾеёєҽցɡɢһіιıјкκӏмոпηоοрρԛгѕтτսυνѵԝѡхχуүγ–—‐‑−_",  # noqa: RUF001 the look-alikes themselves
    "aaabbccdddeeeeggghiiijkklmnnnooppqrsttuuvvwwxxyyy------",
)


def skeleton(text: str) -> str:
    """Return what a text looks like, in small Latin letters; dashes of all kinds are one."""
    folded = unicodedata.normalize("NFKC", without_invisible(text)).casefold().strip()
    return folded.translate(_LOOK_ALIKES)
