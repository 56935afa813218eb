"""How values read on the page: states, ages, amounts, and text that strangers wrote."""

import unicodedata
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rigtasks.lifecycle.state import Lane, Overlay

MINUTE, HOUR, DAY = 60, 3600, 86_400
SILENT_AFTER = 60.0
"""Seconds without a heartbeat after which a process counts as silent: one lease."""
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST = 400
_THOUSAND, _MILLION = 1_000, 1_000_000

_EVENT_WORDS = (
    "sentence", "reason", "summary", "detail", "what", "title", "command", "url", "branch",
    "ending", "agent", "merge_sha", "head_sha",
)  # fmt: skip


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A state as icon, word and colour class; the colour never stands alone.

    Icons are drawn by the page itself, since not every machine has letters for them.
    """

    icon: str
    word: str
    tone: str


_MARKS: dict[str, Mark] = {
    state: Mark(icon=icon, word=word, tone=tone)
    for state, icon, word, tone in (
        (Lane.QUEUED, "queued", "queued", "queued"),
        (Lane.ASSIGNED, "assigned", "assigned", "assigned"),
        (Lane.IN_PROGRESS, "progress", "in progress", "progress"),
        (Lane.IN_REVIEW, "review", "in review", "review"),
        (Lane.CHANGES_REQUESTED, "changes", "changes requested", "changes"),
        (Lane.READY_TO_MERGE, "ready", "ready to merge", "ready"),
        (Lane.IN_DEPLOY, "ready", "in deploy", "ready"),
        (Lane.DEPLOYED, "ready", "deployed", "ready"),
        (Lane.DONE, "done", "done", "done"),
        (Lane.CANCELLED, "cancelled", "cancelled", "queued"),
        (Lane.FAILED, "broken", "failed", "broken"),
        (Overlay.STUCK, "broken", "stuck", "broken"),
        (Overlay.ESCALATED, "human", "needs a person", "human"),
        ("running", "progress", "running", "progress"),
        ("held", "human", "held", "human"),
        ("pending", "queued", "pending", "progress"),
        ("ignored", "cancelled", "ignored", "queued"),
        ("quarantined", "human", "quarantined", "human"),
        ("ok", "done", "healthy", "done"),
        ("degraded", "human", "degraded", "human"),
        ("down", "broken", "down", "broken"),
        ("succeeded", "done", "succeeded", "done"),
        ("completed", "done", "completed", "done"),
        ("lost", "broken", "lost", "broken"),
    )
}

#: The way of an issue as the row of dots shows it.
TRACK = (
    Lane.QUEUED,
    Lane.ASSIGNED,
    Lane.IN_PROGRESS,
    Lane.IN_REVIEW,
    Lane.READY_TO_MERGE,
    Lane.DONE,
)
_PLACE = {str(lane): place for place, lane in enumerate(TRACK)} | {
    str(Lane.CHANGES_REQUESTED): 2,
    str(Lane.IN_DEPLOY): 4,
    str(Lane.DEPLOYED): 4,
}


def mark(state: str) -> Mark:
    """Return how a state is shown; one nobody thought of is shown as it is."""
    known = _MARKS.get(state)
    return known or Mark(icon="assigned", word=shown(state).replace("_", " "), tone="queued")


def place(lane: str) -> int | None:
    """Return how far along the track a lane is; None where it left the track."""
    return _PLACE.get(lane)


def shown(text: str | None) -> str:
    """Return a stranger's text with invisible and direction-changing characters made visible."""
    if text is None:
        return ""
    seen = "".join(
        _REPLACED if unicodedata.category(letter) in _UNSEEN and letter not in "\n\t" else letter
        for letter in text[: _LONGEST + 1]
    )
    return seen if len(seen) <= _LONGEST else seen[:_LONGEST] + "…"


def web_link(url: str | None) -> str | None:
    """Return a link that is safe to follow, None for anything but http and https."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def span(seconds: float) -> str:
    """Return a length of time in its largest useful units."""
    whole = int(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def brief(seconds: float) -> str:
    """Return a length of time in its largest unit alone."""
    whole = max(0, int(seconds))
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def age(at: datetime, now: datetime) -> str:
    """Return how long ago something was, in one unit."""
    return brief((now - at).total_seconds())


def clock(at: datetime) -> str:
    """Return the time of day in UTC."""
    return at.strftime("%H:%M:%S")


def count(number: int) -> str:
    """Return a large number in three digits or so."""
    if number >= _MILLION:
        return f"{number / _MILLION:.1f} M"
    if number >= _THOUSAND:
        return f"{number / _THOUSAND:.1f} k"
    return str(number)


def event_name(event_type: str) -> str:
    """Return an event's type as words."""
    return event_type.replace("_", " ").capitalize()


def event_words(data: dict[str, Any]) -> str:
    """Return the part of an event's data that says most to a person."""
    for name in _EVENT_WORDS:
        value = data.get(name)
        if isinstance(value, str) and value:
            return value[:12] if name.endswith("_sha") else value
    return ""
