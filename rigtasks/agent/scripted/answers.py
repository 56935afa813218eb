"""Rules for what a reviewer asks for, read from the words of the finding."""

import re
from pathlib import Path

from rigtasks.agent.scripted.examples import find_examples
from rigtasks.agent.scripted.regression import add_tests
from rigtasks.agent.scripted.sources import Sources
from rigtasks.agent.scripted.task import Finding, Task

_RECORD = re.compile(
    r"`(?P<path>[\w./-]*(?:CHANGELOG|CHANGES|HISTORY|NEWS)[\w.-]*)`", re.IGNORECASE
)
_UNTESTED = re.compile(
    r"\b(no test|not (?:covered|tested)|untested|regression test)\b", re.IGNORECASE
)
_DEBUG = re.compile(r"\bdebug", re.IGNORECASE)
_DEBUG_LINE = re.compile(r"^\s*(print\(|console\.\w+\(|debugger|breakpoint\(\)|import pdb)")
_UNRELEASED = re.compile(r"^##\s*\[?Unreleased\]?[^\n]*\n", re.IGNORECASE | re.MULTILINE)
_HEADING = re.compile(r"^# [^\n]*\n", re.MULTILINE)


def answer_finding(finding: Finding, task: Task, root: Path) -> str | None:
    """Change what one finding asks for and say what was done; None when no rule fits."""
    record = _RECORD.search(finding.message)
    if record is not None:
        return _write_record(root, record["path"], task)
    if _UNTESTED.search(finding.message):
        added = add_tests(Sources(root), find_examples(task.text), task)
        return f"test added to {', '.join(added)}" if added else None
    if _DEBUG.search(finding.message) and finding.path is not None and finding.line is not None:
        return _drop_debug_line(root, finding.path, finding.line)
    return None


def _write_record(root: Path, name: str, task: Task) -> str | None:
    path = _inside(root, name)
    if path is None or not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    entry = f"- Fixed: {task.title} (#{task.number})\n"
    place = _UNRELEASED.search(text)
    if place is not None:
        rest = text[place.end() :].lstrip("\n")
        joint = "" if rest.startswith("- ") or not rest else "\n"
        text = f"{text[: place.end()]}\n{entry}{joint}{rest}"
    else:
        title = _HEADING.search(text)
        at = title.end() if title is not None else 0
        text = f"{text[:at]}\n## Unreleased\n\n{entry}{text[at:]}"
    path.write_text(text, encoding="utf-8")
    return f"entry added to {name}"


def _drop_debug_line(root: Path, name: str, line: int) -> str | None:
    path = _inside(root, name)
    if path is None or not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if not 1 <= line <= len(lines) or not _DEBUG_LINE.match(lines[line - 1]):
        return None
    del lines[line - 1]
    path.write_text("".join(lines), encoding="utf-8")
    return f"debugging output removed from {name}:{line}"


def _inside(root: Path, name: str) -> Path | None:
    path = (root / name).resolve()
    return path if path.is_relative_to(root.resolve()) else None
