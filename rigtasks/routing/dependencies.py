"""Read which issues an issue waits for from its text."""

import re

import msgspec

from rigtasks.routing.internal import normalise_full_name

MAX_DEPENDENCIES = 50
_LARGEST_NUMBER = 2**31 - 1

_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}+(?=[^`]*$)|~{3,}+)(?P<info>.*)")
_INLINE_CODE = re.compile(r"`[^`\n]{1,500}`")
_QUOTED_LINE = re.compile(r" {0,3}>")
_REFERENCE = r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,99}/[A-Za-z0-9._-]{1,100})?\#[0-9]{1,10}\b"
_PHRASE = re.compile(
    rf"""
    (?P<negated>\b(?:not|never|longer|isn't|isn’t)[ \t]+)?
    \b(?:depends[ \t]+on|blocked[ \t]+by|depends-?on[ \t]*:|blocked-?by[ \t]*:)[ \t]*:?[ \t]*
    (?P<references>{_REFERENCE}(?:[ \t]*(?:,|&|\band\b)+[ \t]*(?:and[ \t]+)?{_REFERENCE})*)
    """,  # noqa: RUF001 the typographic apostrophe people write
    re.IGNORECASE | re.VERBOSE,
)
_ONE = re.compile(r"(?P<repository>[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+)?#(?P<number>[0-9]+)")


class Dependency(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An issue that must be done first; an empty `repository` means the issue's own."""

    repository: str = ""
    number: int

    def __str__(self) -> str:
        """Write it as people do on GitHub."""
        return f"{self.repository}#{self.number}"


def parse_dependencies(
    text: str, *, own_repository: str, own_number: int
) -> tuple[Dependency, ...]:
    """Collect the issues named after `depends on`, `blocked by` or `dependsOn:`, sorted, once each.

    Code and quoted lines do not count, nor does the issue itself. The text must be sanitised
    before, so that nobody can hide a dependency in a comment.
    """
    visible = _INLINE_CODE.sub("", _spoken(text))
    own = normalise_full_name(own_repository)
    found: set[Dependency] = set()
    for phrase in _PHRASE.finditer(visible):
        if phrase["negated"]:
            continue
        for one in _ONE.finditer(phrase["references"]):
            dependency = _dependency(one["repository"], int(one["number"]), own)
            if dependency is not None and dependency != Dependency(number=own_number):
                found.add(dependency)
    return tuple(sorted(found))[:MAX_DEPENDENCIES]


def _spoken(text: str) -> str:
    """Blank out fenced code and quoted lines; an unclosed fence reaches to the end."""
    lines = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            closes = mark and mark["fence"].startswith(fence) and not mark["info"].strip()
            fence = "" if closes else fence
            lines.append("")
        elif mark:
            fence = mark["fence"]
            lines.append("")
        else:
            lines.append("" if _QUOTED_LINE.match(line) else line)
    return "\n".join(lines)


def _dependency(repository: str | None, number: int, own: str | None) -> Dependency | None:
    if not 0 < number <= _LARGEST_NUMBER:
        return None
    if repository is None:
        return Dependency(number=number)
    name = normalise_full_name(repository)
    if name is None:
        return None
    return Dependency(repository="" if name == own else name, number=number)
