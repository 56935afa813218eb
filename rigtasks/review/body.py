"""The Markdown of a posted review; what the reviewer wrote stays readable and cannot act."""

import re

from rigtasks.review.findings import Finding

#: GitHub's limit on a body is 65,536 characters.
MAX_BODY = 60_000

_BREAK = "\u200b"
_ACTIVE = re.compile(
    r"@(?=[A-Za-z0-9])|#(?=[0-9])|!(?=\[)|<(?=[A-Za-z/!?])|\](?=[(\[:])|(?i:GH-)|://"
)
_BACKTICKS = re.compile(r"`+")


def review_body(summary: str, unplaced: tuple[Finding, ...]) -> str:
    """Return the text of a review: its summary, then the findings that have no line."""
    parts = [defused(summary)]
    if unplaced:
        parts.append("**Beyond the lines of the diff**")
        parts += [f"- {_line(one)}" for one in unplaced]
    body = "\n\n".join(parts[:2]) + "".join(f"\n{part}" for part in parts[2:])
    return body if len(body) <= MAX_BODY else f"{body[: MAX_BODY - 1]}…"


def comment_body(finding: Finding) -> str:
    """Return the text of one comment on a line."""
    body = _line(finding)
    if finding.suggestion is not None:
        body += f"\n\n{fenced(finding.suggestion)}"
    return body


def defused(text: str) -> str:
    """Return Markdown in which nothing mentions, refers, links, embeds or is HTML."""
    return _ACTIVE.sub(lambda match: match[0] + _BREAK, text)


def fenced(text: str) -> str:
    """Return `text` as a code block that it cannot leave."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _line(finding: Finding) -> str:
    rule = f" ({defused(finding.rule)})" if finding.rule else ""
    return f"**{finding.severity.value}**{rule}: {defused(finding.message)}"
