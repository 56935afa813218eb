"""What the prompt asks for, read from the marks in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SECTION = re.compile(
    r"^<<<([\w-]+) ([0-9a-f]{16})>>>\n(.*?)\n<<<end \1 \2>>>$", re.MULTILINE | re.DOTALL
)
_FACT = re.compile(r"^(Issue|Start|Unfinished since|Test command): (.+)$", re.MULTILINE)
_PLACE = re.compile(r"(?P<path>[^\s:]+):(?P<line>\d+)(?: (?P<severity>\w+))?: ")


@dataclass(frozen=True)
class Finding:
    """One remark of a reviewer."""

    message: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Task:
    """The parts of the prompt that the rules use.

    `start` is the code as it was before anybody tried to repair it; `is_begun` says that an
    interrupted run has tried.
    """

    number: int
    title: str
    text: str
    start: str
    test_command: str
    findings: tuple[Finding, ...]
    output: str
    diff: str
    is_begun: bool = False


def read_task(prompt: str) -> Task:
    """Take the prompt apart; facts count only outside the marks around foreign text."""
    sections: dict[str, list[str]] = {}
    for kind, _, text in _SECTION.findall(prompt):
        sections.setdefault(kind, []).append(text)
    facts = dict(_FACT.findall(_SECTION.sub("", prompt)))
    issue = facts.get("Issue", "")
    number = issue.rpartition("#")[2]
    texts = [*sections.get("title", []), *sections.get("body", []), *sections.get("comment", [])]
    return Task(
        number=int(number) if number.isdecimal() else 0,
        title=" ".join(sections.get("title", [""])[0].split()),
        text="\n\n".join(texts),
        start=facts.get("Unfinished since") or facts.get("Start", "HEAD"),
        test_command=facts.get("Test command", ""),
        findings=tuple(_findings(sections)),
        output="\n".join(sections.get("output", [])),
        diff="\n".join(sections.get("diff", [])),
        is_begun="Unfinished since" in facts,
    )


def _findings(sections: dict[str, list[str]]) -> Iterator[Finding]:
    """Take the findings, or the lines of a feedback that came without any, and without output."""
    if "finding" in sections:
        yield from (_finding(text) for text in sections["finding"])
    elif "output" not in sections:
        for text in sections.get("feedback", []):
            yield from (_finding(line) for line in text.splitlines() if line.strip())


def _finding(text: str) -> Finding:
    place = _PLACE.match(text)
    if place is None:
        return Finding(message=text)
    return Finding(message=text[place.end() :], path=place["path"], line=int(place["line"]))
