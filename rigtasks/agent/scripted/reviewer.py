"""The reviewer: judge a diff by rules about the issue's examples, its tests and local customs."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rigtasks.agent.scripted.changes import AddedLine, read_diff
from rigtasks.agent.scripted.evaluator import copy_of, evaluate
from rigtasks.agent.scripted.examples import Example, find_examples
from rigtasks.agent.scripted.giving_up import GivesUp
from rigtasks.agent.scripted.regression import uncovered
from rigtasks.agent.scripted.sources import Sources, is_source, reachable
from rigtasks.agent.scripted.stream import Stream
from rigtasks.agent.scripted.task import Task

_CUSTOMS = ("AGENTS.md", "CONTRIBUTING.md", ".github/CONTRIBUTING.md")
_RECORD = re.compile(r"`?([\w./-]*(?:CHANGELOG|CHANGES|HISTORY|NEWS)\.\w+)`?", re.IGNORECASE)
_DEMAND = re.compile(r"\b(every|each|must|always|needs?|add|update)\b", re.IGNORECASE)
_DEBUG = re.compile(r"^\s*(print\(|console\.(log|debug)\(|debugger\b|breakpoint\(\)|import pdb)")
_SWALLOWED = re.compile(r"^\s*(except(\s+(Base)?Exception)?:|catch\s*(\(\w*\))?\s*\{\s*\})")


@dataclass(frozen=True)
class Finding:
    """One remark, bound to a line that the diff adds."""

    path: str
    line: int
    severity: str
    message: str


def review(task: Task, root: Path, stream: Stream) -> tuple[str, str]:
    """Return a summary and the review as JSON.

    Raises:
        GivesUp: there is no diff to judge.
    """
    paths, added = read_diff(task.diff)
    if not added:
        raise GivesUp("the diff adds no line, so there is nothing these rules can judge")
    sources = Sources(root)
    examples = find_examples(task.text)
    anchor = next((line for line in added if is_source(line.path)), added[0])
    findings = [
        *_wrong_results(sources, examples, anchor, stream),
        *_untested(sources, examples, anchor, stream),
        *_customs(root, paths, anchor, stream),
        *_left_behind(added),
    ]
    summary = _summary(findings, examples)
    verdict = "request_changes" if findings else "approve"
    answer = {
        "verdict": verdict,
        "summary": summary,
        "findings": [asdict(finding) for finding in findings],
    }
    return summary, json.dumps(answer, ensure_ascii=False)


def _summary(findings: list[Finding], examples: tuple[Example, ...]) -> str:
    if findings:
        return f"{len(findings)} finding(s) to answer before this can be accepted."
    checked = f"All {len(examples)} example(s) of the issue give what it expects"
    covered = "a test covers them" if examples else "it names none that could be run"
    return f"{checked}; {covered}."


def _wrong_results(
    sources: Sources, examples: tuple[Example, ...], anchor: AddedLine, stream: Stream
) -> Iterator[Finding]:
    """Run the issue's examples at the change."""
    definitions = list(sources.definitions())
    for example in examples:
        home = next(iter(reachable(definitions, {example.function})), None)
        if home is None:
            continue
        with copy_of(sources.root) as copy:
            (answer,) = evaluate(
                copy,
                (example,),
                definitions,
                path=home.path,
                candidates=[sources.code[home.path]],
                wanted=1,
            )
        value = ", ".join(answer.values)
        stream.used("run", example.call, ok=answer.holds, output=value)
        if not answer.holds:
            message = f"`{example.call}` gives {value}, but the issue expects {example.expected!r}."
            yield Finding(anchor.path, anchor.line, "blocker", message)


def _untested(
    sources: Sources, examples: tuple[Example, ...], anchor: AddedLine, stream: Stream
) -> Iterator[Finding]:
    missing = uncovered(sources, examples)
    stream.used("search", "the issue's examples in the tests", ok=not missing)
    if missing:
        calls = ", ".join(f"`{example.call}`" for example in missing)
        message = f"The behaviour changes here, but no test covers {calls} from the issue."
        yield Finding(anchor.path, anchor.line, "major", message)


def _customs(
    root: Path, paths: tuple[str, ...], anchor: AddedLine, stream: Stream
) -> Iterator[Finding]:
    """Hold the change against what the repository asks of every change."""
    for name in _CUSTOMS:
        path = root / name
        if not path.is_file() or path.is_symlink():
            continue
        asked = dict.fromkeys(_demanded(path.read_text(encoding="utf-8", errors="replace")))
        missing = [record for record in asked if (root / record).is_file() and record not in paths]
        stream.used("read", name, ok=not missing, output=", ".join(asked))
        for record in missing:
            message = (
                f"{name} asks for an entry in `{record}` with a change of behaviour, "
                "and this change has none."
            )
            yield Finding(anchor.path, anchor.line, "major", message)


def _demanded(text: str) -> Iterator[str]:
    for sentence in re.split(r"(?<=[.!])\s+|\n\s*(?:\n|[-*] )", text):
        record = _RECORD.search(sentence)
        if record is not None and _DEMAND.search(sentence):
            yield record[1]


def _left_behind(added: tuple[AddedLine, ...]) -> Iterator[Finding]:
    for line in added:
        if not is_source(line.path):
            continue
        if _DEBUG.match(line.text):
            yield Finding(line.path, line.line, "major", "This debugging output is left behind.")
        if _SWALLOWED.match(line.text):
            message = "This swallows every error; catch the one that is expected."
            yield Finding(line.path, line.line, "major", message)
