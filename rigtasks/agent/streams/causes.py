"""What a failed request means, by the words and the status it came with."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from rigtasks.agent.endings import Ending

_FLAGS = re.IGNORECASE


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), _FLAGS)


#: Asked in this order, before the status: a used-up quota and a lost login come as 429 and 400 too.
_CERTAIN: tuple[tuple[re.Pattern[str], Ending], ...] = (
    (
        _words(
            r"usage[_ ]limit",
            r"(?<!rate )limit reached",
            r"hit your limit",
            r"insufficient_quota",
            r"exceeded your current quota",
            r"quota exceeded",
            r"credit balance is too low",
            r"billing hard limit",
            r"out of credits",
        ),
        Ending.QUOTA,
    ),
    (
        _words(
            r"prompt is too long",
            r"context[_ ]length[_ ]exceeded",
            r"context window",
            r"maximum context length",
            r"input is too long",
        ),
        Ending.CONTEXT,
    ),
    (
        _words(
            r"usage policy",
            r"content policy",
            r"safety reasons",
            r"cyber_policy",
        ),
        Ending.REFUSAL,
    ),
    (
        _words(
            r"invalid (?:x-)?api[ -]key",
            r"incorrect api key",
            r"authentication_(?:failed|error)",
            r"oauth (?:token|session)[^.]{0,40}(?:expired|revoked)",
            r"token has expired",
            r"please run /login",
            r"not logged in",
            r"refresh token",
            r"permission_error",
        ),
        Ending.AUTH,
    ),
)
_LIKELY: tuple[tuple[re.Pattern[str], Ending], ...] = (
    (_words(r"rate[_ -]limit", r"too many requests", r"slow down"), Ending.RATE_LIMIT),
    (
        _words(
            r"overloaded",
            r"at capacity",
            r"service unavailable",
            r"bad gateway",
            r"internal server error",
            r"api_error",
            r"connection (?:error|refused|reset)",
            r"unable to connect",
            r"error sending request",
        ),
        Ending.OVERLOADED,
    ),
    (_words(r"timed out", r"\btimeout\b"), Ending.TIMEOUT_IDLE),
)
_STATUS = re.compile(r"(?:status:?|api error:?|\(|\bhttp)\s*(4\d\d|5\d\d)\b", _FLAGS)
_BY_STATUS = {
    401: Ending.AUTH,
    402: Ending.QUOTA,
    403: Ending.AUTH,
    408: Ending.TIMEOUT_IDLE,
    413: Ending.CONTEXT,
    429: Ending.RATE_LIMIT,
}
_SERVER_ERRORS = range(500, 600)

_EPOCH = re.compile(r"limit reached\|(\d{10})\b", _FLAGS)
_DATED = re.compile(
    r"try again at ([A-Z][a-z]{2} \d{1,2})(?:st|nd|rd|th)?, (\d{4}) (\d{1,2}:\d{2} [AP]M)"
)
_SPAN = re.compile(
    r"(?:try again in|retry after|retry-after:?) ((?:[\d.]+ ?[a-z]+[ ,]*(?:and )?)+)", _FLAGS
)
_PART = re.compile(r"([\d.]+) ?(ms|s|m|h|d|second|minute|hour|day)", _FLAGS)
_SECONDS = {
    "ms": 0.001,
    "s": 1.0,
    "second": 1.0,
    "m": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
}
_LONGEST_WAIT = timedelta(days=40)


class RetryTime(msgspec.Struct, frozen=True, kw_only=True):
    """When a provider takes requests again: at a time, or so many seconds after it said so."""

    at: datetime | None = None
    seconds: float | None = None


def find_cause(words: str, status: int | None) -> Ending | None:
    """Name the cause of a failed request; None when neither words nor status tell."""
    for pattern, ending in _CERTAIN:
        if pattern.search(words):
            return ending
    if status is None and (named := _STATUS.search(words)):
        status = int(named[1])
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status in _SERVER_ERRORS:
        return Ending.OVERLOADED
    for pattern, ending in _LIKELY:
        if pattern.search(words):
            return ending
    return None


def find_retry_time(words: str, epoch: float | None = None) -> RetryTime:
    """Find the time a provider named, as a number or in its words; empty when it named none."""
    named = _EPOCH.search(words)
    if named is not None:
        epoch = float(named[1])
    if epoch is not None and (at := _from_epoch(epoch)) is not None:
        return RetryTime(at=at)
    dated = _DATED.search(words)
    if dated is not None and (at := _from_date(dated)) is not None:
        return RetryTime(at=at)
    span = _SPAN.search(words)
    if span is None:
        return RetryTime()
    parts = [
        float(number) * _SECONDS[unit.lower()]
        for number, unit in _PART.findall(span[1])
        if number.replace(".", "", 1).isdecimal()
    ]
    seconds = sum(parts)
    fits = 0 < seconds <= _LONGEST_WAIT.total_seconds()
    return RetryTime(seconds=seconds) if parts and fits else RetryTime()


def _from_epoch(epoch: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _from_date(dated: re.Match[str]) -> datetime | None:
    """Read `Feb 22nd, 2026 9:03 AM`; the sandbox's clock is in UTC."""
    try:
        return datetime.strptime(" ".join(dated.groups()), "%b %d %Y %I:%M %p").replace(tzinfo=UTC)
    except ValueError:
        return None
