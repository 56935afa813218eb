"""Which lines of a change take something away from what existing tests expect."""

import re
from collections import Counter
from collections.abc import Iterator

from rigtasks.review.diff import Diff, DiffLine, FileDiff, FileStatus, LineKind
from rigtasks.review.tests_by_language import TestLanguage, test_language

#: What tests are compared with: tables of cases, and values that are named as expected.
_EXPECTATION = re.compile(
    r"\bparametrize\(|\.each\s*[(`]|\[\s*(?:InlineData|TestCase)\(|@Test\(.{0,200}\barguments\s*:"
    r"|\b(?:expected|wanted|want)\w{0,40}\s{0,9}(?::[^=]{1,80})?=(?!=)"
)
#: A statement that seems to go on for longer has a bracket in a string.
_LONGEST_STATEMENT = 60


def changed_expectations(
    one: FileDiff, language: TestLanguage, added_in_tests: Counter[str]
) -> tuple[DiffLine, ...]:
    """Return the lines of assertions and expectations that are gone or read differently now.

    Args:
        one: a changed test file.
        language: its language.
        added_in_tests: what `added_test_lines` gives for the whole change; what only moved, into
            another file or another indentation, has not changed.
    """
    left = Counter(added_in_tests)
    gone: list[DiffLine] = []
    for line in _expecting(one, language):
        if line.kind is not LineKind.REMOVED:
            continue
        words = _words(line)
        if left[words] > 0:
            left[words] -= 1
        else:
            gone.append(line)
    return tuple(gone)


def added_test_lines(diff: Diff) -> Counter[str]:
    """Count the lines that are new in test files, whatever their indentation."""
    found: Counter[str] = Counter()
    for one in diff.files:
        if test_language(one.path) is not None and one.status is not FileStatus.DELETED:
            found.update(_words(line) for line in one.added)
    return found


def _expecting(one: FileDiff, language: TestLanguage) -> Iterator[DiffLine]:
    """Yield the old side's lines that belong to an assertion or a table of cases."""
    depth = length = 0
    before: int | None = None
    for line in one.lines:
        if line.kind is LineKind.ADDED:
            continue
        if before is not None and line.old_number != before + 1:
            depth = 0
        before = line.old_number
        if depth == 0:
            length = 0
            if not _begins(line.text, language):
                continue
        yield line
        length += 1
        depth = 0 if length > _LONGEST_STATEMENT else max(0, depth + _opened(line.text))


def _begins(text: str, language: TestLanguage) -> bool:
    if language.comment.match(text) or language.always_true.search(text):
        return False
    return bool(language.assertion.search(text) or _EXPECTATION.search(text))


def _opened(text: str) -> int:
    """Count the brackets that a line leaves open; a backslash at its end is one."""
    opening = sum(text.count(sign) for sign in "([{")
    closing = sum(text.count(sign) for sign in ")]}")
    return opening - closing + int(text.rstrip().endswith("\\"))


def _words(line: DiffLine) -> str:
    return " ".join(line.text.split()).rstrip(",")
