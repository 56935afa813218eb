"""Search the small edit that makes the issue's examples true, and the failing tests with them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

from rigtasks.agent.scripted.evaluator import copy_of, evaluate
from rigtasks.agent.scripted.examples import Example
from rigtasks.agent.scripted.giving_up import GivesUp
from rigtasks.agent.scripted.rules import CONFUSED, Edit, apply, edits_of
from rigtasks.agent.scripted.sources import Definition, Sources, reachable
from rigtasks.agent.scripted.stream import Stream
from rigtasks.agent.scripted.tokens import tokenise

_MOST_CANDIDATES = 400
_MOST_PAIRS = 150
_MOST_TEST_RUNS = 12
_TEST_SECONDS = 60.0
_PYTEST_FAILURE = re.compile(r"^FAILED (\S+?)(?:::| - |$)", re.MULTILINE)
_NODE_FAILURE = re.compile(r"(?:location: '|test at )(?:\S*?/)?((?:[\w.-]+/)*[\w.-]+\.[cm]?js):\d+")


@dataclass(frozen=True)
class Repair:
    """A new text of one file, and in words what was done."""

    path: str
    text: str
    description: str


@dataclass(frozen=True)
class _Candidate:
    path: str
    text: str
    edits: tuple[Edit, ...]


def find_repair(
    sources: Sources,
    examples: tuple[Example, ...],
    *,
    failing: str,
    test_command: str,
    stream: Stream,
) -> Repair:
    """Return the likeliest edit under which every example holds.

    Args:
        sources: the code as it was before anybody tried to repair it.
        examples: from the issue.
        failing: the output of a test run that rejected an earlier repair; what failed there must
            pass as well.
        test_command: runs when `failing` does not say which files failed.
        stream: told what is tried.

    Raises:
        GivesUp: no rule fits.
    """
    definitions = list(sources.definitions())
    suspects = reachable(definitions, {example.function for example in examples})
    if not suspects:
        names = ", ".join(sorted({example.function for example in examples}))
        raise GivesUp(f"the code defines nothing called {names}")
    stream.say("Suspected: " + ", ".join(f"{item.name} in {item.path}" for item in suspects))
    tried = 0
    with copy_of(sources.root) as copy:
        _restore(copy, sources)
        for path in dict.fromkeys(item.path for item in suspects):
            candidates = list(_candidates(sources, path, suspects))[:_MOST_CANDIDATES]
            tried += len(candidates)
            for candidate in _holding(copy, examples, suspects, candidates, failing=failing):
                if not failing or _passes(copy, candidate, failing, test_command, stream):
                    return _as_repair(candidate, sources)
            (copy / path).write_text(sources.code[path], encoding="utf-8")
    raise GivesUp(f"none of {tried} small edits makes the examples of the issue true")


def holds(sources: Sources, examples: tuple[Example, ...]) -> bool:
    """Say whether the code as it is makes every example true.

    Raises:
        GivesUp: that cannot be tried.
    """
    suspects = reachable(list(sources.definitions()), {example.function for example in examples})
    if not suspects:
        return False
    path = suspects[0].path
    with copy_of(sources.root) as copy:
        answers = evaluate(
            copy, examples, suspects, path=path, candidates=[sources.code[path]], wanted=1
        )
    return any(answer.holds for answer in answers)


def _candidates(sources: Sources, path: str, suspects: list[Definition]) -> Iterator[_Candidate]:
    """Yield single edits, then the same edit everywhere in a function, then pairs."""
    text = sources.code[path]
    single: list[tuple[int, Edit]] = []
    repeated: list[tuple[Edit, ...]] = []
    for item in (suspect for suspect in suspects if suspect.path == path):
        found = list(_edits_in(text, item, python=path.endswith(".py")))
        single += [(edit.weight + item.distance, edit) for edit in found]
        rules = dict.fromkeys(edit.rule for edit in found)
        same = [tuple(edit for edit in found if edit.rule == rule) for rule in rules]
        repeated += [edits for edits in same if len(edits) > 1 and _apart(edits)]
    single.sort(key=lambda pair: (pair[0], pair[1].start))
    likely = [edit for weight, edit in single if weight <= CONFUSED]
    pairs = [pair for pair in combinations(likely, 2) if _apart(pair)][:_MOST_PAIRS]
    for edits in (*((edit,) for _, edit in single), *repeated, *pairs):
        yield _Candidate(path, apply(text, edits), edits)


def _edits_in(text: str, item: Definition, *, python: bool) -> Iterator[Edit]:
    inside = [
        token
        for token in tokenise(text, python=python)
        if item.start <= token.start and token.end <= item.end
    ]
    return edits_of(inside, python=python)


def _apart(edits: tuple[Edit, ...]) -> bool:
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    return all(one.end < other.start for one, other in pairwise(ordered))


def _holding(
    copy: Path,
    examples: tuple[Example, ...],
    suspects: list[Definition],
    candidates: list[_Candidate],
    *,
    failing: str,
) -> Iterator[_Candidate]:
    if not candidates:
        return
    answers = evaluate(
        copy,
        examples,
        suspects,
        path=candidates[0].path,
        candidates=[candidate.text for candidate in candidates],
        wanted=_MOST_TEST_RUNS if failing else 1,
    )
    yield from (candidates[answer.index] for answer in answers if answer.holds)


def _restore(copy: Path, sources: Sources) -> None:
    for path, text in sources.code.items():
        target = copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _passes(
    copy: Path, candidate: _Candidate, failing: str, test_command: str, stream: Stream
) -> bool:
    """Run what failed before against one candidate."""
    (copy / candidate.path).write_text(candidate.text, encoding="utf-8")
    command = _failed_tests(copy, failing) or ("/bin/sh", "-c", test_command or "false")
    try:
        done = subprocess.run(  # noqa: S603 - the repository's own tests, inside the sandbox
            command,
            cwd=copy,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        stream.used("tests", _describe(candidate), ok=False, output="no end in time")
        return False
    passed = done.returncode == 0
    stream.used("tests", _describe(candidate), ok=passed, output=done.stdout[-800:])
    return passed


def _failed_tests(copy: Path, failing: str) -> tuple[str, ...]:
    """Read from the output which test files failed, and make a command that runs those."""
    for program, flags, pattern in (
        ("python", ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"), _PYTEST_FAILURE),
        ("node", ("--test",), _NODE_FAILURE),
    ):
        named = dict.fromkeys(pattern.findall(failing))
        files = [name for name in named if (copy / name).is_file()]
        found = shutil.which(program)
        if files and found is not None:
            return (found, *flags, *files)
    return ()


def _describe(candidate: _Candidate) -> str:
    rules = " and ".join(dict.fromkeys(edit.rule for edit in candidate.edits))
    places = "" if len(candidate.edits) == 1 else f" in {len(candidate.edits)} places"
    return rules + places


def _as_repair(candidate: _Candidate, sources: Sources) -> Repair:
    before = sources.code[candidate.path]
    lines = sorted({before.count("\n", 0, edit.start) + 1 for edit in candidate.edits})
    where = ", ".join(f"{candidate.path}:{line}" for line in lines)
    return Repair(candidate.path, candidate.text, f"{_describe(candidate)} ({where})")
