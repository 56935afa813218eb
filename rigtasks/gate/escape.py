"""Make text that strangers wrote safe to show: in Markdown on GitHub and in a terminal."""

import re
import unicodedata
from functools import lru_cache

_SPECIAL = re.compile(r"([\\`*_{}\[\]()+!|~$^=])")
_LINK = re.compile(r"(?i)(://|\bwww\.|\bmailto:|\bGH-)")
_SAFE_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&*+,;=%-]{1,500}\Z")

#: Breaks a mention, a reference or a link without being seen.
_BREAK = "\u200b"


@lru_cache(maxsize=1024)
def plain(text: str, limit: int = 300) -> str:
    """Return `text` on one line, without control, format and direction characters, cut short."""
    visible = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    line = " ".join(visible.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


@lru_cache(maxsize=1024)
def markdown(text: str, limit: int = 300) -> str:
    """Return `text` so that GitHub shows it literally.

    No mark-up, HTML, image, link, mention or issue reference comes out of it.
    """
    line = _SPECIAL.sub(r"\\\1", plain(text, limit))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = line.replace("@", f"@{_BREAK}").replace("#", f"#{_BREAK}")
    return _LINK.sub(lambda match: match[0] + _BREAK, line)


def code(text: str, limit: int = 300) -> str:
    """Return `text` as an inline code span that it cannot leave."""
    line = plain(text, limit).replace("`", "'").replace("|", "¦")
    return f"`{line}`" if line else ""


def safe_url(url: str | None) -> str | None:
    """Return `url` if it is a plain web address that cannot break out of a Markdown link."""
    return url if url is not None and _SAFE_URL.match(url) else None
