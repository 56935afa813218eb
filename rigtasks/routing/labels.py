"""What the labels of an issue say. Only exactly `agent-ready` is an authorisation."""

import difflib
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from rigtasks.routing.look_alikes import skeleton

READY = "agent-ready"
REQUIRES_MACOS = "requires-macos"
LARGE_PR_OK = "large-pr-ok"

_LONGEST = 60
_LIKENESS = 0.85
_PREFIXES = ("priority:", "priority/", "priority-", "priority ")


class Priority(StrEnum):
    """How soon an issue is served; `rank` 0 comes first."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"

    @property
    def rank(self) -> int:
        """Give the figure the claim query sorts by, 0 being the most urgent."""
        return tuple(Priority).index(self)


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of an issue's labels.

    `near_miss` is a label that looks like `agent-ready` without being it; it authorises nothing.
    """

    ready: bool = False
    near_miss: str | None = None
    priority: Priority = Priority.NORMAL
    requires_macos: bool = False
    large_pr_ok: bool = False


def read_labels(names: Iterable[str]) -> Labels:
    """Read the names exactly as GitHub gives them; a priority is accepted in any case."""
    given = tuple(names)
    ready = READY in given
    near = next((name for name in given if _resembles_ready(name)), None)
    return Labels(
        ready=ready,
        near_miss=None if ready else near,
        priority=_priority(given),
        requires_macos=REQUIRES_MACOS in given,
        large_pr_ok=LARGE_PR_OK in given,
    )


def explain_not_ready(labels: Labels) -> str:
    """Say in words why the labels start nothing, and what to do about a near miss."""
    if labels.near_miss is None:
        return f"no {READY} label"
    shown = labels.near_miss[:_LONGEST].encode("unicode_escape").decode("ascii").replace("`", "'")
    return (
        f"the label `{shown}` is not `{READY}`: "
        f"rename it to exactly `{READY}`, in lower case and without blanks"
    )


def _resembles_ready(name: str) -> bool:
    if name == READY or len(name) > _LONGEST:
        return False
    seen = skeleton(name).replace(" ", "-")
    if seen.replace("-", "") == READY.replace("-", ""):
        return True
    return difflib.SequenceMatcher(None, seen, READY).ratio() >= _LIKENESS


def _priority(names: Iterable[str]) -> Priority:
    words = {_priority_word(name) for name in names}
    return next((each for each in Priority if each.value in words), Priority.NORMAL)


def _priority_word(name: str) -> str:
    folded = name.strip().lower()
    for prefix in _PREFIXES:
        if folded.startswith(prefix):
            return folded.removeprefix(prefix).strip()
    return folded
