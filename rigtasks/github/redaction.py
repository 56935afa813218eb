"""Keep tokens out of texts, whoever put them there."""

import re

_HIDDEN = "***"
_TOKENS = re.compile(
    r"""
    \b(?:gh[a-z]_[A-Za-z0-9_]{8,}|github_pat_[A-Za-z0-9_]{8,}|v1\.[0-9a-f]{40}\b)
    | \beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}
    | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)
    | (?i:(?<=bearer\ )|(?<=basic\ )|(?<=authorization:\ token\ ))[^\s"',]+
    """,
    re.VERBOSE,
)


def redact(text: str, *secrets: str) -> str:
    """Replace everything that looks like a GitHub token, and each of the given secrets."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, _HIDDEN)
    return _TOKENS.sub(_HIDDEN, text)
