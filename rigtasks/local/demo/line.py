"""One line of the story, and how raw text is made fit for one."""

import re
from enum import StrEnum

import msgspec

_LONGEST_DETAIL = 200
_SHA_SHOWN = 7
_PYTEST = re.compile(r"\d+ (?:failed|errors?)\b.*")
_NODE = re.compile(r"^(?:. )?(pass|fail) (\d+)$", re.MULTILINE)
_FRAME = "= \t"


class Tone(StrEnum):
    """What kind of step a line tells."""

    STEP = "step"
    GOOD = "good"
    BACK = "back"
    WAIT = "wait"
    BAD = "bad"
    PERSON = "person"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One step in words; `detail` is what a reader may skip."""

    tone: Tone
    words: str
    detail: str = ""


def line(tone: Tone, words: str, *details: str) -> Line:
    """Build a line whose details are joined; empty ones are left out."""
    shown = " · ".join(one_line(each) for each in details if each)
    return Line(tone=tone, words=one_line(words), detail=shown)


def one_line(text: str, longest: int = _LONGEST_DETAIL) -> str:
    """Return text that may have come from anybody as one printable line of bounded length."""
    flat = " ".join(text.split())
    plain = "".join(char for char in flat if char.isprintable())
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def short(sha: str) -> str:
    """Return a commit the way people write it."""
    return sha[:_SHA_SHOWN]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the right form."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def result_of_tests(output: str) -> str:
    """Return what a test run came to: pytest's or node's own figures, else its last line."""
    counts = {name: int(number) for name, number in _NODE.findall(output)}
    if "fail" in counts:
        return f"{counts['fail']} failed, {counts.get('pass', 0)} passed"
    lines = [text.strip(_FRAME) for text in output.splitlines() if text.strip()]
    for text in reversed(lines):
        found = _PYTEST.search(text)
        if found is not None:
            return found[0]
    return lines[-1] if lines else ""
