"""Which issues a pull request's text closes, by GitHub's keyword rules.

A keyword (`close`, `fix`, `resolve` and their forms, any case, an optional colon) directly before
`#N`, `owner/repo#N` or an issue's URL counts. Text in code and in HTML comments does not.
"""

import re
from functools import lru_cache

from rigtasks.gate.facts import IssueRef

_KEYWORD = r"(?<![\w/#-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}"
_NUMBER = r"(?P<number>[1-9][0-9]{0,9})(?![\w])"
_PATTERN = re.compile(
    rf"{_KEYWORD}[ \t]+(?:"
    rf"https?://(?P<host>[A-Za-z0-9.:-]+)/(?P<url_name>{_NAME})/issues/"
    rf"|(?P<name>{_NAME})\#"
    rf"|\#"
    rf"){_NUMBER}",
    re.IGNORECASE,
)
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HTML_CODE = re.compile(r"<(pre|code)\b[^>]{0,200}>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^[ ]{0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_INDENTED = re.compile(r"^(?: {4}|\t)")
_BACKTICKS = re.compile(r"`+")

#: The longest text GitHub accepts as a body; more than that is not read.
MAX_BODY = 65_536


def closed_issues(body: str, *, repository: str, web_host: str | None = None) -> list[IssueRef]:
    """Return the issues `body` closes, in order of appearance, each once.

    Args:
        body: the pull request's Markdown text.
        repository: the full name that a bare `#N` belongs to.
        web_host: when given, issue URLs on other hosts are ignored.
    """
    found: list[IssueRef] = []
    for match in _PATTERN.finditer(_prose(body[:MAX_BODY])):
        host = match["host"]
        if host and web_host and host.casefold() != web_host.casefold():
            continue
        name = match["url_name"] or match["name"] or repository
        ref = IssueRef(repository=name, number=int(match["number"]))
        if not any(ref.same_as(known) for known in found):
            found.append(ref)
    return found


@lru_cache(maxsize=256)
def _prose(body: str) -> str:
    """Blank out what GitHub does not read as prose."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    text = _HTML_COMMENT.sub(" ", _without_blocks(text))
    return _without_spans(_HTML_CODE.sub(" ", text))


def _without_blocks(text: str) -> str:
    """Drop fenced blocks (an unclosed one runs to the end), indented blocks and quotes' marks."""
    kept: list[str] = []
    fence = ""
    paragraph = False
    for line in text.split("\n"):
        opening = _FENCE.match(line)
        if fence:
            if opening and _closes(fence, opening["fence"], opening["info"]):
                fence = ""
            kept.append("")
            paragraph = False
        elif opening and not ("`" in opening["fence"] and "`" in opening["info"]):
            fence = opening["fence"]
            kept.append("")
        elif _INDENTED.match(line) and not paragraph:
            kept.append("")
        else:
            kept.append(line)
            paragraph = bool(line.strip())
    return "\n".join(kept)


def _closes(fence: str, candidate: str, info: str) -> bool:
    return candidate[0] == fence[0] and len(candidate) >= len(fence) and not info.strip()


def _without_spans(text: str) -> str:
    """Drop inline code: a run of backticks up to the next run of the same length."""
    runs = list(_BACKTICKS.finditer(text))
    parts: list[str] = []
    position = index = 0
    while index < len(runs):
        opening = runs[index]
        closing = next(
            (
                other
                for other in range(index + 1, len(runs))
                if len(runs[other].group()) == len(opening.group())
            ),
            None,
        )
        if closing is None:
            index += 1
            continue
        parts.append(text[position : opening.start()])
        parts.append(" ")
        position = runs[closing].end()
        index = closing + 1
    parts.append(text[position:])
    return "".join(parts)
